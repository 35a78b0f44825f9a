/*
 * A partner written from docs/protocol.md alone, on libibverbs and librdmacm: boot handshake, exchange without clients,
 * heartbeats, verdicts. It speaks to ccmd, on one rail, and keeps the partner contract of docs/partner-contract.md.
 *
 * One thread, one loop: it sleeps until something is due or comes, takes the connection manager's events, then completions,
 * then looks into its mailbox, then does what is due.
 */
#include "contract.h"
#include "wire.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <rdma/rdma_cma.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <unistd.h>

/* The pace of looking again in the handshake, and of knocking again once a knock was heard. */
#define POLL_PAUSE 250000ull
#define KNOCK_AGAIN 50000000ull
#define SECOND 1000000000ull
#define NEVER UINT64_MAX

enum operation { NOTHING, FIRST_READ, FIRST_WRITE, SECOND_READ, SECOND_WRITE, BEAT, SENT, RECEIVED };
enum stage { IDLE, ATTEMPTING, ACCEPTING, SHAKING, ESTABLISHED, FAREWELL };
enum standing { GREETING, OPEN, REFUSED };

static const char *const operation_names[] = {"", "firstRead", "firstWrite", "secondRead", "secondWrite", "heartbeatRead"};
static const char *const posted_names[] = {"", "firstReadPosted", "firstWritePosted", "secondReadPosted", "secondWritePosted"};

static struct settings settings;
static bool is_initiator;
static uint8_t role;
static uint64_t incarnation, began;
static volatile bool is_over;

/* The own end of the rail. */
static struct sockaddr_storage own_address, partner_address;
static struct rdma_event_channel *events;
static struct rdma_cm_id *listener;
static struct ibv_pd *domain;
static struct ibv_comp_channel *channel;
static struct ibv_cq *queue;
static uint8_t *status_page, *mailbox_page;
static struct ibv_mr *status_region, *mailbox_region, *scratch_region;
/* What operations read into and write from. */
static struct {
    uint8_t block[STATUS_BYTES];
    uint8_t slots[2][SLOT_BYTES];
    uint8_t sends[MESSAGE_WINDOW][512];
    uint8_t receives[MESSAGE_WINDOW][MESSAGE_BYTES];
} *scratch;

/* What the partner reads. */
static struct status block;

/* What is known of the partner, over all connections. */
static const char *verdict = "none";
static uint64_t known_partner, incompatible_partner;
static uint64_t superseded[32];
static unsigned superseded_count, failures;
static uint64_t attempts, connections, requests;

/* The one connection, or attempt at one. */
static struct {
    enum stage stage;
    struct rdma_cm_id *id;
    uint64_t number, partner, since;
    uint32_t status_key, mailbox_key;
    uint16_t attempt, version;

    enum operation running;
    uint64_t posted_at, heartbeat, misses, repeats;
    uint8_t phase;
    bool greeting_seen, confirmation_seen, is_written, waits_to_read;

    enum standing standing;
    uint32_t sent, delivered, received, shown, clients_number;
    bool clients_known, ready_said, ready_heard;
    uint8_t early[MESSAGE_BYTES];
    uint32_t early_count;
} peer;

/* When what is due. */
static uint64_t attempt_at, deadline_at, poll_at, tick_at, exchange_at, farewell_at, phase_at;
/* Until when this side counts as one that stood still itself, and that gives no verdict. */
static uint64_t late_until;
static uint64_t beats;

static void lose(const char *new_verdict, const char *reason, uint64_t pause);

__attribute__((noreturn)) static void fail(const char *what, int error)
{
    char reason[256];

    snprintf(reason, sizeof reason, "%s: %s", what, strerror(error));
    event_begin("failed");
    event_text("reason", reason);
    event_end();
    exit(STATUS_FAILED);
}

/* MARK: What is shown, and said */

static void publish(void)
{
    uint8_t bytes[STATUS_BYTES];

    status_write(&block, bytes);
    memcpy(status_page, bytes, sizeof bytes);
}

static void set_phase(enum phase phase)
{
    block.phase = (uint8_t)phase;
    if (status_page)
        publish();
    event_begin("bootPhase");
    event_text("phase", phase_name(block.phase));
    event_end();
}

static void set_verdict(const char *new_verdict, const char *reason)
{
    if (strcmp(new_verdict, verdict) == 0)
        return;
    event_begin("verdict");
    event_text("verdict", new_verdict);
    event_text("previous", verdict);
    event_text("reason", reason);
    event_incarnation("partnerIncarnation", known_partner);
    event_end();
    verdict = new_verdict;
}

static void say(const char *name)
{
    event_begin(name);
    event_number("connection", peer.number);
    event_incarnation("partnerIncarnation", peer.partner);
    event_end();
}

/* Exponential from the start to the cap, shortened at random by up to half. */
static uint64_t next_pause(void)
{
    uint64_t longest = settings.backoff_start << (failures < 20 ? failures : 20);

    failures++;
    if (longest > settings.backoff_cap)
        longest = settings.backoff_cap;
    return longest - random_word() % (longest / 2 + 1);
}

/* MARK: The own end of the rail */

static void read_address(const char *text, uint16_t port, struct sockaddr_storage *address)
{
    struct sockaddr_in *four = (struct sockaddr_in *)address;
    struct sockaddr_in6 *six = (struct sockaddr_in6 *)address;

    memset(address, 0, sizeof *address);
    if (inet_pton(AF_INET, text, &four->sin_addr) == 1) {
        four->sin_family = AF_INET;
        four->sin_port = htons(port);
    } else if (inet_pton(AF_INET6, text, &six->sin6_addr) == 1) {
        six->sin6_family = AF_INET6;
        six->sin6_port = htons(port);
    } else {
        fprintf(stderr, "%s is no IPv4 or IPv6 address, and this program takes no other\n", text);
        exit(STATUS_BAD_SETTINGS);
    }
}

