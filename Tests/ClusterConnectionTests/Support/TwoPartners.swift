import Testing

@testable import ClusterConnection

/// Two managers, the memory they read and write of each other, and a transport between them, in virtual time.
///
/// Not the product's simulator: just enough to boot, kill, freeze and cut a pair within a test. It carries
/// out actions in their order, keeps the driver's side of the contract (no event of a retired connection
/// comes through) and checks after every event what must hold whatever happens.
final class TwoPartners {
    struct Line {
        let at: Instant
        let node: Int
        let incarnation: Incarnation
        let record: HistoryRecord
    }

    var time = VirtualTime()
    var random: SplitMix64
    var settings: [Settings]
    var lives: [Life?] = [nil, nil]
    var isCut = false
    var hasPower = [true, true]
    var history: [Line] = []
    /// When something last happened that may cost a partner its verdict.
    var lastFault: Instant?
    var killAfter: (node: Int, event: EventName)?
    /// How long a message is under way.
    var latency: ClosedRange<UInt64> = 5_000...40_000
    let retryTime = TimeSpan.milliseconds(60)
    private var incarnations: UInt64 = 0
    private let name: String

    init(_ name: String = "", seed: UInt64 = 1, settings: [Settings] = [.initiator, .acceptor]) {
        self.name = name
        self.settings = settings
        random = SplitMix64(seed: seed)
    }

    var now: Instant { time.now }

    // MARK: What a test does to the pair

    func boot(_ node: Int, after span: TimeSpan = .zero, seed: UInt64? = nil) {
        time.arrange(after: span) { [self] in
            guard lives[node] == nil else { return }
            // Who comes back is one more thing to find out.
            if lastFault != nil { noteFault() }
            incarnations += 1
            hasPower[node] = true
            let life = Life(
                node: node, settings: settings[node],
                incarnation: Incarnation(value: incarnations << 8 | UInt64(node + 1)),
                seed: seed ?? random.next(), at: now)
            lives[node] = life
            life.isListening = true
            feed(.listening(statusBlockKey: life.key, mailboxKey: life.key &+ 1), to: life)
        }
    }

    /// The process dies; its kernel ends what it left behind.
    func kill(_ node: Int) {
        guard let life = lives[node] else { return }
        end(life)
        for wire in life.wires.values { sendEnd(of: wire, from: life) }
        for (wire, _) in life.requests.values {
            send(to: wire.initiator) { [self] in
                tell(wire.initiator, .refused(wire.initiator.connection, nil))
            }
        }
    }

    /// The node loses power; nobody says anything.
    func powerOff(_ node: Int) {
        guard let life = lives[node] else { return }
        hasPower[node] = false
        end(life)
    }

    func cut() {
        noteFault()
        isCut = true
    }

    func heal() {
        noteFault()
        isCut = false
    }

    func freeze(_ node: Int) {
        noteFault()
        lives[node]?.isFrozen = true
    }

    /// The process goes on: first with what happened meanwhile, then with the timers that came due.
    func thaw(_ node: Int) {
        noteFault()
        guard let life = lives[node], life.isFrozen else { return }
        life.isFrozen = false
        life.thawedAt = now
        let backlog = life.backlog
        life.backlog = []
        for event in backlog { feed(event, to: life) }
        for (timer, armed) in life.timers.sorted(by: { $0.value.at < $1.value.at }) where armed.at <= now {
            fire(timer, armed.arming, of: life)
        }
    }

    func run(for span: TimeSpan) {
        let end = now + span
        while let next = time.next(until: end) { next() }
    }

    /// Runs until both are established with each other, for `span` at most, and tells how long it took.
    @discardableResult
    func runUntilEstablished(within span: TimeSpan, _ comment: Comment? = nil) -> TimeSpan {
        let start = now
        while !areEstablished {
            guard let next = time.next(until: start + span) else {
                Issue.record(
                    "\(name): not established within \(span.nanoseconds / 1000) us. \(comment ?? "")\n\(tail)"
                )
                break
            }
            next()
        }
        return now - start
    }

