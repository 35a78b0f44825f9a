/* What travels, byte by byte, as docs/protocol.md has it. Nothing that comes from the partner is trusted. */
#ifndef WIRE_H
#define WIRE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { LOWEST_VERSION = 1, HIGHEST_VERSION = 2 };

enum {
    REQUEST_BYTES = 56,
    REFUSAL_BYTES = 16,
    STATUS_BYTES = 64,
    SLOT_BYTES = 32,
    MESSAGE_OVERHEAD = 36,
    MESSAGE_BYTES = 16384,
    MESSAGE_WINDOW = 8
};

#define STATUS_ADDRESS 0x100000000000ull
#define MAILBOX_ADDRESS 0x100000010000ull

enum phase { POWERED_ON = 1, CCM_STARTING, CCM_LISTENING, LOADING, ACTIVE, SHUTTING_DOWN, PANICKED };
enum request_kind { CONNECT = 1, KNOCK, ACCEPTANCE };
enum refusal_reason {
    NO_REFUSAL, MALFORMED, INCOMPATIBLE, FOREIGN_CLUSTER, FOREIGN_NODE, OWN_IDENTITY, STALE_INCARNATION, STALE_ATTEMPT,
    INITIATING, WRONG_DIRECTION, SHUTS_DOWN
};
enum message_kind { PEER_INFORMATION = 1, CLIENT_INFORMATION, PORT_INFORMATION, READY, REFUSAL, OPTIONAL_KIND = 0x8000 };

/* Connection request and acceptance. */
struct request {
    uint16_t lowest, highest;
    uint8_t cluster[16];
    uint64_t node, incarnation;
    uint32_t status_key, mailbox_key;
    uint8_t role, kind;
    uint16_t attempt;
};
void request_write(const struct request *request, uint8_t bytes[REQUEST_BYTES]);
bool request_read(struct request *request, const void *bytes, size_t count);

void refusal_write(enum refusal_reason reason, uint8_t bytes[REFUSAL_BYTES]);
/* The reason, or 0 for what is no refusal. */
enum refusal_reason refusal_read(const void *bytes, size_t count);
const char *refusal_name(enum refusal_reason reason);

struct status {
    uint8_t phase, role;
    uint64_t incarnation;
    uint8_t cluster[16];
    uint64_t node, heartbeat, seen;
    uint32_t taken;
};
enum wholeness { WHOLE, TORN, FOREIGN };
void status_write(const struct status *status, uint8_t bytes[STATUS_BYTES]);
enum wholeness status_read(struct status *status, const uint8_t bytes[STATUS_BYTES]);
const char *phase_name(uint8_t phase);

/* A mailbox slot: a greeting, or a confirmation. */
void slot_write(bool confirms, uint64_t writer, uint64_t reader, uint8_t bytes[SLOT_BYTES]);
bool slot_holds(bool confirms, uint64_t writer, uint64_t reader, const uint8_t bytes[SLOT_BYTES]);

struct message {
    uint16_t kind, version;
    uint32_t number;
    uint64_t writer, reader;
    const uint8_t *payload;
    uint32_t count;
};
/* Gives the length of the whole message. */
uint32_t message_write(const struct message *message, uint8_t *bytes);
bool message_read(struct message *message, const uint8_t *bytes, uint32_t count);
const char *message_name(uint16_t kind);

/* The highest version that both speak; 0 for none. */
uint16_t common_version(uint16_t lowest, uint16_t highest);

/* Payloads. Each reader gives false for what is not well-formed. */
struct peer_information {
    uint16_t lowest, highest;
    uint8_t role;
    /* The first capability that is required; this program knows none. Empty for none. */
    char required[33];
};
uint32_t peer_information_write(uint8_t role, uint8_t *payload);
bool peer_information_read(struct peer_information *information, const struct message *message);
/* Of a set of clients without one: this program has none. */
uint32_t no_clients_write(uint16_t version, uint8_t *payload);
bool clients_read(const struct message *message, uint32_t *set_number, uint16_t *clients);
bool ports_read(const struct message *message);
bool ready_read(const struct message *message, uint16_t *pairs);
uint32_t refusal_message_write(const char *capability, uint8_t *payload);

#endif