static void *map_at(uint64_t address)
{
    void *page = mmap((void *)(uintptr_t)address, 4096, PROT_READ | PROT_WRITE,
        MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE | MAP_POPULATE, -1, 0);

    if (page == MAP_FAILED)
        fail("mmap of a preset address", errno);
    return page;
}

static struct ibv_mr *registered(void *memory, size_t count, unsigned access)
{
    struct ibv_mr *region = ibv_reg_mr(domain, memory, count, access);

    if (!region)
        fail("ibv_reg_mr", errno);
    return region;
}

static void listen_on_boot_port(void)
{
    event_begin("listening");
    event_text("address", settings.address);
    event_number("port", settings.boot_port);
    event_text("device", ibv_get_device_name(listener->verbs->device));
    event_hexadecimal("statusBlockAddress", STATUS_ADDRESS);
    event_hexadecimal("mailboxAddress", MAILBOX_ADDRESS);
    if (rdma_listen(listener, 16) != 0)
        fail("rdma_listen", errno);
    event_end();
}

static void open_rail(void)
{
    int yes = 1;

    events = rdma_create_event_channel();
    if (!events || fcntl(events->fd, F_SETFL, O_NONBLOCK) != 0 || rdma_create_id(events, &listener, NULL, RDMA_PS_TCP) != 0)
        fail("opening rdma_cm", errno);
    rdma_set_option(listener, RDMA_OPTION_ID, RDMA_OPTION_ID_REUSEADDR, &yes, sizeof yes);
    if (rdma_bind_addr(listener, (struct sockaddr *)&own_address) != 0)
        fail("rdma_bind_addr to the own address and boot port", errno);
    if (!listener->verbs)
        fail("there is no RDMA device with the own address", ENODEV);
    domain = ibv_alloc_pd(listener->verbs);
    channel = ibv_create_comp_channel(listener->verbs);
    if (!domain || !channel || fcntl(channel->fd, F_SETFL, O_NONBLOCK) != 0)
        fail("opening the RDMA device", errno);
    queue = ibv_create_cq(listener->verbs, 256, NULL, channel, 0);
    if (!queue || ibv_req_notify_cq(queue, 0) != 0)
        fail("ibv_create_cq", errno);
    status_page = map_at(STATUS_ADDRESS);
    mailbox_page = map_at(MAILBOX_ADDRESS);
    scratch = mmap(NULL, sizeof *scratch, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_POPULATE, -1, 0);
    if (scratch == MAP_FAILED)
        fail("mmap", errno);
    status_region = registered(status_page, STATUS_BYTES, IBV_ACCESS_REMOTE_READ);
    mailbox_region = registered(mailbox_page, 2 * SLOT_BYTES, IBV_ACCESS_LOCAL_WRITE | IBV_ACCESS_REMOTE_WRITE);
    scratch_region = registered(scratch, sizeof *scratch, IBV_ACCESS_LOCAL_WRITE);
    set_phase(CCM_LISTENING);
    listen_on_boot_port();
}

/* MARK: Posting */

/* A completion's number tells the connection that it is of, the operation, and the receive. */
static uint64_t work_id(enum operation operation, unsigned slot) { return peer.number << 8 | slot << 4 | operation; }

static bool post(enum operation operation, enum ibv_wr_opcode opcode, void *local, uint32_t count, uint64_t remote, uint32_t key)
{
    struct ibv_sge piece = {(uintptr_t)local, count, scratch_region->lkey};
    struct ibv_send_wr work = {.wr_id = work_id(operation, 0), .sg_list = &piece, .num_sge = 1, .opcode = opcode,
        .send_flags = IBV_SEND_SIGNALED, .wr.rdma = {remote, key}}, *bad;

    return ibv_post_send(peer.id->qp, &work, &bad) == 0;
}

static bool post_receive(unsigned slot)
{
    struct ibv_sge piece = {(uintptr_t)scratch->receives[slot], MESSAGE_BYTES, scratch_region->lkey};
    struct ibv_recv_wr work = {.wr_id = work_id(RECEIVED, slot), .sg_list = &piece, .num_sge = 1}, *bad;

    return ibv_post_recv(peer.id->qp, &work, &bad) == 0;
}

/* The queue pair, with its receives posted before it can receive. */
static bool make_queue_pair(void)
{
    struct ibv_qp_init_attr attributes = {.send_cq = queue, .recv_cq = queue, .qp_type = IBV_QPT_RC, .sq_sig_all = 1,
        .cap = {.max_send_wr = 32, .max_recv_wr = MESSAGE_WINDOW, .max_send_sge = 1, .max_recv_sge = 1}};
    uint8_t exponent = (uint8_t)settings.ack_timeout;

    if (rdma_set_option(peer.id, RDMA_OPTION_ID, RDMA_OPTION_ID_ACK_TIMEOUT, &exponent, sizeof exponent) != 0
        || rdma_create_qp(peer.id, domain, &attributes) != 0)
        return false;
    for (unsigned slot = 0; slot < MESSAGE_WINDOW; slot++)
        if (!post_receive(slot))
            return false;
    return true;
}

static struct rdma_conn_param parameters(enum request_kind kind, uint8_t bytes[REQUEST_BYTES])
{
    struct request request = {LOWEST_VERSION, HIGHEST_VERSION, {0}, settings.node, incarnation, status_region->rkey,
        mailbox_region->rkey, role, (uint8_t)kind, peer.attempt};

