// The least that two partners can do with verbs: connect, read, write, read and write, and then read once in 10 ms. What a
// partner costs is compared with it.
//
//     floor listen ADDRESS PORT              waits for the other, answers it, and ends when it goes
//     floor connect ADDRESS PORT BEATS       connects, does the four operations, reads BEATS times, and goes
//
// Both make memory for a status block of 64 bytes and a mailbox of as many, and tell each other its address and key with
// the connection's private data, as partners do. Nothing is checked but that it worked.
#include <arpa/inet.h>
#include <rdma/rdma_cma.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/timerfd.h>
#include <unistd.h>

// A word of clang's.
#ifndef __clang__
#define _Nonnull
#endif
#include "../../Sources/CProcessor/shim.h"

enum { block_size = 64, beat_nanoseconds = 10000000 };

// What each tells the other: where its memory is.
struct offer {
    uint64_t address;
    uint32_t key;
} __attribute__((packed));

struct side {
    struct rdma_event_channel *events;
    struct rdma_cm_id *id;
    struct ibv_pd *domain;
    struct ibv_mr *memory;
    struct ibv_comp_channel *channel;
    struct ibv_cq *queue;
    unsigned char bytes[4 * block_size];
};

static void fail(const char *what)
{
    perror(what);
    exit(1);
}

#define CHECK(call) do { if ((call) != 0) fail(#call); } while (0)

static struct rdma_cm_event *await_event(struct side *side, enum rdma_cm_event_type expected)
{
    struct rdma_cm_event *event;
    CHECK(rdma_get_cm_event(side->events, &event));
    if (event->event != expected) {
        fprintf(stderr, "floor: expected %s, got %s (%d)\n", rdma_event_str(expected), rdma_event_str(event->event),
            event->status);
        exit(1);
    }
    return event;
}

static void await_and_forget(struct side *side, enum rdma_cm_event_type expected)
{
    CHECK(rdma_ack_cm_event(await_event(side, expected)));
}

static struct sockaddr_in address_of(const char *host, const char *port)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons((uint16_t)atoi(port))};
    if (inet_pton(AF_INET, host, &address.sin_addr) != 1) fail("inet_pton");
    return address;
}

static void make_memory(struct side *side)
{
    if (!(side->domain = ibv_alloc_pd(side->id->verbs))) fail("ibv_alloc_pd");
    side->memory = ibv_reg_mr(side->domain, side->bytes, sizeof side->bytes,
        IBV_ACCESS_LOCAL_WRITE | IBV_ACCESS_REMOTE_READ | IBV_ACCESS_REMOTE_WRITE);
    if (!side->memory) fail("ibv_reg_mr");
    if (!(side->channel = ibv_create_comp_channel(side->id->verbs))) fail("ibv_create_comp_channel");
    if (!(side->queue = ibv_create_cq(side->id->verbs, 16, NULL, side->channel, 0))) fail("ibv_create_cq");
    CHECK(ibv_req_notify_cq(side->queue, 0));
}

static void make_queue_pair(struct side *side)
{
    struct ibv_qp_init_attr attributes = {
        .send_cq = side->queue, .recv_cq = side->queue, .qp_type = IBV_QPT_RC,
        .cap = {.max_send_wr = 8, .max_recv_wr = 8, .max_send_sge = 1, .max_recv_sge = 1}};
    CHECK(rdma_create_qp(side->id, side->domain, &attributes));
}

static struct offer own_offer(struct side *side)
{
    return (struct offer){(uint64_t)(uintptr_t)side->bytes, side->memory->rkey};
}

static struct rdma_conn_param parameters(const struct offer *offer)
{
    return (struct rdma_conn_param){.private_data = offer, .private_data_len = sizeof *offer, .responder_resources = 4,
        .initiator_depth = 4, .retry_count = 5, .rnr_retry_count = 5};
}

static struct offer offer_in(const struct rdma_cm_event *event)
{
    struct offer offer;
    memcpy(&offer, event->param.conn.private_data, sizeof offer);
    return offer;
}

static void operate(struct side *side, enum ibv_wr_opcode operation, const struct offer *other)
{
    struct ibv_sge piece = {(uint64_t)(uintptr_t)(side->bytes + 2 * block_size), block_size, side->memory->lkey};
    struct ibv_send_wr request = {.sg_list = &piece, .num_sge = 1, .opcode = operation, .send_flags = IBV_SEND_SIGNALED,
        .wr.rdma = {other->address + (operation == IBV_WR_RDMA_WRITE ? block_size : 0), other->key}};
    struct ibv_send_wr *bad;
    struct ibv_wc done;
    struct ibv_cq *queue;
    void *context;
    CHECK(ibv_post_send(side->id->qp, &request, &bad));
    CHECK(ibv_get_cq_event(side->channel, &queue, &context));
    ibv_ack_cq_events(queue, 1);
    CHECK(ibv_req_notify_cq(queue, 0));
    if (ibv_poll_cq(queue, 1, &done) != 1 || done.status != IBV_WC_SUCCESS) fail("an operation");
}

