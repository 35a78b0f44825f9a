/* What a partner sends is read whole or refused, and nothing is read past its end: make -C Lab/partners test. */
#include "wire.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static unsigned failures;

static void expect(bool holds, const char *what)
{
    printf("%s %s\n", holds ? "ok" : "not ok", what);
    failures += !holds;
}

/* A copy that ends where its memory ends, so that the sanitizer sees a read behind it. */
static uint8_t *exactly(const uint8_t *bytes, size_t count)
{
    uint8_t *copy = malloc(count > 0 ? count : 1);

    if (!copy)
        abort();
    memcpy(copy, bytes, count);
    return copy;
}

/* Reads a payload in every way there is. */
static bool read_all(const uint8_t *payload, uint32_t count)
{
    struct message message = {0, 1, 1, 2, 3, exactly(payload, count), count};
    struct peer_information information;
    uint32_t number;
    uint16_t some;
    bool any = false;

    for (message.version = 1; message.version <= 2; message.version++)
        any |= clients_read(&message, &number, &some);
    any |= peer_information_read(&information, &message);
    any |= ports_read(&message);
    any |= ready_read(&message, &some);
    free((void *)(uintptr_t)message.payload);
    return any;
}

static uint8_t random_byte(void) { return (uint8_t)(rand() >> 7); }

int main(void)
{
    struct request request = {1, 2, "0123456789abcde", 1, 2, 3, 4, 1, CONNECT, 65535}, same;
    struct status status = {CCM_LISTENING, 1, 2, "0123456789abcde", 1, 77, 5, 6}, shown;
    struct message message = {READY, 2, 3, 4, 5, (const uint8_t *)"\1\0\0\0\1\0\2\0", 8}, taken;
    uint8_t bytes[MESSAGE_BYTES], payload[600];
    uint32_t count;
    unsigned read = 0, wrong = 0;

    request_write(&request, bytes);
    expect(request_read(&same, bytes, REQUEST_BYTES) && memcmp(&same.cluster, request.cluster, 16) == 0 && same.attempt == 65535,
        "a connection request is read as it was written");
    expect(!request_read(&same, bytes, REQUEST_BYTES - 1) && !request_read(&same, NULL, 0), "a short request is refused");
    for (size_t i = 0; i < REQUEST_BYTES * 8; i++) {
        bytes[i / 8] ^= (uint8_t)(1 << i % 8);
        wrong += request_read(&same, bytes, REQUEST_BYTES);
        bytes[i / 8] ^= (uint8_t)(1 << i % 8);
    }
    expect(wrong == 0, "a request with any bit turned is refused");

    status_write(&status, bytes);
    expect(status_read(&shown, bytes) == WHOLE && shown.heartbeat == 77 && shown.taken == 6, "a status block is read as it was written");
    bytes[40]++;
    expect(status_read(&shown, bytes) == TORN, "one in the middle of being stored is torn");

    slot_write(true, 8, 9, bytes);
    expect(slot_holds(true, 8, 9, bytes) && !slot_holds(false, 8, 9, bytes) && !slot_holds(true, 9, 8, bytes),
        "a confirmation is one for its pair of incarnations alone");

    count = message_write(&message, bytes);
    expect(message_read(&taken, bytes, count) && taken.number == 3 && taken.count == 8, "a message is read as it was written");
    expect(!message_read(&taken, bytes, count - 1) && !message_read(&taken, bytes, 0), "a cut message is refused");

    refusal_write(INITIATING, bytes);
    expect(refusal_read(bytes, REFUSAL_BYTES) == INITIATING && refusal_read(bytes, 3) == NO_REFUSAL, "a refusal tells its reason");
    expect(common_version(2, 9) == 2 && common_version(1, 1) == 1 && common_version(3, 9) == 0, "the highest common version is used");

    count = no_clients_write(2, payload);
    expect(read_all(payload, count), "an empty set of clients is one");
    for (unsigned i = 0; i < 2000000; i++) {
        count = (uint32_t)(rand() % 200);
        for (uint32_t at = 0; at < count; at++)
            payload[at] = at < 12 && rand() % 2 ? random_byte() % 5 : random_byte();
        read += read_all(payload, count);
    }
    printf("# %u of 2000000 random payloads were read\n", read);
    expect(read > 0, "no payload is read past its end");
    return failures > 0;
}
