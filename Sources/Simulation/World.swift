import ClusterConnection

/// Two connection managers, the memory that they reach of each other, their clients and the interconnect between them,
/// in virtual time.
///
/// A value: a copy of it goes on by itself. All that happens by chance comes out of one seed. It keeps the driver's
/// side of the contract (`ConnectionManager.handle`) and the guarantees of verbs: what is posted to one queue pair
/// takes place in its order, and so do its completions; a read of several words may be torn; a connection request may
/// be lost, and is not repeated by anybody but the connection manager; an operation that nothing answers is tried again
/// until the transport's patience is over. After every event it checks what must always hold.
public struct World: Sendable {
    /// A line of a history.
    public struct Line: Sendable {
        /// When.
        public let at: Instant
        /// Whose.
        public let node: NodeNumber
        /// In which life.
        public let incarnation: Incarnation
        /// What.
        public let record: HistoryRecord
    }

    /// An event that was handed to a connection manager.
    public struct Step: Sendable {
        /// When.
        public let at: Instant
        /// To which life's, by its place in `World.lives`.
        public let life: Int
        /// What happened.
        public let event: Event
        /// What the manager wanted done about it.
        public let actions: [Action]
    }

    /// What the nodes are configured with.
    public let nodes: [NodePlan]
    /// How the interconnect behaves.
    public let fabric: FabricPlan
    /// The present moment.
    public internal(set) var now = Instant(nanoseconds: 1_000_000_000)
    /// All lives, in the order of their boots.
    public internal(set) var lives: [Life] = []
    /// What did not hold; the first of each life's only.
    public internal(set) var violations: [Violation] = []
    /// What the partners wrote, when it is kept.
    public internal(set) var history: [Line] = []
    /// Whether it is.
    public var keepsHistory: Bool
    /// How many events were handed to connection managers.
    public internal(set) var events: UInt64 = 0
    /// Each of them with what came of it, when they are kept; nil otherwise.
    public internal(set) var steps: [Step]?

    /// Who meddles with the managers; nil for nobody.
    public var tamper: (any Tamper)?

    var lines = Digest()
    var agenda = Agenda()
    var random: SplitMix64
    var wires: [Wire] = []
    /// The life of each node, while it has one.
    var current: [LifeNumber?] = [nil, nil]
    var hasPower = [true, true]
    /// What each rail loses: bit 0 all that node 0 sends, bit 1 all that node 1 sends.
    var cuts: [UInt8]
    /// Whether the nodes know each other's link address, by rail.
    var knowsNeighbours: [Bool]
    /// When something last happened to each node that may cost it its partner's verdict, and when it last booted.
    var troubles: [Instant?] = [nil, nil]
    var boots: [Instant?] = [nil, nil]
    /// When a rail was last cut or healed, and since when each loses something.
    var lastCut: Instant?
    var silentSince: [Instant?]
    /// Whether a node or a rail was ever silent: then a death may look like silence.
    var wasEverSilent = false
    /// Whether nothing happened to anybody yet.
    var isUntroubled = true
    /// Whether time passes as it would: then bounds in time are checked as well.
    var isTimed = true
    var actions: [Action] = []
    /// What a call that was made for a manager has come to at once.
    var eventsToCome: [Event] = []
    private var incarnations: [UInt64] = [0, 0]

    /// A world in which nothing has happened yet.
    public init(
        nodes: [NodePlan], fabric: FabricPlan = FabricPlan(), seed: UInt64, keepsHistory: Bool = false,
        keepsSteps: Bool = false
    ) {
        self.nodes = nodes
        self.fabric = fabric
        self.keepsHistory = keepsHistory
        steps = keepsSteps ? [] : nil
        random = SplitMix64(seed: seed)
        knowsNeighbours = Array(repeating: fabric.resolution == nil, count: RailID.limit)
        cuts = Array(repeating: 0, count: RailID.limit)
        silentSince = Array(repeating: nil, count: RailID.limit)
        actions.reserveCapacity(32)
    }

    /// Of everything that both partners wrote so far, and when: the same for the same seed, on every machine.
    public var digest: UInt64 { lines.value }

    /// The life of a node; nil while it has none.
    public func life(of node: NodeNumber) -> Life? { current[node].map { lives[$0] } }
}

// MARK: - What is done to the pair

extension World {
    /// A node's power comes on, unless it is on.
    ///
    /// - Parameter failpoint: what the process does to itself; what is to be done after a freeze without a delay is done when it goes on.
    public mutating func powerOn(
        _ node: NodeNumber, after span: TimeSpan = .zero, failpoint: Failpoint? = nil
    ) {
        if span == .zero {
            boot(node, failpoint)
        } else {
            agenda.add(.powerOn(node, failpoint), at: now + span)
        }
    }