    memcpy(request.cluster, settings.cluster, sizeof request.cluster);
    request_write(&request, bytes);
    return (struct rdma_conn_param){.private_data = bytes, .private_data_len = REQUEST_BYTES, .responder_resources = 4,
        .initiator_depth = 4, .flow_control = 1, .retry_count = (uint8_t)settings.retry_count, .rnr_retry_count = 6};
}

/* MARK: Attempts */

static void discard_id(struct rdma_cm_id *id)
{
    if (id->qp)
        rdma_destroy_qp(id);
    rdma_destroy_id(id);
}

static void forget_peer(uint64_t pause)
{
    if (peer.id)
        discard_id(peer.id);
    memset(&peer, 0, sizeof peer);
    deadline_at = poll_at = tick_at = exchange_at = NEVER;
    /* A connection that is lost during the farewell is the last one. */
    attempt_at = is_over ? NEVER : now() + pause;
}

static void attempt_failed(const char *reason, uint64_t pause)
{
    event_begin("connectFailed");
    event_number("connection", peer.number);
    event_number("attempt", attempts);
    event_text("reason", reason);
    event_number("backoffNs", pause);
    event_end();
    forget_peer(pause);
}

static void begin_attempt(void)
{
    struct sockaddr_storage from;

    read_address(settings.address, 0, &from);
    attempt_at = NEVER;
    peer.stage = ATTEMPTING;
    peer.number = ++connections;
    peer.attempt = (uint16_t)++attempts;
    deadline_at = now() + settings.attempt;
    event_begin("connectStarted");
    event_number("connection", peer.number);
    event_number("attempt", attempts);
    event_text("kind", is_initiator ? "connect" : "knock");
    event_text("address", settings.partner_address);
    event_number("port", settings.boot_port);
    event_end();
    if (rdma_create_id(events, &peer.id, NULL, RDMA_PS_TCP) != 0
        || rdma_resolve_addr(peer.id, (struct sockaddr *)&from, (struct sockaddr *)&partner_address,
               (int)(settings.attempt / 1000000)) != 0)
        attempt_failed("local", next_pause());
}

static void nobody_answers(const char *reason)
{
    if (known_partner && strcmp(verdict, "none") == 0)
        set_verdict("unreachable", reason);
    attempt_failed(reason, next_pause());
}

static void route_is_known(void)
{
    uint8_t bytes[REQUEST_BYTES];
    struct rdma_conn_param asked = parameters(is_initiator ? CONNECT : KNOCK, bytes);

    if (!make_queue_pair() || rdma_connect(peer.id, &asked) != 0)
        attempt_failed("local", next_pause());
}

/* No such service: the partner's node is there, and nobody listens at its boot port. */
static const int NOBODY_LISTENS = 8;

static void refused(int status, const void *data, size_t count)
{
    enum refusal_reason reason = refusal_read(data, count);

    if (status == NOBODY_LISTENS) {
        if (known_partner)
            set_verdict("dead", "nobodyListens");
        attempt_failed("nobodyListens", next_pause());
        return;
    }
    switch (reason) {
    case INITIATING: {
        uint64_t pause = next_pause();

        attempt_failed(refusal_name(reason), pause > KNOCK_AGAIN ? pause : KNOCK_AGAIN);
        break;
    }
    case INCOMPATIBLE:
        set_verdict("incompatible", refusal_name(reason));
        attempt_failed(refusal_name(reason), settings.slow_retry);
        break;
    case FOREIGN_CLUSTER:
    case FOREIGN_NODE:
    case OWN_IDENTITY:
        set_verdict("stranger", refusal_name(reason));
        attempt_failed(refusal_name(reason), settings.slow_retry);
        break;
    default: attempt_failed(refusal_name(reason), next_pause());
    }
}

static bool is_superseded(uint64_t other)
{
    for (unsigned i = 0; i < sizeof superseded / sizeof *superseded; i++)
        if (other != 0 && superseded[i] == other)
            return true;
    return false;
}

/* MARK: The boot handshake */

static void proceed(enum operation operation)
{
    bool posted, confirms = operation == SECOND_WRITE, reads = operation == FIRST_READ || operation == SECOND_READ;
    uint64_t remote = reads ? STATUS_ADDRESS : MAILBOX_ADDRESS + (confirms ? SLOT_BYTES : 0);

    peer.running = operation;
    peer.posted_at = now();
    peer.waits_to_read = false;
    if (reads) {
        posted = post(operation, IBV_WR_RDMA_READ, scratch->block, STATUS_BYTES, remote, peer.status_key);
    } else {
        slot_write(confirms, incarnation, peer.partner, scratch->slots[confirms]);
        posted = post(operation, IBV_WR_RDMA_WRITE, scratch->slots[confirms], SLOT_BYTES, remote, peer.mailbox_key);
    }
    /* Of a read that is done again and again, the doublings. */
    if ((peer.repeats & (peer.repeats - 1)) == 0) {
        event_begin(posted_names[operation]);
        event_number("connection", peer.number);
        event_hexadecimal("address", remote);
        event_hexadecimal("key", reads ? peer.status_key : peer.mailbox_key);
        event_number("repeat", peer.repeats);
        event_end();
    }
    if (!posted)
        lose(verdict, "cannotPost", next_pause());
}

static void begin_handshake(const char *side)
{
    peer.stage = SHAKING;
    peer.since = now();
    deadline_at = now() + settings.handshake;
    tick_at = now() + settings.heartbeat;
    event_begin("connected");
    event_number("connection", peer.number);
    event_incarnation("partnerIncarnation", peer.partner);
    event_text("side", side);
    event_number("attempt", peer.attempt);
    event_end();
    proceed(FIRST_READ);
}

