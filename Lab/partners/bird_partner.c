/*
 * A partner that is BIRD's BFD (RFC 5880, 5881): the heartbeat by messages that routers find dead neighbours by. BIRD runs
 * as Debian has it; this program writes its configuration, and turns the session's changes of state into events of the
 * partner contract. Both end together: BIRD is in the same process group, which the lab signals as a whole.
 */
#include "contract.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/wait.h>
#include <unistd.h>

/* The folder for BIRD's configuration and control socket. It is empty, and gone, once BIRD has started. */
static char folder[] = "/tmp/bird-partner-XXXXXX";
static struct settings settings;
static uint64_t connections, changes;
static bool is_up, is_stopping;
static char last_error[256];

static void clear_folder(void)
{
    char path[64];
    static const char *const files[] = {"bird.conf", "bird.ctl"};

    for (size_t i = 0; i < sizeof files / sizeof *files; i++) {
        snprintf(path, sizeof path, "%s/%s", folder, files[i]);
        unlink(path);
    }
    rmdir(folder);
}

__attribute__((noreturn)) static void fail(const char *what, const char *why)
{
    char reason[512];

    snprintf(reason, sizeof reason, "%s: %s", what, why);
    event_begin("failed");
    event_text("reason", reason);
    event_end();
    clear_folder();
    exit(STATUS_FAILED);
}

/* BFD's detection time is interval times multiplier: what the settings promise of a process that stands still. */
static void write_configuration(void)
{
    char path[64];
    FILE *file;

    if (!mkdtemp(folder))
        fail("mkdtemp", strerror(errno));
    snprintf(path, sizeof path, "%s/bird.conf", folder);
    file = fopen(path, "w");
    if (!file)
        fail(path, strerror(errno));
    fprintf(file,
        "log stderr all;\n"
        "router id 10.77.0.%u;\n"
        "debug protocols { states, events };\n"
        "protocol device {}\n"
        "protocol bfd partner {\n"
        "  interface \"%s\" { interval %llu us; idle tx interval 100 ms; multiplier %llu; };\n"
        "  neighbor %s dev \"%s\" local %s;\n"
        "}\n",
        settings.partner[0] == 'a' ? 1 : 2, settings.interface, (unsigned long long)settings.heartbeat / 1000,
        (unsigned long long)settings.miss_limit, settings.partner_address, settings.interface, settings.address);
    if (fclose(file) != 0)
        fail(path, strerror(errno));
}

/* Starts BIRD; its log comes out of the descriptor. */
static pid_t start_bird(int *log)
{
    int ends[2];
    pid_t own = getpid(), pid;

    if (pipe2(ends, O_CLOEXEC) != 0)
        fail("pipe", strerror(errno));
    pid = fork();
    if (pid < 0)
        fail("fork", strerror(errno));
    if (pid == 0) {
        sigset_t none;

        sigemptyset(&none);
        sigprocmask(SIG_SETMASK, &none, NULL);
        /* However this program ends, BIRD does not outlive it. */
        if (prctl(PR_SET_PDEATHSIG, SIGKILL) != 0 || getppid() != own || chdir(folder) != 0)
            _exit(127);
        dup2(STDERR_FILENO, STDOUT_FILENO);
        dup2(ends[1], STDERR_FILENO);
        execlp("bird", "bird", "-f", "-c", "bird.conf", "-s", "bird.ctl", (char *)NULL);
        fprintf(stderr, "<ERR> bird cannot be started: %s; scripts/setup --partners installs it\n", strerror(errno));
        _exit(127);
    }
    close(ends[1]);
    *log = ends[0];
    return pid;
}

static void say_verdict(const char *verdict, const char *reason)
{
    event_begin("verdict");
    event_text("verdict", verdict);
    event_text("reason", reason);
    event_end();
}

static void session_up(void)
{
    is_up = true;
    connections++;
    event_begin("connected");
    event_number("connection", connections);
    event_end();
    event_begin("established");
    event_number("connection", connections);
    event_end();
    say_verdict("alive", "sessionUp");
}