    /// The process is killed; its kernel ends what it left behind.
    public mutating func kill(_ node: NodeNumber) {
        guard let number = current[node] else { return }
        end(number, .killed)
        guard fabric.afterlife.upperBound > 0 else { return vanish(number) }
        agenda.add(
            .vanished(number), at: now + .nanoseconds(.random(in: fabric.afterlife, using: &random)))
    }

    /// Nothing that a killed process had answers any more.
    mutating func vanish(_ number: LifeNumber) {
        close(number)
        guard fabric.burial.upperBound > 0 else { return bury(number) }
        agenda.add(.buried(number), at: now + .nanoseconds(.random(in: fabric.burial, using: &random)))
    }

    /// The kernel of a process that has ended tells the other side, and the process is gone.
    mutating func bury(_ number: LifeNumber) {
        lives[number].buriedAt = now
        for endpoint in lives[number].endpoints { tellEnd(of: endpoint.wire, from: endpoint.side) }
        for (_, wire) in lives[number].requests { answer(wire, .refused(nil)) }
        forget(number)
    }

    /// The node loses power; nobody says anything.
    public mutating func powerOff(_ node: NodeNumber) {
        guard let number = current[node] else { return }
        hasPower[node] = false
        wasEverSilent = true
        end(number, .poweredOff)
    }

    /// The process stands still.
    public mutating func freeze(_ node: NodeNumber) {
        guard let number = current[node], !lives[number].isFrozen else { return }
        noteTrouble(node)
        lives[number].isFrozen = true
        lives[number].frozenAt = now
    }

    /// The process stands still for so long, and goes on by itself.
    public mutating func pause(_ node: NodeNumber, for span: TimeSpan) {
        guard let number = current[node], !lives[number].isFrozen else { return }
        freeze(node)
        agenda.add(.thaw(number), at: now + span)
    }

    /// It goes on: first with what happened meanwhile, then with the timers that came due.
    public mutating func thaw(_ node: NodeNumber) {
        guard let number = current[node], lives[number].isFrozen else { return }
        noteTrouble(node)
        lives[number].isFrozen = false
        lives[number].frozenAt = nil
        lives[number].thawedAt = now
        var held = lives[number].heldActions
        lives[number].heldActions = []
        for index in held.indices { carryOut(&held[index], by: number) }
        let backlog = lives[number].backlog
        lives[number].backlog = []
        for event in backlog { feed(event, to: number) }
        fireTimers(of: number)
    }

    /// An orderly shutdown is asked for.
    public mutating func stop(_ node: NodeNumber) {
        guard let number = current[node] else { return }
        noteTrouble(node)
        feed(.stop, to: number)
    }

    /// A rail, or all of them, loses what a node sends, or everything.
    public mutating func cut(_ rail: RailID? = nil, from node: NodeNumber? = nil) {
        noteCut()
        wasEverSilent = true
        for index in cuts.indices where rail.map({ Int($0.index) == index }) ?? true {
            cuts[index] |= node.map { 1 << UInt8($0) } ?? 3
            silentSince[index] = silentSince[index] ?? now
        }
    }

    /// It carries everything again.
    public mutating func heal(_ rail: RailID? = nil) {
        noteCut()
        for index in cuts.indices where rail.map({ Int($0.index) == index }) ?? true {
            cuts[index] = 0
            silentSince[index] = nil
        }
    }

    /// A client's ports cannot be made in the present life of its node.
    public mutating func denyPorts(to client: ClientID, at node: NodeNumber) {
        if let number = current[node] { lives[number].cannotMakePorts.insert(client) }
    }

    mutating func boot(_ node: NodeNumber, _ failpoint: Failpoint?) {
        guard current[node] == nil else { return }
        // Who comes back is one more thing to find out.
        if !isUntroubled { noteTrouble(node) }
        boots[node] = now
        incarnations[node] += 1
        hasPower[node] = true
        var life = Life(
            node: node, nodes[node],
            incarnation: Incarnation(value: incarnations[node] << 8 | UInt64(node + 1)), seed: random.next(),
            at: now)
        life.failpoint = failpoint
        let number = lives.count
        lives.append(life)
        current[node] = number
        let plan = nodes[node].boot
        arrange(plan.ccmStarting) { .boot(number, .ccmStarting) }
        arrange(plan.listening) { .boot(number, .listening) }
        if let span = plan.storageOSLoading { arrange(span) { .boot(number, .storageOSLoading) } }
        if let span = plan.storageOSActive { arrange(span) { .boot(number, .storageOSActive) } }
        for (index, client) in nodes[node].clients.enumerated() {
            arrange(client.registerAt) { .client(number, .register(index)) }
            if let span = client.withdrawAt { arrange(span) { .client(number, .withdraw(index)) } }
        }
    }

