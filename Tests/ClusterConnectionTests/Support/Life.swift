@testable import ClusterConnection

/// One life of a partner's process: its manager, the memory that the other side reaches, its endpoints.
final class Life {
    let node: Int
    let key: UInt32
    var manager: ConnectionManager
    var block: StatusBlock.Words = InlineArray(repeating: 0)
    var mailbox: Mailbox = InlineArray(repeating: 0)
    var mailboxSeen: Mailbox = InlineArray(repeating: 0)
    var wires: [ConnectionID: Wire] = [:]
    var requests: [RequestID: (Wire, ConnectionPrivateData.Words)] = [:]
    var requestNumber: UInt32 = 0
    /// When each armed timer comes due, and which arming that was.
    var timers: [TimerName: (at: Instant, arming: UInt64)] = [:]
    var armings: UInt64 = 0
    var isListening = false
    var isFrozen = false
    var thawedAt: Instant?
    /// What happened while it was frozen.
    var backlog: [Event] = []
    var endedAt: Instant?
    /// Every partner incarnation that its status block ever showed as seen.
    var everSaw: Set<Incarnation> = []

    init(node: Int, settings: Settings, incarnation: Incarnation, seed: UInt64, at now: Instant) {
        self.node = node
        key = UInt32(truncatingIfNeeded: incarnation.value)
        manager = ConnectionManager(settings: settings, incarnation: incarnation, seed: seed, at: now)
    }

    var incarnation: Incarnation { manager.incarnation }
    var isEstablished: Bool { if case .established = manager.link { true } else { false } }
}

/// One end of a transport connection.
struct End {
    let life: Life
    let connection: ConnectionID
    /// Whether it has learnt that the transport is up.
    var isUp = false
    /// Whether its side still has the endpoint.
    var exists: Bool { life.endedAt == nil && life.wires[connection] != nil }
}

/// A transport connection, from the request on.
final class Wire {
    var initiator: End
    var acceptor: End?

    init(initiator: End) { self.initiator = initiator }

    func other(than life: Life) -> End? { life === initiator.life ? acceptor : initiator }
}