static void handshake_failed(const char *reason)
{
    event_begin("handshakeFailed");
    event_number("connection", peer.number);
    event_text("step", peer.running ? operation_names[peer.running] : "confirmation");
    event_text("reason", reason);
    event_end();
    lose(verdict, reason, next_pause());
}

/* A read has proven that this is the partner's life now: another one that was known is over. */
static void proven(const struct status *partner)
{
    if (known_partner != 0 && known_partner != partner->incarnation)
        superseded[superseded_count++ % (sizeof superseded / sizeof *superseded)] = known_partner;
    known_partner = partner->incarnation;
    if (partner->phase == peer.phase)
        return;
    peer.phase = partner->phase;
    event_begin("partnerPhase");
    event_text("phase", phase_name(partner->phase));
    event_incarnation("partnerIncarnation", peer.partner);
    event_end();
}

static bool is_partners(const struct status *partner)
{
    return memcmp(partner->cluster, settings.cluster, 16) == 0 && partner->node == settings.partner_node;
}

static void read_again(enum operation operation)
{
    peer.repeats++;
    if (peer.repeats <= 2) {
        proceed(operation);
        return;
    }
    peer.waits_to_read = true;
    poll_at = now() + POLL_PAUSE;
}

static void handshake_read(enum operation operation)
{
    struct status partner;

    switch (status_read(&partner, scratch->block)) {
    case TORN: read_again(operation); return;
    case FOREIGN: handshake_failed("foreignBlock"); return;
    case WHOLE: break;
    }
    if (!is_partners(&partner)) {
        handshake_failed("strangersBlock");
    } else if (partner.incarnation != peer.partner) {
        handshake_failed("incarnationChanged");
    } else if (partner.heartbeat < peer.heartbeat || partner.phase < peer.phase) {
        handshake_failed("wentBack");
    } else if (operation == SECOND_READ && partner.seen != incarnation) {
        peer.heartbeat = partner.heartbeat;
        read_again(operation);
    } else {
        peer.heartbeat = partner.heartbeat;
        event_begin(operation == FIRST_READ ? "firstReadCompleted" : "secondReadCompleted");
        event_number("connection", peer.number);
        event_incarnation("partnerIncarnation", peer.partner);
        event_text("phase", phase_name(partner.phase));
        event_number("repeats", peer.repeats);
        event_end();
        peer.repeats = 0;
        proven(&partner);
        proceed(operation == FIRST_READ ? FIRST_WRITE : SECOND_WRITE);
    }
}

/* MARK: The exchange */

static void send_message(enum message_kind kind, const uint8_t *payload, uint32_t count)
{
    struct message message = {(uint16_t)kind, peer.version, ++peer.sent, incarnation, peer.partner, payload, count};
    uint8_t *bytes = scratch->sends[peer.sent % MESSAGE_WINDOW];
    uint32_t whole = message_write(&message, bytes);

    event_begin("messageSent");
    event_text("kind", message_name(message.kind));
    event_number("connection", peer.number);
    event_number("number", message.number);
    event_number("bytes", whole);
    event_end();
    if (!post(SENT, IBV_WR_SEND, bytes, whole, 0, 0))
        lose(verdict, "cannotPost", next_pause());
}

static void say_ready_of(const char *name)
{
    event_begin(name);
    event_number("connection", peer.number);
    event_number("clients", 0);
    event_incarnation("partnerIncarnation", peer.partner);
    event_end();
    if (peer.ready_said && peer.ready_heard)
        exchange_at = NEVER;
}

static void lose_incompatible(const char *reason)
{
    incompatible_partner = peer.partner;
    lose("incompatible", reason, settings.slow_retry);
}

static void violated(const char *how)
{
    event_begin("exchangeFailed");
    event_number("connection", peer.number);
    event_text("reason", how);
    event_end();
    lose_incompatible("protocolViolation");
}

static void take_peer_information(const struct message *message)
{
    struct peer_information partner;
    uint8_t payload[64];

    if (peer.standing != GREETING || !peer_information_read(&partner, message)) {
        violated("badPeerInformation");
        return;
    }
    peer.version = common_version(partner.lowest, partner.highest);
    event_begin("peerInformation");
    event_number("lowest", LOWEST_VERSION);
    event_number("highest", HIGHEST_VERSION);
    event_number("partnerLowest", partner.lowest);
    event_number("partnerHighest", partner.highest);
    event_number("version", peer.version);
    event_end();
    if (peer.version == 0 || partner.required[0]) {
        peer.standing = REFUSED;
        event_begin("partnerRefused");
        event_number("connection", peer.number);
        event_text("by", "own");
        event_text("reason", peer.version == 0 ? "noCommonVersion" : "unknownCapability");
        event_end();
        send_message(REFUSAL, payload, refusal_message_write(peer.version == 0 ? "" : partner.required, payload));
        return;
    }
    peer.standing = OPEN;
    send_message(CLIENT_INFORMATION, payload, no_clients_write(peer.version, payload));
}

static void take_clients(const struct message *message)
{
    static const uint8_t no_pairs[4];
    uint32_t number;
    uint16_t clients;

    if (!clients_read(message, &number, &clients) || (peer.clients_known && (peer.version < 2 || number <= peer.clients_number))) {
        violated("badClientInformation");
        return;
    }
    peer.clients_number = number;
    peer.clients_known = true;
    event_begin("clientInformation");
    event_number("clients", clients);
    event_end();
    /* No client here, so none of the partner's has a counterpart, and no port is under way. */
    if (peer.ready_said)
        return;
    send_message(READY, no_pairs, sizeof no_pairs);
    if (peer.stage != ESTABLISHED)
        return;
    peer.ready_said = true;
    say_ready_of("readySaid");
}

