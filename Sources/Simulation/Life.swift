import ClusterConnection

/// One life of a partner's process: its connection manager, the memory that the other side reaches, its endpoints.
public struct Life: Sendable {
    /// The node that it is a life of.
    public let node: NodeNumber
    /// This life.
    public let incarnation: Incarnation
    /// The connection manager.
    public internal(set) var manager: ConnectionManager
    /// When it ended; nil while it lives.
    public internal(set) var endedAt: Instant?
    /// When the kernel was done with what it left; nil before that.
    public internal(set) var buriedAt: Instant?
    /// What ended it; nil while it lives.
    public internal(set) var ending: Ending?
    /// Whether it stands still (SIGSTOP).
    public internal(set) var isFrozen = false
    /// Since when it does; nil while it runs.
    public internal(set) var frozenAt: Instant?
    /// When it last went on after that.
    public internal(set) var thawedAt: Instant?

    /// Whether it has said ready and heard it, and each of its clients that has a counterpart is ready.
    public internal(set) var isReady = false
    /// The connection that carries the exchange, and how many of its messages have been taken.
    var exchangeConnection: ConnectionID?
    var messagesTaken: UInt32 = 0

    /// What the partner reaches, by rail.
    var memory: [RailMemory]
    /// Its endpoints: the transport connection of each connection that it holds.
    var endpoints: [Endpoint] = []
    /// Requests that its manager has not answered.
    var requests: [(request: RequestID, wire: WireNumber)] = []
    var requestCount: UInt32 = 0
    var timers: Timers
    var isListening = false
    /// What happened while it was frozen.
    var backlog: [Event] = []
    /// What its manager wanted done when its failpoint froze it; done when it goes on.
    var heldActions: [Action] = []
    /// Every partner incarnation that its status block ever showed as seen.
    var everSaw: [Incarnation] = []
    /// The ports that there are.
    var ports: [Ports] = []
    /// Every pair whose ports could ever receive here, with the incarnation that they were connected with.
    var everConnected: [(pair: ClientPair, partner: Incarnation)] = []
    var clients: [ClientModel]
    /// How many memory regions were registered for ports.
    var regions: UInt32 = 0
    /// Clients whose ports cannot be made.
    var cannotMakePorts: Set<ClientID> = []
    /// The laboratory's failpoint.
    var failpoint: Failpoint?
    var operations: UInt32 = 0
    /// When it began to connect; no more than make a storm.
    var attempts: [Instant] = []
    /// Since when the connection was established that was retired last.
    var lostSince: Instant?

    /// How a life can end.
    public enum Ending: Sendable {
        /// An orderly shutdown.
        case stopped
        /// SIGKILL.
        case killed
        /// Its own failpoint.
        case failpoint
        /// The node lost power.
        case poweredOff
    }

    struct Endpoint: Sendable {
        let connection: ConnectionID
        let wire: WireNumber
        let side: Side
        /// The number of the one-sided operation under way; nil when none is.
        var underWay: UInt32?
        /// Messages sent.
        var messages: UInt32 = 0
        /// When it was made, and whether a handshake on it was completed.
        let since: Instant
        var isProven = false
    }

    /// What the partner reaches on a rail.
    struct RailMemory: Sendable {
        var block: StatusBlock.Words = InlineArray(repeating: 0)
        /// What the block was before the latest store, and when that was.
        var blockBefore: StatusBlock.Words = InlineArray(repeating: 0)
        var storedAt = Instant(nanoseconds: 0)
        var mailbox: Mailbox = InlineArray(repeating: 0)
        var hasNews = false
        /// The transport connection over which the confirmation in the mailbox came.
        var confirmedOn: WireNumber?
    }

    /// A client's ports.
    struct Ports: Sendable {
        let connection: ConnectionID
        let table: PortTable
        /// The partner's table, once they are connected.
        var partnerTable: PortTable?
        var isConnected: Bool { partnerTable != nil }
        /// Work that was posted, and work of the counterpart's that has arrived.
        var posted: UInt32 = 0
        var arrived: UInt32 = 0
        var lastArrival = Instant(nanoseconds: 0)
        /// Whether work on them has failed.
        var hasFailed = false
    }

