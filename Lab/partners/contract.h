/* The partner contract of docs/partner-contract.md, for programs in C: settings in, events out. */
#ifndef CONTRACT_H
#define CONTRACT_H

#include <stdbool.h>
#include <stdint.h>

enum { STATUS_FAILED = 1, STATUS_BAD_SETTINGS = 64 };

/* What the lab tells a partner in its environment. Spans are in nanoseconds. */
struct settings {
    const char *partner; /* "a" or "b" */
    uint64_t node, partner_node;
    const char *role;
    uint8_t cluster[16];
    uint64_t rails;
    const char *address, *partner_address;
    uint64_t boot_port;
    const char *interface;
    uint64_t starting, loading, active;
    uint64_t heartbeat, miss_limit;
    uint64_t attempt, backoff_start, backoff_cap, slow_retry, handshake, exchange;
    uint64_t ack_timeout, retry_count;
};

/* Reads the environment. False when something is missing or wrong; what, is said on standard error. */
bool settings_read(struct settings *settings);

/* CLOCK_MONOTONIC, the clock of all events, in nanoseconds. */
uint64_t now(void);

/* A random number other than 0, from the kernel. */
uint64_t random_word(void);

/* Begins the history of this life of a partner: no event may be written before. */
void history_open(const struct settings *settings, uint64_t incarnation);

/* One event: begun, its fields, ended. It is written whole, in one go, when it ends. */
void event_begin(const char *name);
void event_text(const char *field, const char *text);
void event_words(const char *field, const char *const *words);
void event_number(const char *field, uint64_t number);
void event_hexadecimal(const char *field, uint64_t number);
void event_incarnation(const char *field, uint64_t incarnation);
void event_end(void);

#endif