static void take_ready(const struct message *message)
{
    uint16_t pairs;

    if (!ready_read(message, &pairs) || pairs != 0) {
        violated("badReady");
    } else if (!peer.ready_heard) {
        peer.ready_heard = true;
        say_ready_of("partnerReady");
    }
}

static void take_message(const uint8_t *bytes, uint32_t count)
{
    struct message message;

    peer.received++;
    if (peer.received - peer.shown > MESSAGE_WINDOW || !message_read(&message, bytes, count) || message.writer != peer.partner
        || message.reader != incarnation || message.number != peer.received) {
        violated("badMessage");
        return;
    }
    if (peer.standing == REFUSED || message.kind & OPTIONAL_KIND)
        return;
    event_begin("messageReceived");
    event_text("kind", message_name(message.kind));
    event_number("connection", peer.number);
    event_number("number", message.number);
    event_number("bytes", count);
    event_end();
    if (message.kind == PEER_INFORMATION) {
        take_peer_information(&message);
    } else if (message.kind == REFUSAL) {
        lose_incompatible("refused");
    } else if (peer.standing != OPEN || message.version != peer.version) {
        violated("outOfOrder");
    } else if (message.kind == CLIENT_INFORMATION) {
        take_clients(&message);
    } else if (message.kind == READY) {
        take_ready(&message);
    } else if (message.kind != PORT_INFORMATION || !ports_read(&message)) {
        violated("unknownKind");
    }
}

/* A message came. The partner may be established a moment earlier, and say its first one. */
static void received(unsigned slot, uint32_t count)
{
    if (peer.stage == SHAKING && peer.early_count == 0) {
        memcpy(peer.early, scratch->receives[slot], count);
        peer.early_count = count;
    } else if (peer.stage == ESTABLISHED) {
        take_message(scratch->receives[slot], count);
    } else {
        lose(verdict, "outOfOrder", next_pause());
        return;
    }
    if (peer.id && !post_receive(slot))
        lose(verdict, "cannotPost", next_pause());
}

static void establish(void)
{
    struct ibv_qp_attr attributes;
    struct ibv_qp_init_attr made;
    uint8_t payload[64];

    if (ibv_query_qp(peer.id->qp, &attributes, IBV_QP_DEST_QPN, &made) != 0)
        fail("ibv_query_qp", errno);
    peer.stage = ESTABLISHED;
    deadline_at = poll_at = NEVER;
    exchange_at = now() + settings.exchange;
    event_begin("established");
    event_number("connection", peer.number);
    event_incarnation("partnerIncarnation", peer.partner);
    event_number("queuePair", peer.id->qp->qp_num);
    event_number("partnerQueuePair", attributes.dest_qp_num);
    event_end();
    set_verdict("alive", "established");
    peer.version = common_version(LOWEST_VERSION, HIGHEST_VERSION);
    send_message(PEER_INFORMATION, payload, peer_information_write(role, payload));
    if (peer.stage == ESTABLISHED && peer.early_count > 0)
        take_message(peer.early, peer.early_count);
}

/* Takes what the partner has written: its greeting is answered in the status block. */
static void look_into_mailbox(void)
{
    uint8_t slots[2][SLOT_BYTES];

    if (peer.stage != SHAKING)
        return;
    memcpy(slots, mailbox_page, sizeof slots);
    if (!peer.greeting_seen && slot_holds(false, peer.partner, incarnation, slots[0])) {
        peer.greeting_seen = true;
        block.seen = peer.partner;
        publish();
        say("greetingSeen");
    }
    if (peer.greeting_seen && !peer.confirmation_seen && slot_holds(true, peer.partner, incarnation, slots[1])) {
        peer.confirmation_seen = true;
        say("confirmationSeen");
    }
    if (peer.is_written && peer.confirmation_seen) {
        /* Who stood still since read 2 does not know whether the partner is still there. */
        if (peer.posted_at < late_until)
            proceed(SECOND_READ);
        else
            establish();
        peer.is_written = false;
    } else if (!peer.greeting_seen || peer.is_written) {
        if (poll_at == NEVER)
            poll_at = now() + POLL_PAUSE;
    }
}

/* MARK: Heartbeats and losses */

/* Down first, then the verdict, then everything anew. */
static void lose(const char *new_verdict, const char *reason, uint64_t pause)
{
    if (peer.stage < ACCEPTING)
        return;
    if (peer.id)
        discard_id(peer.id);
    peer.id = NULL;
    memset(mailbox_page, 0, (size_t)2 * SLOT_BYTES);
    block.seen = 0;
    block.taken = 0;
    publish();
    event_begin("retired");
    event_number("connection", peer.number);
    event_text("reason", reason);
    event_end();
    /* Nobody is alive without a connection. */
    if (peer.stage != FAREWELL)
        set_verdict(strcmp(new_verdict, "alive") == 0 ? "none" : new_verdict, reason);
    forget_peer(pause);
}

/* A loss that speaks against the partner, unless this side stood still itself when it began. */
static void judge(const char *new_verdict, const char *reason, uint64_t since)
{
    lose(since < late_until ? "none" : new_verdict, reason, next_pause());
}

static void count_miss(void)
{
    if (++peer.misses >= settings.miss_limit)
        lose("hung", "counterStandsStill", next_pause());
}