static void four_operations(struct side *side, const struct offer *other)
{
    operate(side, IBV_WR_RDMA_READ, other);
    operate(side, IBV_WR_RDMA_WRITE, other);
    operate(side, IBV_WR_RDMA_READ, other);
    operate(side, IBV_WR_RDMA_WRITE, other);
}

static void listen_and_answer(struct side *side, const char *host, const char *port)
{
    struct sockaddr_in address = address_of(host, port);
    struct rdma_cm_id *listener;
    CHECK(rdma_create_id(side->events, &listener, NULL, RDMA_PS_TCP));
    CHECK(rdma_bind_addr(listener, (struct sockaddr *)&address));
    side->id = listener;
    make_memory(side);
    CHECK(rdma_listen(listener, 4));
    ccm_count_mark("listening");
    struct rdma_cm_event *event = await_event(side, RDMA_CM_EVENT_CONNECT_REQUEST);
    ccm_count_mark("requestReceived");
    struct offer other = offer_in(event);
    side->id = event->id;
    CHECK(rdma_ack_cm_event(event));
    make_queue_pair(side);
    struct offer own = own_offer(side);
    struct rdma_conn_param answer = parameters(&own);
    CHECK(rdma_accept(side->id, &answer));
    await_and_forget(side, RDMA_CM_EVENT_ESTABLISHED);
    ccm_count_mark("connected");
    four_operations(side, &other);
    ccm_count_mark("established");
    await_and_forget(side, RDMA_CM_EVENT_DISCONNECTED);
}

static void connect_and_beat(struct side *side, const char *host, const char *port, unsigned long beats)
{
    struct sockaddr_in address = address_of(host, port);
    CHECK(rdma_create_id(side->events, &side->id, NULL, RDMA_PS_TCP));
    CHECK(rdma_resolve_addr(side->id, NULL, (struct sockaddr *)&address, 2000));
    await_and_forget(side, RDMA_CM_EVENT_ADDR_RESOLVED);
    make_memory(side);
    // A partner listens as well: what that costs is the other program's to count.
    ccm_count_mark("listening");
    CHECK(rdma_resolve_route(side->id, 2000));
    await_and_forget(side, RDMA_CM_EVENT_ROUTE_RESOLVED);
    make_queue_pair(side);
    struct offer own = own_offer(side);
    struct rdma_conn_param request = parameters(&own);
    CHECK(rdma_connect(side->id, &request));
    struct rdma_cm_event *event = await_event(side, RDMA_CM_EVENT_ESTABLISHED);
    struct offer other = offer_in(event);
    CHECK(rdma_ack_cm_event(event));
    ccm_count_mark("connected");
    four_operations(side, &other);
    ccm_count_mark("established");
    int timer = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC);
    struct itimerspec pace = {{0, beat_nanoseconds}, {0, beat_nanoseconds}};
    if (timer < 0 || timerfd_settime(timer, 0, &pace, NULL) != 0) fail("a timer");
    for (unsigned long beat = 0; beat < beats; beat++) {
        uint64_t expirations;
        if (read(timer, &expirations, sizeof expirations) != sizeof expirations) fail("read");
        operate(side, IBV_WR_RDMA_READ, &other);
    }
    ccm_count_mark("beaten");
    CHECK(rdma_disconnect(side->id));
    await_and_forget(side, RDMA_CM_EVENT_DISCONNECTED);
}

int main(int count, char **arguments)
{
    static struct side side;
    int listens = count == 4 && strcmp(arguments[1], "listen") == 0;
    if (!listens && !(count == 5 && strcmp(arguments[1], "connect") == 0)) {
        fprintf(stderr, "usage: floor listen ADDRESS PORT | floor connect ADDRESS PORT BEATS\n");
        return 64;
    }
    if (!(side.events = rdma_create_event_channel())) fail("rdma_create_event_channel");
    if (listens) listen_and_answer(&side, arguments[2], arguments[3]);
    else connect_and_beat(&side, arguments[2], arguments[3], strtoul(arguments[4], NULL, 10));
    return 0;
}