/* BFD says that no packet came in time, or that the neighbour said goodbye; not what became of it. */
static void session_lost(const char *state)
{
    if (!is_up)
        return;
    is_up = false;
    event_begin("retired");
    event_number("connection", connections);
    event_text("reason", state);
    event_end();
    if (!is_stopping)
        say_verdict("unreachable", state);
}

/* A line of BIRD's log: "2026-11-23 11:42:04.386 <TRACE> partner: Session to 10.77.0.2 changed state from Init to Up". */
static void take(const char *line)
{
    const char *state = strstr(line, " changed state from ");
    const char *error = strstr(line, "<ERR> ");

    if (strstr(line, "<INFO> Started"))
        clear_folder();
    if (error || strstr(line, "<FATAL> ") || strstr(line, "<BUG> ") || strstr(line, ": syntax error")) {
        snprintf(last_error, sizeof last_error, "%.255s", error ? error + 6 : line);
        fprintf(stderr, "%s\n", line);
    }
    if (strstr(line, "> partner: Session to ") && strstr(line, " added")) {
        event_begin("listening");
        event_text("address", settings.address);
        event_end();
        event_begin("connectStarted");
        event_number("connection", connections + 1);
        event_text("kind", "bfd");
        event_end();
    }
    if (!state || !(state = strstr(state, " to ")))
        return;
    changes++;
    if (strcmp(state, " to Up") == 0)
        session_up();
    else
        session_lost(state + 4);
}

/* Takes what BIRD has written; false when there will be no more. */
static bool take_log(int log)
{
    static char text[8192];
    static size_t length;
    ssize_t count = read(log, text + length, sizeof text - 1 - length);
    char *line = text, *end;

    if (count < 0)
        return errno == EINTR;
    if (count == 0)
        return false;
    length += (size_t)count;
    text[length] = 0;
    while ((end = strchr(line, '\n'))) {
        *end = 0;
        take(line);
        line = end + 1;
    }
    length -= (size_t)(line - text);
    memmove(text, line, length);
    /* A line without an end is none of BIRD's. */
    if (length == sizeof text - 1)
        length = 0;
    return true;
}

int main(void)
{
    static const char *const speaks[] = {NULL};
    sigset_t stop;
    int log, signals, status = 0;
    pid_t bird;

    if (!settings_read(&settings))
        return STATUS_BAD_SETTINGS;
    if (settings.miss_limit > 255 || settings.heartbeat < 10000000) {
        fprintf(stderr, "BFD in BIRD takes a miss limit of at most 255 and an interval of at least 10 ms, not %llu and %llu ns\n",
            (unsigned long long)settings.miss_limit, (unsigned long long)settings.heartbeat);
        return STATUS_BAD_SETTINGS;
    }
    sigemptyset(&stop);
    sigaddset(&stop, SIGTERM);
    sigprocmask(SIG_BLOCK, &stop, NULL);
    signals = signalfd(-1, &stop, SFD_CLOEXEC);
    history_open(&settings, random_word());
    event_begin("started");
    event_number("pid", (uint64_t)getpid());
    event_words("speaks", speaks);
    event_end();
    write_configuration();
    bird = start_bird(&log);
    for (;;) {
        struct pollfd ready[] = {{log, POLLIN, 0}, {signals, POLLIN, 0}};
        struct signalfd_siginfo what;

        if (poll(ready, 2, -1) < 0 && errno != EINTR)
            fail("poll", strerror(errno));
        if (ready[1].revents && read(signals, &what, sizeof what) == sizeof what && !is_stopping) {
            is_stopping = true;
            kill(bird, SIGTERM);
        }
        if (ready[0].revents && !take_log(log))
            break;
    }
    waitpid(bird, &status, 0);
    if (!is_stopping)
        fail("BIRD ended", last_error[0] ? last_error : "it did not say why");
    session_lost("stopped");
    clear_folder();
    event_begin("stopped");
    event_number("changes", changes);
    event_end();
    return 0;
}