    init(node: NodeNumber, _ plan: NodePlan, incarnation: Incarnation, seed: UInt64, at now: Instant) {
        self.node = node
        self.incarnation = incarnation
        manager = ConnectionManager(settings: plan.settings, incarnation: incarnation, seed: seed, at: now)
        memory = Array(repeating: RailMemory(), count: manager.rails.count)
        timers = Timers(rails: manager.rails.count)
        clients = plan.clients.enumerated().map { ClientModel($1, as: ClientID(value: UInt16($0 + 1))) }
    }

    /// What it holds of the transport: endpoints (each with a queue pair), queue pairs with those of its ports, and memory
    /// that ports lead to.
    public var holdings: (endpoints: UInt64, queuePairs: UInt64, portMemories: UInt64) {
        let portPairs = ports.reduce(0) { $0 + $1.table.ports.count }
        return (UInt64(endpoints.count), UInt64(endpoints.count + portPairs), UInt64(ports.count))
    }

    /// The key of a rail's status block; the mailbox has the next one.
    static func key(of rail: RailID, _ incarnation: Incarnation) -> UInt32 {
        UInt32(truncatingIfNeeded: incarnation.value) &* 8 &+ 2 * UInt32(rail.index)
    }
}

extension [Life.Endpoint] {
    /// Where the endpoint of a connection stands; nil where there is none.
    func place(of connection: ConnectionID) -> Int? {
        for index in indices where self[index].connection == connection { return index }
        return nil
    }
}

/// When each timer of a life comes due.
struct Timers: Sendable {
    private var due: [UInt64]
    /// The earliest of them.
    private(set) var next = UInt64.max
    /// Which are set, by rail, as bits by `TimerName.rawValue`.
    private(set) var armedBits: [UInt16]
    private static let count = TimerName.allCases.count

    init(rails: Int) {
        due = Array(repeating: .max, count: rails * Self.count)
        armedBits = Array(repeating: 0, count: rails)
    }

    mutating func set(_ name: TimerName, of rail: RailID, _ instant: Instant) {
        let place = Int(rail.index) * Self.count + Int(name.rawValue)
        let former = due[place]
        due[place] = instant.nanoseconds
        armedBits[Int(rail.index)] |= 1 << UInt16(name.rawValue)
        if instant.nanoseconds <= next { next = instant.nanoseconds } else if former == next { refresh() }
    }

    mutating func cancel(_ name: TimerName, of rail: RailID) {
        let place = Int(rail.index) * Self.count + Int(name.rawValue)
        let former = due[place]
        due[place] = .max
        armedBits[Int(rail.index)] &= ~(1 << UInt16(name.rawValue))
        if former == next { refresh() }
    }

    /// Takes the earliest of them, if it is due; of two that are due at the same moment, the one that comes first in
    /// the order of rails and names.
    mutating func takeDue(at now: Instant) -> (TimerName, RailID)? {
        guard next <= now.nanoseconds, next != .max, let place = due.firstIndex(of: next) else { return nil }
        return take(place)
    }

    /// Takes the timer at this place, whenever it is due.
    mutating func take(_ place: Int) -> (TimerName, RailID)? {
        due[place] = .max
        armedBits[place / Self.count] &= ~(1 << UInt16(place % Self.count))
        refresh()
        return name(of: place).map { ($0, RailID(index: UInt8(place / Self.count))) }
    }

    /// The timers that are set, in the order in which they come due.
    var armed: [(place: Int, at: Instant)] {
        due.indices.filter { due[$0] != .max }.map { ($0, Instant(nanoseconds: due[$0])) }
            .sorted { ($0.at, $0.place) < ($1.at, $1.place) }
    }

    func isSet(_ name: TimerName, of rail: RailID) -> Bool {
        due[Int(rail.index) * Self.count + Int(name.rawValue)] != .max
    }

    private func name(of place: Int) -> TimerName? { TimerName(rawValue: UInt8(place % Self.count)) }

    private mutating func refresh() {
        next = .max
        for instant in due where instant < next { next = instant }
    }
}