static void beat_read(void)
{
    struct status partner;
    enum wholeness wholeness = status_read(&partner, scratch->block);

    peer.running = NOTHING;
    if (wholeness == TORN) {
        count_miss();
    } else if (wholeness == FOREIGN || !is_partners(&partner)) {
        lose("stranger", "strangersBlock", settings.slow_retry);
    } else if (partner.incarnation != peer.partner) {
        lose("rebooted", "incarnationChanged", next_pause());
    } else if (partner.heartbeat < peer.heartbeat || partner.phase < peer.phase) {
        lose_incompatible("wentBack");
    } else {
        beats++;
        proven(&partner);
        if (partner.heartbeat == peer.heartbeat) {
            count_miss();
            return;
        }
        peer.heartbeat = partner.heartbeat;
        peer.misses = failures = 0;
    }
}

/* The transport's bound: all its tries. A read that takes four times as long has no end. */
static uint64_t read_deadline(void)
{
    uint64_t bound = 4 * (4096ull << settings.ack_timeout) * (settings.retry_count + 1);

    return bound > SECOND ? bound : SECOND;
}

static void tick(void)
{
    tick_at += settings.heartbeat;
    if (tick_at <= now())
        tick_at = now() + settings.heartbeat;
    block.heartbeat++;
    peer.shown = block.taken = peer.received;
    publish();
    if (peer.stage != ESTABLISHED)
        return;
    if (peer.running == BEAT) {
        if (now() - peer.posted_at > read_deadline())
            judge("unreachable", "readDeadline", peer.posted_at);
        return;
    }
    peer.running = BEAT;
    peer.posted_at = now();
    if (!post(BEAT, IBV_WR_RDMA_READ, scratch->block, STATUS_BYTES, STATUS_ADDRESS, peer.status_key))
        lose(verdict, "cannotPost", next_pause());
}

/* MARK: Completions */

static void failed_completion(enum ibv_wc_status status, enum operation operation)
{
    bool by_partner = status == IBV_WC_REM_ACCESS_ERR || status == IBV_WC_REM_INV_REQ_ERR || status == IBV_WC_REM_OP_ERR;

    if (peer.stage == SHAKING)
        handshake_failed(ibv_wc_status_str(status));
    else if (peer.stage == ESTABLISHED && operation == RECEIVED && status == IBV_WC_LOC_LEN_ERR)
        violated("tooLong");
    else if (peer.stage == ESTABLISHED && peer.standing == REFUSED)
        lose_incompatible("refused");
    /* A receive fails when its queue pair does, and the operation that broke it tells why. */
    else if (peer.stage == ESTABLISHED && operation != RECEIVED)
        judge(by_partner ? "dead" : "unreachable", ibv_wc_status_str(status), operation == BEAT ? peer.posted_at : now());
}

static void completed(const struct ibv_wc *work)
{
    enum operation operation = (enum operation)(work->wr_id & 15);

    /* Of a connection that is gone. */
    if (work->wr_id >> 8 != peer.number || peer.stage < ACCEPTING)
        return;
    if (work->status != IBV_WC_SUCCESS) {
        failed_completion(work->status, operation);
        return;
    }
    switch (operation) {
    case FIRST_READ:
    case SECOND_READ: handshake_read(operation); break;
    case FIRST_WRITE:
        say("firstWriteCompleted");
        proceed(SECOND_READ);
        break;
    case SECOND_WRITE:
        say("secondWriteCompleted");
        peer.is_written = true;
        peer.running = NOTHING;
        break;
    case BEAT: beat_read(); break;
    case RECEIVED: received(work->wr_id >> 4 & 15, work->byte_len); break;
    case SENT:
        if (++peer.delivered == peer.sent && peer.standing == REFUSED)
            lose_incompatible("refused");
        break;
    case NOTHING: break;
    }
}

static void take_completions(void)
{
    struct ibv_cq *which;
    struct ibv_wc work[16];
    void *context;
    int count;

    while (ibv_get_cq_event(channel, &which, &context) == 0)
        ibv_ack_cq_events(which, 1);
    if (ibv_req_notify_cq(queue, 0) != 0)
        fail("ibv_req_notify_cq", errno);
    while ((count = ibv_poll_cq(queue, 16, work)) > 0)
        for (int i = 0; i < count; i++)
            completed(&work[i]);
    if (count < 0)
        fail("ibv_poll_cq", errno);
}

/* MARK: Connection requests */

static enum refusal_reason judge_request(const struct request *asked, bool is_whole)
{
    if (!is_whole || asked->kind == ACCEPTANCE)
        return MALFORMED;
    if (memcmp(asked->cluster, settings.cluster, 16) != 0)
        return FOREIGN_CLUSTER;
    if (asked->node == settings.node || asked->incarnation == incarnation)
        return OWN_IDENTITY;
    if (asked->node != settings.partner_node)
        return FOREIGN_NODE;
    if (is_over)
        return SHUTS_DOWN;
    if (common_version(asked->lowest, asked->highest) == 0 || asked->incarnation == incompatible_partner)
        return INCOMPATIBLE;
    if (is_superseded(asked->incarnation))
        return STALE_INCARNATION;
    if (is_initiator)
        return asked->kind == KNOCK ? INITIATING : WRONG_DIRECTION;
    if (asked->kind == KNOCK)
        return WRONG_DIRECTION;
    if (peer.stage >= ACCEPTING && peer.partner == asked->incarnation && (int16_t)(asked->attempt - peer.attempt) <= 0)
        return STALE_ATTEMPT;
    return NO_REFUSAL;
}

