@testable import ClusterConnection

/// One life of a partner's process: its manager, the memory that the other side reaches, its endpoints.
final class Life {
    let node: Int
    let key: UInt32
    var manager: ConnectionManager
    /// The memory of each rail.
    var memory: [Memory]
    var wires: [ConnectionID: Wire] = [:]
    var requests: [RequestID: (Wire, ConnectionPrivateData.Words)] = [:]
    var requestNumber: UInt32 = 0
    /// When each armed timer comes due, and which arming that was.
    var timers: [TimerKey: (at: Instant, arming: UInt64)] = [:]
    var armings: UInt64 = 0
    var isListening = false
    var isFrozen = false
    var thawedAt: Instant?
    /// What happened while it was frozen.
    var backlog: [Event] = []
    var endedAt: Instant?
    /// Pairs whose ports are being made.
    var ordered: Set<ClientPair> = []
    /// The ports of each pair that there are, of which connection, and whether they are connected.
    var ports: [ClientPair: PortsOfPair] = [:]
    /// Every pair whose ports could ever receive here.
    var everConnected: Set<ClientPair> = []
    /// With which client of the partner each was ready last.
    var readyWith: [ClientID: ClientID] = [:]
    /// How many clients have registered.
    var clients = 0
    /// What each client was told.
    var notices: [ClientID: [ClientNotice]] = [:]
    /// How long the driver takes for one client's ports.
    var portLatency = TimeSpan.microseconds(200)
    /// Clients whose ports cannot be made.
    var cannotMakePorts: Set<ClientID> = []
    /// Clients whose ports can be made, and not connected.
    var cannotConnectPorts: Set<ClientID> = []
    /// Every partner incarnation that its status block ever showed as seen.
    var everSaw: Set<Incarnation> = []

    init(node: Int, settings: Settings, incarnation: Incarnation, seed: UInt64, at now: Instant) {
        self.node = node
        key = UInt32(truncatingIfNeeded: incarnation.value)
        memory = Array(repeating: Memory(), count: settings.rails)
        manager = ConnectionManager(settings: settings, incarnation: incarnation, seed: seed, at: now)
    }

    var incarnation: Incarnation { manager.incarnation }
    /// On any rail.
    var isEstablished: Bool { manager.rails.contains { $0.isEstablished } }
}

/// What the partner reaches on a rail.
struct Memory {
    var block: StatusBlock.Words = InlineArray(repeating: 0)
    var mailbox: Mailbox = InlineArray(repeating: 0)
    var mailboxSeen: Mailbox = InlineArray(repeating: 0)
}

/// A timer of a rail.
struct TimerKey: Hashable {
    let name: TimerName
    let rail: RailID
}

extension Life {
    subscript(rail: RailID) -> Memory {
        get { memory[Int(rail.index)] }
        set { memory[Int(rail.index)] = newValue }
    }

    /// The key of a rail's status block; the mailbox has the next one.
    func key(of rail: RailID) -> UInt32 { key &+ 2 * UInt32(rail.index) }
}

/// A client's ports at one side.
struct PortsOfPair {
    let connection: ConnectionID
    let table: PortTable
    var isConnected = false
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
    /// When the latest message arrives at each side: messages do not overtake each other.
    var lastArrival: [Instant] = [Instant(nanoseconds: 0), Instant(nanoseconds: 0)]
    /// Messages that have arrived at each side, and found a receive.
    var arrived: [UInt32] = [0, 0]

    init(initiator: End) { self.initiator = initiator }

    func other(than life: Life) -> End? { life === initiator.life ? acceptor : initiator }
}