    /// Both are established, on one and the same connection and with each other's incarnation.
    var areEstablished: Bool {
        guard let one = lives[0], let two = lives[1], one.isEstablished, two.isEstablished,
            let here = one.manager.link.peer, let there = two.manager.link.peer
        else { return false }
        return one.wires[here.connection] === two.wires[there.connection]
            && here.incarnation == two.incarnation && there.incarnation == one.incarnation
    }

    func verdicts(by node: Int) -> [String] {
        history.filter { $0.node == node && $0.record.event == .verdict }.compactMap { $0.record["verdict"] }
    }

    func count(_ event: EventName, by node: Int) -> Int {
        history.count { $0.node == node && $0.record.event == event }
    }

    // MARK: Events in

    func feed(_ event: Event, to life: Life) {
        guard life.endedAt == nil else { return }
        if life.isFrozen { return life.backlog.append(event) }
        // The driver's contract: nothing of a retired connection comes through.
        if let connection = event.connection, life.wires[connection] == nil { return }
        if life.manager.watchesMailbox, hexLines(life.mailbox) != hexLines(life.mailboxSeen) {
            life.mailboxSeen = life.mailbox
            handle(.mailbox(life.mailbox), by: life)
        }
        guard life.endedAt == nil else { return }
        if case .connected(let connection, _) = event, let wire = life.wires[connection] {
            // To have heard of the acceptance is what makes the transport come up at the other end.
            if let acceptor = wire.acceptor, acceptor.life !== life {
                wire.initiator.isUp = true
                send(to: acceptor) { [self] in
                    wire.acceptor?.isUp = true
                    tell(acceptor, .connected(acceptor.connection, nil))
                }
            }
        }
        handle(event, by: life)
    }

    private func handle(_ event: Event, by life: Life) {
        for action in life.manager.handle(event, at: now) {
            carryOut(action, by: life)
            if life.endedAt != nil { return }
        }
        check(life, after: event)
    }

    // MARK: Actions out

    private func carryOut(_ action: Action, by life: Life) {
        switch action {
        case .connect(let connection, let words): connect(life, connection, words)
        case .accept(let request, let connection, let words): accept(life, request, connection, words)
        case .reject(let request, let words):
            guard let (wire, _) = life.requests.removeValue(forKey: request) else { return }
            send(to: wire.initiator) { [self] in
                tell(wire.initiator, .refused(wire.initiator.connection, words))
            }
        case .readStatusBlock(let connection, let operation, let key):
            reach(life, connection, operation, key) { $0.key == key ? $0.block : nil }
        case .writeMailbox(let connection, let operation, let kind, let words, let key):
            reach(life, connection, operation, key) {
                guard $0.key &+ 1 == key else { return nil }
                for index in words.indices { $0.mailbox[kind.offset / 8 + index] = words[index] }
                return InlineArray(repeating: 0)
            }
        case .retire(let connection):
            guard let wire = life.wires.removeValue(forKey: connection) else {
                Issue.record("\(name): \(connection) retired twice, or never begun\n\(tail)")
                return
            }
            sendEnd(of: wire, from: life)
        case .publish(let words):
            life.block = words
            life.everSaw.insert(life.manager.block.partnerSeen)
        case .clearMailbox:
            life.mailbox = InlineArray(repeating: 0)
            life.mailboxSeen = life.mailbox
        case .setTimer(let timer, let at): arm(timer, at, of: life)
        case .cancelTimer(let timer): life.timers[timer] = nil
        case .record(let record): note(record, by: life)
        case .finished:
            end(life)
        }
    }

    private func arm(_ timer: TimerName, _ at: Instant, of life: Life) {
        life.armings += 1
        let arming = life.armings
        life.timers[timer] = (at, arming)
        time.arrange(after: at - now) { [self] in
            if !life.isFrozen { fire(timer, arming, of: life) }
        }
    }