static void accept_request(struct rdma_cm_id *id, const struct request *asked)
{
    uint8_t bytes[REQUEST_BYTES];
    struct rdma_conn_param answer;

    if (peer.stage >= ACCEPTING)
        lose(peer.partner != asked->incarnation ? "rebooted" : verdict,
            peer.partner != asked->incarnation ? "newIncarnation" : "partnerReconnects", 0);
    forget_peer(0);
    attempt_at = NEVER;
    peer.stage = ACCEPTING;
    peer.id = id;
    peer.number = ++connections;
    peer.partner = asked->incarnation;
    peer.status_key = asked->status_key;
    peer.mailbox_key = asked->mailbox_key;
    peer.attempt = asked->attempt;
    deadline_at = now() + settings.handshake;
    event_begin("requestAccepted");
    event_number("request", requests);
    event_number("connection", peer.number);
    event_text("address", settings.partner_address);
    event_end();
    answer = parameters(ACCEPTANCE, bytes);
    if (!make_queue_pair() || rdma_accept(id, &answer) != 0)
        lose(verdict, "cannotAccept", next_pause());
}

/* The partner is there, and asks to be connected. A young connection may well be the knock's own answer, overtaken on its way. */
static void knocked(const struct request *asked)
{
    if (peer.stage >= ACCEPTING && peer.partner != asked->incarnation)
        lose("rebooted", "newIncarnation", 0);
    else if (peer.stage >= ACCEPTING && now() - peer.since > settings.attempt)
        lose(verdict, "partnerReconnects", 0);
    if (peer.stage == IDLE)
        begin_attempt();
}

static void requested(struct rdma_cm_id *id, const void *data, size_t count)
{
    static bool is_told[SHUTS_DOWN + 1];
    struct request asked;
    enum refusal_reason reason = judge_request(&asked, request_read(&asked, data, count));
    uint8_t bytes[REFUSAL_BYTES];

    requests++;
    /* Who is refused for a reason that was told already fills no history. */
    if (reason == NO_REFUSAL || !is_told[reason]) {
        is_told[reason] = true;
        event_begin("requestReceived");
        event_number("request", requests);
        event_end();
    }
    if (reason == NO_REFUSAL) {
        accept_request(id, &asked);
        return;
    }
    refusal_write(reason, bytes);
    rdma_reject(id, bytes, REFUSAL_BYTES);
    rdma_destroy_id(id);
    if (reason == INITIATING)
        knocked(&asked);
}

static void accepted(const void *data, size_t count)
{
    struct request answer;

    if (peer.stage == ACCEPTING) {
        begin_handshake("acceptor");
        return;
    }
    if (!is_initiator || !request_read(&answer, data, count) || answer.kind != ACCEPTANCE
        || memcmp(answer.cluster, settings.cluster, 16) != 0 || answer.node != settings.partner_node
        || answer.incarnation == incarnation) {
        set_verdict("stranger", "strangerAccepted");
        attempt_failed("strangerAccepted", settings.slow_retry);
    } else if (common_version(answer.lowest, answer.highest) == 0) {
        set_verdict("incompatible", "incompatible");
        attempt_failed("incompatible", settings.slow_retry);
    } else if (is_superseded(answer.incarnation)) {
        attempt_failed("staleIncarnation", next_pause());
    } else {
        peer.partner = answer.incarnation;
        peer.status_key = answer.status_key;
        peer.mailbox_key = answer.mailbox_key;
        begin_handshake("initiator");
    }
}

static void disconnected(void)
{
    if (peer.stage == SHAKING)
        handshake_failed("disconnected");
    else if (peer.stage == ESTABLISHED && peer.standing == REFUSED)
        lose_incompatible("refused");
    else if (peer.stage == ESTABLISHED)
        judge("dead", "disconnected", now());
    else
        lose(verdict, "disconnected", next_pause());
}

static void take_event(enum rdma_cm_event_type type, struct rdma_cm_id *id, int status, const void *data, size_t count)
{
    if (type == RDMA_CM_EVENT_CONNECT_REQUEST) {
        requested(id, data, count);
        return;
    }
    if (type == RDMA_CM_EVENT_DEVICE_REMOVAL)
        fail("the RDMA device was taken away, and this program does not wait for another", ENODEV);
    /* Of an identifier that is gone. */
    if (!peer.id || id != peer.id)
        return;
    switch (type) {
    case RDMA_CM_EVENT_ADDR_RESOLVED:
        if (rdma_resolve_route(id, (int)(settings.attempt / 1000000)) != 0)
            attempt_failed("local", next_pause());
        break;
    case RDMA_CM_EVENT_ROUTE_RESOLVED: route_is_known(); break;
    case RDMA_CM_EVENT_ESTABLISHED: accepted(data, count); break;
    case RDMA_CM_EVENT_REJECTED:
        if (peer.stage == ATTEMPTING)
            refused(status, data, count);
        else
            lose(verdict, "withdrawn", next_pause());
        break;
    case RDMA_CM_EVENT_ADDR_ERROR:
    case RDMA_CM_EVENT_ROUTE_ERROR:
    case RDMA_CM_EVENT_UNREACHABLE:
    case RDMA_CM_EVENT_CONNECT_ERROR:
        if (peer.stage == ATTEMPTING)
            nobody_answers(type == RDMA_CM_EVENT_ADDR_ERROR ? "unresolved" : "unanswered");
        else
            lose(verdict, rdma_event_str(type), next_pause());
        break;
    case RDMA_CM_EVENT_DISCONNECTED: disconnected(); break;
    default: break;
    }
}

static void take_events(void)
{
    struct rdma_cm_event *event;

    while (rdma_get_cm_event(events, &event) == 0) {
        enum rdma_cm_event_type type = event->event;
        struct rdma_cm_id *id = event->id;
        int status = event->status;
        uint8_t data[REQUEST_BYTES] = {0};
        size_t count = event->param.conn.private_data ? event->param.conn.private_data_len : 0;

        /* An identifier can only be destroyed when all its events were given back, and they take their data along. */
        if (count > sizeof data)
            count = sizeof data;
        if (count > 0)
            memcpy(data, event->param.conn.private_data, count);
        rdma_ack_cm_event(event);
        take_event(type, id, status, data, count);
    }
}

