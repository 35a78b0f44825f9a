#include "wire.h"

#include <string.h>

static void put16(uint8_t *at, uint16_t value) { at[0] = (uint8_t)value, at[1] = (uint8_t)(value >> 8); }
static void put32(uint8_t *at, uint32_t value) { put16(at, (uint16_t)value), put16(at + 2, (uint16_t)(value >> 16)); }
static void put64(uint8_t *at, uint64_t value) { put32(at, (uint32_t)value), put32(at + 4, (uint32_t)(value >> 32)); }
static uint16_t get16(const uint8_t *at) { return (uint16_t)(at[0] | at[1] << 8); }
static uint32_t get32(const uint8_t *at) { return get16(at) | (uint32_t)get16(at + 2) << 16; }
static uint64_t get64(const uint8_t *at) { return get32(at) | (uint64_t)get32(at + 4) << 32; }

/* CRC-32C, RFC 3720, appendix B.4. */
static uint32_t crc(const uint8_t *bytes, size_t count)
{
    static uint32_t table[256];
    uint32_t sum = ~0u;

    if (table[1] == 0) {
        for (uint32_t i = 0; i < 256; i++) {
            uint32_t word = i;

            for (int bit = 0; bit < 8; bit++)
                word = word & 1 ? word >> 1 ^ 0x82f63b78u : word >> 1;
            table[i] = word;
        }
    }
    while (count-- > 0)
        sum = sum >> 8 ^ table[(sum ^ *bytes++) & 0xff];
    return ~sum;
}

static void seal(uint8_t *bytes, size_t count) { put32(bytes + count - 4, crc(bytes, count - 4)); }
static bool is_sealed(const uint8_t *bytes, size_t count) { return get32(bytes + count - 4) == crc(bytes, count - 4); }

uint16_t common_version(uint16_t lowest, uint16_t highest)
{
    uint16_t most = highest < HIGHEST_VERSION ? highest : HIGHEST_VERSION;

    return most >= lowest && most >= LOWEST_VERSION ? most : 0;
}

/* MARK: Connection requests */

void request_write(const struct request *r, uint8_t bytes[REQUEST_BYTES])
{
    memcpy(bytes, "CCMR", 4);
    put16(bytes + 4, r->lowest);
    put16(bytes + 6, r->highest);
    memcpy(bytes + 8, r->cluster, 16);
    put64(bytes + 24, r->node);
    put64(bytes + 32, r->incarnation);
    put32(bytes + 40, r->status_key);
    put32(bytes + 44, r->mailbox_key);
    bytes[48] = r->role;
    bytes[49] = r->kind;
    put16(bytes + 50, r->attempt);
    seal(bytes, REQUEST_BYTES);
}

/* The transport may bring more bytes than were sent, with zeros behind. */
bool request_read(struct request *r, const void *data, size_t count)
{
    const uint8_t *bytes = data;

    if (!bytes || count < REQUEST_BYTES || memcmp(bytes, "CCMR", 4) != 0 || !is_sealed(bytes, REQUEST_BYTES))
        return false;
    r->lowest = get16(bytes + 4);
    r->highest = get16(bytes + 6);
    memcpy(r->cluster, bytes + 8, 16);
    r->node = get64(bytes + 24);
    r->incarnation = get64(bytes + 32);
    r->status_key = get32(bytes + 40);
    r->mailbox_key = get32(bytes + 44);
    r->role = bytes[48];
    r->kind = bytes[49];
    r->attempt = get16(bytes + 50);
    return r->lowest <= r->highest && r->node != 0 && r->incarnation != 0 && r->role >= 1 && r->role <= 2
        && r->kind >= CONNECT && r->kind <= ACCEPTANCE;
}

void refusal_write(enum refusal_reason reason, uint8_t bytes[REFUSAL_BYTES])
{
    memset(bytes, 0, REFUSAL_BYTES);
    memcpy(bytes, "CCMX", 4);
    put16(bytes + 4, (uint16_t)reason);
    put16(bytes + 8, LOWEST_VERSION);
    put16(bytes + 10, HIGHEST_VERSION);
    seal(bytes, REFUSAL_BYTES);
}

enum refusal_reason refusal_read(const void *data, size_t count)
{
    const uint8_t *bytes = data;

