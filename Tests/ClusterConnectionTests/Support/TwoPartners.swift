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
    /// The rails that lose everything.
    var cutRails: Set<RailID> = []
    var hasPower = [true, true]
    var history: [Line] = []
    /// When something last happened that may cost a partner its verdict.
    var lastFault: Instant?
    var killAfter: (node: Int, event: EventName)?
    /// The clients that register with every life of each node.
    var namesToRegister: [[String]] = [[], []]
    /// How long a message is under way.
    var latency: ClosedRange<UInt64> = 5_000...40_000
    /// An attempt that was lost, and the longest pause after it: what it takes to connect once all is well.
    static let bound = Settings.initiator.attemptTimeout + Settings.initiator.backoffCap + .milliseconds(20)
    let retryTime = TimeSpan.milliseconds(60)
    private var incarnations: UInt64 = 0
    let name: String

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
            for rail in life.manager.railNumbers {
                let key = life.key(of: rail)
                feed(.listening(rail, statusBlockKey: key, mailboxKey: key &+ 1), to: life)
            }
            for name in namesToRegister[node] { _ = register(name, at: node) }
        }
    }

    /// The process dies; its kernel ends what it left behind.
    func kill(_ node: Int) {
        guard let life = lives[node] else { return }
        end(life)
        for wire in life.wires.values { sendEnd(of: wire, from: life) }
        for (request, (wire, _)) in life.requests {
            send(to: wire.initiator, on: request.rail) { [self] in
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

    func cut(_ rails: RailID...) {
        noteFault()
        cutRails.formUnion(rails.isEmpty ? allRails : rails)
    }

    func heal(_ rails: RailID...) {
        noteFault()
        cutRails.subtract(rails.isEmpty ? allRails : rails)
    }

    private var allRails: [RailID] { (0..<UInt8(RailID.limit)).map { RailID(index: $0) } }

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

    /// Both are established on some rail.
    var areEstablished: Bool {
        (lives[0]?.manager.railNumbers.contains { areEstablished(on: $0) }) ?? false
    }

    /// Both are established, on one and the same connection of this rail and with each other's incarnation.
    func areEstablished(on rail: RailID) -> Bool {
        guard let one = lives[0], let two = lives[1], one.manager[rail].isEstablished,
            two.manager[rail].isEstablished, let here = one.manager[rail].link.peer,
            let there = two.manager[rail].link.peer
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

    /// The last of the history, for messages.
    var tail: String {
        history.suffix(40).map { line in
            "\(line.at.nanoseconds / 1000) us \(line.node + 1) \(line.record.text)"
        }.joined(separator: "\n")
    }
}