/* MARK: The loop */

static void next_phase(void)
{
    if (block.phase == POWERED_ON) {
        set_phase(CCM_STARTING);
        open_rail();
        attempt_at = now();
        phase_at = began + settings.loading;
    } else if (block.phase == CCM_LISTENING) {
        set_phase(LOADING);
        phase_at = began + settings.active;
    } else {
        set_phase(ACTIVE);
        phase_at = NEVER;
    }
}

static void say_goodbye(void)
{
    is_over = true;
    if (!events) {
        farewell_at = now();
        return;
    }
    if (peer.stage < ACCEPTING)
        forget_peer(0);
    attempt_at = deadline_at = poll_at = exchange_at = phase_at = NEVER;
    set_phase(SHUTTING_DOWN);
    /* Long enough for the partner to read that this is a shutdown and not a crash. */
    farewell_at = now() + (peer.stage == IDLE ? 0 : 2 * settings.heartbeat);
    if (peer.stage != IDLE)
        peer.stage = FAREWELL;
}

static void finish(void)
{
    if (peer.stage == FAREWELL)
        lose(verdict, "farewellTimer", 0);
    event_begin("stopped");
    event_number("beats", beats);
    event_end();
    exit(0);
}

static void do_what_is_due(void)
{
    uint64_t time = now();

    if (farewell_at <= time)
        finish();
    if (phase_at <= time)
        next_phase();
    if (tick_at <= time)
        tick();
    if (deadline_at <= time) {
        deadline_at = NEVER;
        if (peer.stage == ATTEMPTING)
            nobody_answers("unansweredInTime");
        else if (peer.stage == SHAKING)
            handshake_failed("deadline");
        else
            lose(verdict, "transportNeverCameUp", next_pause());
    }
    if (exchange_at <= time) {
        exchange_at = NEVER;
        lose("none", "exchangeDeadline", next_pause());
    }
    if (poll_at <= time) {
        poll_at = NEVER;
        if (peer.stage == SHAKING && peer.waits_to_read)
            proceed(peer.running);
    }
    if (attempt_at <= time && peer.stage == IDLE && !is_over)
        begin_attempt();
}

static uint64_t next_due(void)
{
    const uint64_t dues[] = {attempt_at, deadline_at, poll_at, tick_at, exchange_at, farewell_at, phase_at};
    uint64_t first = NEVER;

    for (size_t i = 0; i < sizeof dues / sizeof *dues; i++)
        first = dues[i] < first ? dues[i] : first;
    return first;
}

static void sleep_until_due(int signals)
{
    struct pollfd ready[] = {{signals, POLLIN, 0}, {events ? events->fd : -1, POLLIN, 0}, {channel ? channel->fd : -1, POLLIN, 0}};
    uint64_t due = next_due(), time = now(), span = due > time ? due - time : 0;
    struct timespec limit = {(time_t)(span / SECOND), (long)(span % SECOND)};
    struct signalfd_siginfo what;

    if (ppoll(ready, 3, due == NEVER ? NULL : &limit, NULL) < 0 && errno != EINTR)
        fail("ppoll", errno);
    if (due != NEVER && now() > due && now() - due > settings.heartbeat * settings.miss_limit / 2) {
        event_begin("lateTick");
        event_number("lateNs", now() - due);
        event_end();
        late_until = now() + 2 * settings.heartbeat;
    }
    if (ready[0].revents && read(signals, &what, sizeof what) == sizeof what && !is_over)
        say_goodbye();
}

static int prepare(void)
{
    struct sched_param priority = {.sched_priority = 1};
    sigset_t stop;

    /* Before ordinary processes, where that is allowed: a heartbeat that comes late is evidence. */
    bool is_fifo = sched_setscheduler(0, SCHED_FIFO, &priority) == 0;
    prctl(PR_SET_TIMERSLACK, 1ul);
    event_begin("confined");
    event_text("scheduling", is_fifo ? "fifo 1" : "ordinary");
    event_end();
    sigemptyset(&stop);
    sigaddset(&stop, SIGTERM);
    sigprocmask(SIG_BLOCK, &stop, NULL);
    return signalfd(-1, &stop, SFD_CLOEXEC);
}

int main(void)
{
    static const char *const speaks[] = {"phases", "handshake", "exchange", "causes", "incarnations", NULL};
    int signals;

    if (!settings_read(&settings))
        return STATUS_BAD_SETTINGS;
    read_address(settings.address, (uint16_t)settings.boot_port, &own_address);
    read_address(settings.partner_address, (uint16_t)settings.boot_port, &partner_address);
    is_initiator = settings.node < settings.partner_node;
    role = strcmp(settings.role, "applicationServer") == 0 ? 2 : 1;
    incarnation = random_word();
    began = now();
    block = (struct status){.role = role, .incarnation = incarnation, .node = settings.node};
    memcpy(block.cluster, settings.cluster, sizeof block.cluster);
    history_open(&settings, incarnation);
    event_begin("started");
    event_number("pid", (uint64_t)getpid());
    event_number("node", settings.node);
    event_text("role", settings.role);
    event_number("protocolMin", LOWEST_VERSION);
    event_number("protocolMax", HIGHEST_VERSION);
    event_words("speaks", speaks);
    event_end();
    signals = prepare();
    set_phase(POWERED_ON);
    attempt_at = deadline_at = poll_at = tick_at = exchange_at = farewell_at = NEVER;
    phase_at = began + settings.starting;
    for (;;) {
        sleep_until_due(signals);
        if (events) {
            take_events();
            take_completions();
            look_into_mailbox();
        }
        do_what_is_due();
    }
}