    if (!bytes || count < REFUSAL_BYTES || memcmp(bytes, "CCMX", 4) != 0 || !is_sealed(bytes, REFUSAL_BYTES))
        return NO_REFUSAL;
    return get16(bytes + 4) <= SHUTS_DOWN ? (enum refusal_reason)get16(bytes + 4) : NO_REFUSAL;
}

const char *refusal_name(enum refusal_reason reason)
{
    static const char *const names[] = {
        "refusedWithoutReason", "malformed", "incompatible", "foreignCluster", "foreignNode", "ownIdentity", "staleIncarnation",
        "staleAttempt", "initiating", "wrongDirection", "shuttingDown",
    };

    return names[reason];
}

/* MARK: Status block and mailbox */

void status_write(const struct status *s, uint8_t bytes[STATUS_BYTES])
{
    memcpy(bytes, "CCMS", 4);
    put16(bytes + 4, 1);
    bytes[6] = s->phase;
    bytes[7] = s->role;
    put64(bytes + 8, s->incarnation);
    memcpy(bytes + 16, s->cluster, 16);
    put64(bytes + 32, s->node);
    put64(bytes + 40, s->heartbeat);
    put64(bytes + 48, s->seen);
    put32(bytes + 56, s->taken);
    seal(bytes, STATUS_BYTES);
}

enum wholeness status_read(struct status *s, const uint8_t bytes[STATUS_BYTES])
{
    if (!is_sealed(bytes, STATUS_BYTES))
        return TORN;
    s->phase = bytes[6];
    s->role = bytes[7];
    s->incarnation = get64(bytes + 8);
    memcpy(s->cluster, bytes + 16, 16);
    s->node = get64(bytes + 32);
    s->heartbeat = get64(bytes + 40);
    s->seen = get64(bytes + 48);
    s->taken = get32(bytes + 56);
    if (memcmp(bytes, "CCMS", 4) != 0 || get16(bytes + 4) != 1 || s->phase < POWERED_ON || s->phase > PANICKED)
        return FOREIGN;
    return WHOLE;
}

const char *phase_name(uint8_t phase)
{
    static const char *const names[] = {
        "?", "poweredOn", "ccmStarting", "ccmListening", "storageOSLoading", "storageOSActive", "shuttingDown", "panicked",
    };

    return names[phase <= PANICKED ? phase : 0];
}

void slot_write(bool confirms, uint64_t writer, uint64_t reader, uint8_t bytes[SLOT_BYTES])
{
    memset(bytes, 0, SLOT_BYTES);
    memcpy(bytes, confirms ? "CCMC" : "CCMG", 4);
    put16(bytes + 4, 1);
    put64(bytes + 8, writer);
    put64(bytes + 16, reader);
    seal(bytes, SLOT_BYTES);
}

bool slot_holds(bool confirms, uint64_t writer, uint64_t reader, const uint8_t bytes[SLOT_BYTES])
{
    return memcmp(bytes, confirms ? "CCMC" : "CCMG", 4) == 0 && get16(bytes + 4) == 1 && get64(bytes + 8) == writer
        && get64(bytes + 16) == reader && is_sealed(bytes, SLOT_BYTES);
}

/* MARK: Messages */

uint32_t message_write(const struct message *m, uint8_t *bytes)
{
    memcpy(bytes, "CCMM", 4);
    put16(bytes + 4, m->kind);
    put16(bytes + 6, m->version);
    put32(bytes + 8, m->count);
    put32(bytes + 12, m->number);
    put64(bytes + 16, m->writer);
    put64(bytes + 24, m->reader);
    memcpy(bytes + 32, m->payload, m->count);
    seal(bytes, m->count + MESSAGE_OVERHEAD);
    return m->count + MESSAGE_OVERHEAD;
}

bool message_read(struct message *m, const uint8_t *bytes, uint32_t count)
{
    if (count < MESSAGE_OVERHEAD || count > MESSAGE_BYTES || memcmp(bytes, "CCMM", 4) != 0 || !is_sealed(bytes, count))
        return false;
    m->kind = get16(bytes + 4);
    m->version = get16(bytes + 6);
    m->count = get32(bytes + 8);
    m->number = get32(bytes + 12);
    m->writer = get64(bytes + 16);
    m->reader = get64(bytes + 24);
    m->payload = bytes + 32;
    return m->count == count - MESSAGE_OVERHEAD;
}