    private mutating func arrange(_ span: TimeSpan, _ what: () -> Happening) {
        agenda.add(what(), at: now + span)
    }

    private mutating func noteTrouble(_ node: NodeNumber) {
        isUntroubled = false
        troubles[node] = now
    }

    private mutating func noteCut() {
        isUntroubled = false
        lastCut = now
    }

    /// A life is over, and, unless it was killed, all that it had.
    mutating func end(_ number: LifeNumber, _ ending: Life.Ending) {
        let node = lives[number].node
        noteTrouble(node)
        lives[number].endedAt = now
        lives[number].ending = ending
        lives[number].ports = []
        lives[number].backlog = []
        if current[node] == number { current[node] = nil }
        guard ending != .killed else { return }
        close(number)
        if ending == .stopped, fabric.leaving.upperBound > 0 {
            return agenda.add(
                .buried(number), at: now + .nanoseconds(.random(in: fabric.leaving, using: &random)))
        }
        lives[number].buriedAt = now
        forget(number)
    }

    private mutating func close(_ number: LifeNumber) {
        for endpoint in lives[number].endpoints { wires[endpoint.wire][endpoint.side]?.isOpen = false }
    }

    private mutating func forget(_ number: LifeNumber) {
        lives[number].endpoints = []
        lives[number].requests = []
    }
}

// MARK: - Time

extension World {
    /// When the next thing happens; nil when nothing ever will.
    public var nextInstant: Instant? {
        var next = agenda.next?.nanoseconds ?? .max
        for number in current {
            guard let number, !lives[number].isFrozen else { continue }
            next = min(next, lives[number].timers.next)
        }
        return next == .max ? nil : Instant(nanoseconds: max(next, now.nanoseconds))
    }

    /// Has the next thing happen, if it does so until `end`.
    ///
    /// - Returns: whether anything did; otherwise the time is `end` now.
    @discardableResult
    public mutating func step(until end: Instant) -> Bool {
        guard let next = nextInstant, next <= end else {
            now = max(now, end)
            return false
        }
        now = next
        // What the partner did comes before what a clock says, as a driver MUST have it.
        if let at = agenda.next, at <= next, let entry = agenda.takeFirst() {
            happen(entry.what)
            return true
        }
        for number in current {
            guard let number, !lives[number].isFrozen, lives[number].timers.next <= next.nanoseconds else {
                continue
            }
            fireTimers(of: number)
        }
        return true
    }

    /// Runs for so long.
    public mutating func run(for span: TimeSpan) {
        let end = now + span
        while step(until: end) {}
    }

    /// Runs until something holds, for `span` at most.
    ///
    /// - Returns: whether it does.
    public mutating func run(atMost span: TimeSpan, until holds: (borrowing World) -> Bool) -> Bool {
        let end = now + span
        while !holds(self) { if !step(until: end) { return holds(self) } }
        return true
    }

    mutating func fireTimers(of number: LifeNumber) {
        while lives[number].endedAt == nil, let (name, rail) = lives[number].timers.takeDue(at: now) {
            feed(.timer(name, rail), to: number)
        }
    }
}

// MARK: - Where it stands

extension World {
    /// Whether both partners are established, on one and the same connection, with each other's incarnation.
    public var areEstablished: Bool {
        guard let one = current[0], let two = current[1] else { return false }
        for rail in lives[one].manager.rails.indices {
            if areEstablished(one, two, RailID(index: UInt8(rail))) { return true }
        }
        return false
    }

    private func areEstablished(_ one: LifeNumber, _ two: LifeNumber, _ rail: RailID) -> Bool {
        guard case .established(let here) = lives[one].manager.rails[Int(rail.index)].link,
            case .established(let there) = lives[two].manager.rails[Int(rail.index)].link,
            let own = lives[one].endpoints.place(of: here.peer.connection),
            let other = lives[two].endpoints.place(of: there.peer.connection)
        else { return false }
        return lives[one].endpoints[own].wire == lives[two].endpoints[other].wire
    }

    /// Whether a node is shutting down.
    var isAnybodyLeaving: Bool {
        for number in current { if let number, lives[number].manager.phase == .shuttingDown { return true } }
        return false
    }

    /// Whether, besides, each side has said ready to the other, and every client that has a counterpart is ready.
    public var areReady: Bool {
        guard let one = current[0], let two = current[1], lives[one].isReady, lives[two].isReady else {
            return false
        }
        return areEstablished
    }
}