    private func fire(_ timer: TimerName, _ arming: UInt64, of life: Life) {
        guard life.endedAt == nil, life.timers[timer]?.arming == arming else { return }
        life.timers[timer] = nil
        feed(.timer(timer), to: life)
    }

    private func end(_ life: Life) {
        noteFault()
        life.endedAt = now
        lives[life.node] = nil
    }

    func noteFault() { lastFault = now }

    private func note(_ record: HistoryRecord, by life: Life) {
        history.append(Line(at: now, node: life.node, incarnation: life.incarnation, record: record))
        if record.event == .established { checkEstablishment(by: life) }
        if record.event == .verdict { checkVerdict(record, by: life) }
        if let (node, event) = killAfter, node == life.node, event == record.event {
            killAfter = nil
            kill(node)
        }
    }

    // MARK: The transport

    /// Carries a message over, unless the rail is cut when it leaves or when it arrives.
    private func send(to end: End?, _ arrive: @escaping () -> Void) {
        guard !isCut else { return }
        time.arrange(after: .nanoseconds(.random(in: latency, using: &random))) { [self] in
            guard !isCut, end.map({ hasPower[$0.life.node] }) ?? true else { return }
            arrive()
        }
    }

    private func tell(_ end: End, _ event: Event) {
        if end.exists { feed(event, to: end.life) }
    }

    private func connect(_ life: Life, _ connection: ConnectionID, _ words: ConnectionPrivateData.Words) {
        let wire = Wire(initiator: End(life: life, connection: connection))
        life.wires[connection] = wire
        send(to: nil) { [self] in
            let other = 1 - life.node
            guard hasPower[other] else { return }
            guard let partner = lives[other], partner.isListening else {
                return send(to: wire.initiator) { [self] in
                    tell(wire.initiator, .connectFailed(connection, .nobodyListens))
                }
            }
            partner.requestNumber += 1
            let request = RequestID(value: partner.requestNumber)
            partner.requests[request] = (wire, words)
            feed(.request(request, words), to: partner)
        }
    }

    private func accept(
        _ life: Life, _ request: RequestID, _ connection: ConnectionID, _ words: ConnectionPrivateData.Words
    ) {
        guard let (wire, _) = life.requests.removeValue(forKey: request) else { return }
        life.wires[connection] = wire
        wire.acceptor = End(life: life, connection: connection)
        guard wire.initiator.exists else {
            // Its sender has given up meanwhile: the accept fails on the spot.
            return time.arrange(after: .zero) { [self] in
                if let end = wire.acceptor { tell(end, .connectFailed(connection, .local)) }
            }
        }
        send(to: wire.initiator) { [self] in
            tell(wire.initiator, .connected(wire.initiator.connection, words))
        }
    }

    /// Tells the other end that this one is gone.
    private func sendEnd(of wire: Wire, from life: Life) {
        guard let end = wire.other(than: life) else { return }
        send(to: end) { [self] in
            let isUp = end.life === wire.initiator.life ? wire.initiator.isUp : wire.acceptor?.isUp ?? false
            tell(
                end,
                isUp ? .disconnected(end.connection) : .connectFailed(end.connection, .refusedByTransport))
        }
    }

    /// A one-sided operation: tried again until the partner's memory answers or the retries are exhausted.
    private func reach(
        _ life: Life, _ connection: ConnectionID, _ operation: Operation, _ key: UInt32,
        since: Instant? = nil, _ touch: @escaping (Life) -> StatusBlock.Words?
    ) {
        guard let wire = life.wires[connection] else {
            Issue.record("\(name): \(operation) posted on a connection that is gone\n\(tail)")
            return
        }
        let here = End(life: life, connection: connection)
        let posted = since ?? now
        var answered = false
        send(to: nil) { [self] in
            guard let there = wire.other(than: life), there.exists, hasPower[there.life.node] else { return }
            let words = touch(there.life)
            send(to: here) { [self] in
                answered = true
                let reads = operation != .firstWrite && operation != .secondWrite
                tell(
                    here,
                    .completed(
                        connection, operation, words == nil ? .refusedByPartner : .success,
                        reads ? words : nil))
            }
        }
        time.arrange(after: .milliseconds(15)) { [self] in
            guard !answered, here.exists else { return }
            if now - posted >= retryTime {
                tell(here, .completed(connection, operation, .retryExceeded, nil))
            } else {
                reach(life, connection, operation, key, since: posted, touch)
            }
        }
    }

