import ClusterConnection

@testable import Recording

/// A life of a connection manager that is recorded while the test plays its driver.
struct Life: ~Copyable {
    private var manager: ConnectionManager
    private var recording: RecordingWriter
    private var now: Instant
    private var actions: [Action] = []
    /// What was written so far.
    private(set) var file: [UInt8] = []

    init(_ start: RecordedStart) {
        manager = start.manager
        recording = RecordingWriter(start)
        now = start.instant
    }

    /// Hands an event over, and records it.
    mutating func handle(_ event: Event, after span: TimeSpan = .milliseconds(1)) {
        now = now + span
        actions.removeAll(keepingCapacity: true)
        manager.handle(event, at: now, into: &actions)
        recording.note(event, at: now, actions)
    }

    /// Writes what was recorded, as one block.
    mutating func write() {
        let block = recording.takeBlock { Array($0) }
        file += block
    }

    /// Ends the recording.
    mutating func end() {
        recording.end()
        write()
    }

    /// What it counted.
    var counters: Counters { manager.counters }
}

extension RecordedStart {
    /// An initiator with ordinary settings.
    static var initiator: RecordedStart {
        RecordedStart(
            settings: Settings(
                node: NodeIdentity(value: 1), partnerNode: NodeIdentity(value: 2),
                cluster: ClusterIdentity(low: 5, high: 6), role: .storageSystem),
            incarnation: Incarnation(value: 0xa), seed: 1, at: Instant(nanoseconds: 1_000_000_000))
    }
}

/// A life in which an attempt fails, the next one is established, heartbeats come in, and the partner dies.
func recordedLife(_ start: RecordedStart = .initiator, beats: Int = 20, ends: Bool = true) -> [UInt8] {
    var life = Life(start)
    let partner = Incarnation(value: 0xb)
    let acceptance = ConnectionPrivateData(
        versions: .supported, cluster: start.settings.cluster, node: start.settings.partnerNode,
        incarnation: partner, statusBlockKey: 11, mailboxKey: 12, role: .storageSystem, kind: .acceptance,
        attempt: 2)
    var block = StatusBlock(
        phase: .ccmListening, role: .storageSystem, incarnation: partner, cluster: start.settings.cluster,
        node: start.settings.partnerNode, heartbeat: 1, partnerSeen: .none)
    let connection = ConnectionID(value: 2)
    life.write()
    life.handle(.bootPhase(.ccmStarting))
    life.handle(.listening(statusBlockKey: 1, mailboxKey: 2))
    life.handle(.connectFailed(ConnectionID(value: 1), .nobodyListens))
    life.handle(.timer(.backoff), after: .milliseconds(5))
    life.write()
    life.handle(.connected(connection, acceptance.words))
    life.handle(.completed(connection, .firstRead, .success, block.words))
    life.handle(.completed(connection, .firstWrite, .success, nil))
    block.partnerSeen = start.incarnation
    life.handle(.completed(connection, .secondRead, .success, block.words))
    var mailbox: Mailbox = InlineArray(repeating: 0)
    for kind in MailboxSlot.Kind.allCases {
        let slot = MailboxSlot(kind: kind, writer: partner, reader: start.incarnation).words
        for index in slot.indices { mailbox[kind.offset / 8 + index] = slot[index] }
        life.handle(.mailbox(mailbox))
        if kind == .greeting { life.handle(.completed(connection, .secondWrite, .success, nil)) }
    }
    life.write()
    for _ in 0..<beats {
        life.handle(.timer(.tick), after: .milliseconds(10))
        block.heartbeat += 1
        life.handle(.completed(connection, .heartbeatRead, .success, block.words), after: .microseconds(90))
    }
    life.write()
    life.handle(.disconnected(connection))
    if ends { life.end() } else { life.write() }
    return life.file
}