const char *message_name(uint16_t kind)
{
    static const char *const names[] = {
        "?", "peerInformation", "clientInformation", "portInformation", "ready", "refusal",
    };

    return names[kind <= REFUSAL ? kind : 0];
}

static bool is_name(const uint8_t *bytes, size_t count)
{
    static const char letters[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789.-_";

    for (size_t i = 0; i < count; i++)
        if (bytes[i] == 0 || !strchr(letters, bytes[i]))
            return false;
    return count >= 1 && count <= 32;
}

uint32_t peer_information_write(uint8_t role, uint8_t *payload)
{
    memset(payload, 0, 8);
    put16(payload, LOWEST_VERSION);
    put16(payload + 2, HIGHEST_VERSION);
    payload[4] = role;
    return 8;
}

bool peer_information_read(struct peer_information *p, const struct message *m)
{
    uint32_t at = 8;
    uint16_t capabilities;

    memset(p, 0, sizeof *p);
    if (m->count < 8)
        return false;
    p->lowest = get16(m->payload);
    p->highest = get16(m->payload + 2);
    p->role = m->payload[4];
    capabilities = get16(m->payload + 6);
    if (p->lowest > p->highest || p->role < 1 || p->role > 2 || capabilities > 32)
        return false;
    for (uint16_t i = 0; i < capabilities; i++) {
        uint8_t count;

        if (m->count - at < 2)
            return false;
        count = m->payload[at + 1];
        if (m->count - at - 2 < count || !is_name(m->payload + at + 2, count))
            return false;
        if (m->payload[at] & 1 && !p->required[0])
            memcpy(p->required, m->payload + at + 2, count);
        at += 2u + count;
    }
    return true;
}

uint32_t no_clients_write(uint16_t version, uint8_t *payload)
{
    uint32_t at = 0;

    if (version >= 2) {
        put32(payload, 1);
        at = 4;
    }
    put16(payload + at, 0);
    put16(payload + at + 2, 48);
    return at + 4;
}

bool clients_read(const struct message *m, uint32_t *set_number, uint16_t *clients)
{
    uint32_t at = m->version >= 2 ? 4 : 0, size;

    if (m->count < at + 4)
        return false;
    *set_number = m->version >= 2 ? get32(m->payload) : 1;
    *clients = get16(m->payload + at);
    size = get16(m->payload + at + 2);
    at += 4;
    if (*set_number == 0 || *clients > 64 || size < 48 || m->count - at < *clients * size)
        return false;
    for (uint16_t i = 0; i < *clients; i++) {
        const uint8_t *entry = m->payload + at + i * size;

        if (entry[2] > 2 || entry[3] > 32 || !is_name(entry + 16, entry[3]))
            return false;
        for (uint16_t j = 0; j < i; j++) {
            const uint8_t *other = m->payload + at + j * size;

            if (get16(other) == get16(entry) || memcmp(other + 16, entry + 16, 32) == 0)
                return false;
        }
    }
    return true;
}

bool ports_read(const struct message *m)
{
    uint32_t at = 8;
    uint16_t tables;

    if (m->count < 8)
        return false;
    tables = get16(m->payload);
    for (uint16_t i = 0; i < tables; i++) {
        uint32_t ports;

        if (m->count - at < 32)
            return false;
        ports = get32(m->payload + at + 4);
        at += 32;
        if (ports > (m->count - at) / 8)
            return false;
        at += 8 * ports;
    }
    return true;
}

bool ready_read(const struct message *m, uint16_t *pairs)
{
    if (m->count < 4)
        return false;
    *pairs = get16(m->payload);
    return (m->count - 4) / 4 >= *pairs;
}

uint32_t refusal_message_write(const char *capability, uint8_t *payload)
{
    size_t count = strlen(capability);

    memset(payload, 0, 8);
    put16(payload, count > 0 ? 2 : 1);
    payload[3] = (uint8_t)count;
    put16(payload + 4, LOWEST_VERSION);
    put16(payload + 6, HIGHEST_VERSION);
    memcpy(payload + 8, capability, count);
    return 8 + (uint32_t)count;
}
