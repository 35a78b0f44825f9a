#include "contract.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <time.h>
#include <unistd.h>

static const char *partner;
static uint64_t own_incarnation;
/* The line that is being written. What does not fit is left out, and the line stays whole. */
static char line[4096];
static size_t length;

static bool complain(const char *name, const char *expected, const char *found)
{
    if (found)
        fprintf(stderr, "%s: expected %s, found \"%s\"; docs/partner-contract.md lists the variables\n", name, expected, found);
    else
        fprintf(stderr, "%s is not set: expected %s; docs/partner-contract.md lists the variables\n", name, expected);
    return false;
}

static bool read_text(const char *name, const char **text)
{
    *text = getenv(name);
    return (*text && **text) || complain(name, "a word", *text);
}

static bool read_number(const char *name, uint64_t *number)
{
    const char *text = getenv(name);
    char *end;

    if (!text)
        return complain(name, "a number", NULL);
    errno = 0;
    *number = strtoull(text, &end, 10);
    return (errno == 0 && *text >= '0' && *text <= '9' && *end == 0) || complain(name, "a number", text);
}

/* A UUID: 32 hexadecimal digits, in groups. */
static bool read_cluster(const char *name, uint8_t cluster[16])
{
    const char *text = getenv(name), *at = text;

    if (!text)
        return complain(name, "a UUID", NULL);
    for (int i = 0; i < 16; i++) {
        char pair[3] = {0};
        char *end;

        if (*at == '-')
            at++;
        if (at[0] == 0 || at[1] == 0)
            return complain(name, "a UUID", text);
        memcpy(pair, at, 2);
        cluster[i] = (uint8_t)strtoul(pair, &end, 16);
        if (*end != 0 || pair[0] == '-' || pair[0] == '+' || pair[0] == ' ')
            return complain(name, "a UUID", text);
        at += 2;
    }
    return *at == 0 || complain(name, "a UUID", text);
}

bool settings_read(struct settings *s)
{
    bool good = true;
    const struct { const char *name; uint64_t *number; } numbers[] = {
        {"CCM_NODE", &s->node}, {"CCM_PARTNER_NODE", &s->partner_node}, {"CCM_RAILS", &s->rails},
        {"CCM_BOOT_PORT", &s->boot_port}, {"CCM_STARTING_NS", &s->starting}, {"CCM_LOADING_NS", &s->loading},
        {"CCM_ACTIVE_NS", &s->active}, {"CCM_HEARTBEAT_NS", &s->heartbeat}, {"CCM_MISS_LIMIT", &s->miss_limit},
        {"CCM_ATTEMPT_NS", &s->attempt}, {"CCM_BACKOFF_START_NS", &s->backoff_start},
        {"CCM_BACKOFF_CAP_NS", &s->backoff_cap}, {"CCM_SLOW_RETRY_NS", &s->slow_retry},
        {"CCM_HANDSHAKE_NS", &s->handshake}, {"CCM_EXCHANGE_NS", &s->exchange},
        {"CCM_ACK_TIMEOUT", &s->ack_timeout}, {"CCM_RETRY_COUNT", &s->retry_count},
    };

    good &= read_text("CCM_PARTNER", &s->partner);
    good &= read_text("CCM_ROLE", &s->role);
    good &= read_text("CCM_ADDRESS", &s->address);
    good &= read_text("CCM_PARTNER_ADDRESS", &s->partner_address);
    good &= read_text("CCM_INTERFACE", &s->interface);
    good &= read_cluster("CCM_CLUSTER", s->cluster);
    for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++)
        good &= read_number(numbers[i].name, numbers[i].number);
    if (good && s->rails != 1)
        good = complain("CCM_RAILS", "1: this program knows one rail", getenv("CCM_RAILS"));
    return good;
}

uint64_t now(void)
{
    struct timespec time;

    clock_gettime(CLOCK_MONOTONIC, &time);
    return (uint64_t)time.tv_sec * 1000000000u + (uint64_t)time.tv_nsec;
}

uint64_t random_word(void)
{
    uint64_t word = 0;

    while (word == 0) {
        if (getrandom(&word, sizeof word, 0) != sizeof word && errno != EINTR) {
            perror("getrandom");
            exit(STATUS_FAILED);
        }
    }
    return word;
}

void history_open(const struct settings *settings, uint64_t incarnation)
{
    partner = settings->partner;
    own_incarnation = incarnation;
}

/* Adds a whole piece of the line, or nothing. Two bytes are kept for the line's end. */
__attribute__((format(printf, 1, 2))) static bool add(const char *format, ...)
{
    size_t room = sizeof line - 2 - length;
    va_list arguments;
    int count;

    va_start(arguments, format);
    count = vsnprintf(line + length, room, format, arguments);
    va_end(arguments);
    if (count < 0 || (size_t)count >= room)
        return false;
    length += (size_t)count;
    return true;
}

void event_begin(const char *name)
{
    length = 0;
    add("{\"time\":%llu,\"partner\":\"%s\",\"incarnation\":\"%016llx\",\"event\":\"%s\"", (unsigned long long)now(), partner,
        (unsigned long long)own_incarnation, name);
}

static bool add_string(const char *text)
{
    if (!add("\""))
        return false;
    for (; *text; text++) {
        unsigned char byte = (unsigned char)*text;

        /* What is no plain ASCII came from elsewhere, and need not be UTF-8. */
        if (byte < 0x20 || byte > 0x7e || byte == '"' || byte == '\\' ? !add("\\u%04x", byte) : !add("%c", byte))
            return false;
    }
    return add("\"");
}

void event_text(const char *field, const char *text)
{
    size_t before = length;

    if (!add(",\"%s\":", field) || !add_string(text))
        length = before;
}

void event_words(const char *field, const char *const *words)
{
    size_t before = length;
    bool whole = add(",\"%s\":[", field);

    for (int i = 0; whole && words[i]; i++)
        whole = (i == 0 || add(",")) && add_string(words[i]);
    if (!whole || !add("]"))
        length = before;
}

void event_number(const char *field, uint64_t number) { add(",\"%s\":%llu", field, (unsigned long long)number); }

void event_hexadecimal(const char *field, uint64_t number) { add(",\"%s\":\"0x%llx\"", field, (unsigned long long)number); }

void event_incarnation(const char *field, uint64_t incarnation)
{
    add(",\"%s\":\"%016llx\"", field, (unsigned long long)incarnation);
}

void event_end(void)
{
    size_t done = 0;

    line[length++] = '}';
    line[length++] = '\n';
    while (done < length) {
        ssize_t count = write(STDOUT_FILENO, line + done, length - done);

        if (count < 0 && errno == EINTR)
            continue;
        if (count < 0) {
            perror("writing the history");
            exit(STATUS_FAILED);
        }
        done += (size_t)count;
    }
}