    // MARK: What must hold

    private func check(_ life: Life, after event: Event) {
        let manager = life.manager
        let isLeaving = if case .farewell = manager.link { true } else { false }
        if (manager.verdict == .alive) != life.isEstablished, !isLeaving {
            Issue.record("\(name): alive and established are not the same after \(event)\n\(tail)")
        }
        let armed = Set(life.timers.keys)
        let allowed: Set<TimerName>
        switch manager.link {
        case .closed: allowed = []
        case .waiting: allowed = [.backoff]
        case .connecting: allowed = [.attempt]
        case .accepting: allowed = [.handshake]
        case .handshaking: allowed = [.tick, .handshake, .poll]
        case .established: allowed = [.tick]
        case .farewell: allowed = [.tick, .farewell]
        }
        // The mailbox is looked into before the timer that woke the process is handed over.
        let mayBeFiring = if case .mailbox = event { true } else { false }
        if !armed.isSubset(of: allowed) || armed.isEmpty && !allowed.isEmpty && !mayBeFiring {
            Issue.record("\(name): \(manager.link.name) with timers \(armed)\n\(tail)")
        }
        if life.wires.count > 1 { Issue.record("\(name): \(life.wires.count) endpoints\n\(tail)") }
    }

    /// Established only between two incarnations that were both alive and each saw the other.
    private func checkEstablishment(by life: Life) {
        guard let peer = life.manager.link.peer, let wire = life.wires[peer.connection],
            let partner = wire.other(than: life)?.life
        else {
            Issue.record("\(name): established without a connection\n\(tail)")
            return
        }
        // News are two messages old at most, and the mailbox is looked into every 250 us. Who stood still for
        // less than a hundred milliseconds does not notice it.
        let frozen = life.thawedAt.map { now - $0 < .milliseconds(20) } ?? false
        let age = TimeSpan.nanoseconds(2 * latency.upperBound + 500_000 + (frozen ? 110_000_000 : 0))
        let lived = partner.endedAt.map { now - $0 < age } ?? true
        if !lived || partner.incarnation != peer.incarnation || !partner.everSaw.contains(life.incarnation)
            || !life.everSaw.contains(partner.incarnation)
        {
            Issue.record("\(name): established with one that is not alive or did not see this side\n\(tail)")
        }
    }

    /// A partner that lives, runs and is connected is never given another verdict than alive.
    private func checkVerdict(_ record: HistoryRecord, by life: Life) {
        guard let verdict = record["verdict"], verdict != "alive" else { return }
        // The retries, the miss limit or an attempt's patience after the last fault, the truth is out.
        guard let lastFault, now - lastFault < .milliseconds(1_100) else {
            Issue.record("\(name): \(verdict) although nothing happened to anybody\n\(tail)")
            return
        }
    }

    /// The last of the history, for messages.
    var tail: String {
        history.suffix(40).map { line in
            "\(line.at.nanoseconds / 1000) us \(line.node + 1) \(line.record.text)"
        }.joined(separator: "\n")
    }
}

extension Event {
    /// The connection that the event is of.
    fileprivate var connection: ConnectionID? {
        switch self {
        case .connected(let connection, _), .refused(let connection, _), .connectFailed(let connection, _),
            .disconnected(let connection), .completed(let connection, _, _, _):
            connection
        case .listening, .bootPhase, .timer, .request, .mailbox, .stop:
            nil
        }
    }
}
