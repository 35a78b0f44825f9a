/// The cluster connection manager as a value: events in, actions out, time as an argument.
///
/// It reads no clock, draws no random number that it was not seeded with and touches no memory but its own,
/// so that it runs unchanged in a partner process, under a simulator and in a replay. The driver MUST hand
/// over events in the order in which they happened, completions and connection events before timers that
/// came due at the same moment, and MUST carry out all actions of an event before the next one.
public struct ConnectionManager: Sendable {
    /// What it was told.
    public let settings: Settings
    /// This life.
    public let incarnation: Incarnation
    /// Where it stands with the partner on each rail, in the order of the configuration; never empty.
    public internal(set) var rails: [RailState]
    /// What it holds of the partner; nil while there is no evidence either way.
    public private(set) var verdict: Verdict?
    /// When the verdict last changed.
    public private(set) var verdictSince: Instant
    /// The partner's boot phase, as last read.
    public private(set) var partnerPhase: BootPhase?
    /// The partner's life that was last proven by a read.
    public private(set) var partnerIncarnation: Incarnation = .none
    /// What was counted.
    public internal(set) var counters = Counters()

    var superseded = SupersededIncarnations()
    /// The life whose connection gave way to another's request. Which of the two is the stale one only a read
    /// can tell: a request of an earlier life may have been overtaken by the present one's.
    var replaced: Incarnation = .none
    /// The life that refused this one, or was refused, over what both speak: no use to connect with it again.
    var incompatiblePartner: Incarnation = .none
    var exchange = Exchange()
    /// Since when the partner has been read in its present boot phase, and whether a stall of it was reported.
    var partnerPhaseSince: Instant
    var stallIsReported = false
    var random: SplitMix64
    var accessRefusals = Repetition()
    var strangerReasonsLogged: UInt32 = 0
    private var connections: UInt32 = 0
    /// When this side last found that it had stood still.
    var lateAt: Instant?

    /// A CCM at the very start of its boot.
    ///
    /// - Parameters:
    ///   - incarnation: MUST be one that no life of this node ever had, and not `.none`.
    ///   - seed: of the backoff's jitter.
    ///   - now: the moment of the start.
    public init(settings: Settings, incarnation: Incarnation, seed: UInt64, at now: Instant) {
        self.settings = settings
        self.incarnation = incarnation
        verdictSince = now
        partnerPhaseSince = now
        random = SplitMix64(seed: seed)
        let block = StatusBlock(
            phase: .poweredOn, role: settings.role, incarnation: incarnation, cluster: settings.cluster,
            node: settings.node, heartbeat: 0, partnerSeen: .none)
        rails = Array(repeating: RailState(block, settings), count: max(1, min(settings.rails, RailID.limit)))
    }

    /// How many messages may be under way in each direction: as many receives MUST be posted on a connection
    /// before its partner can send, and again once a message was handed over.
    public static let messageWindow = Exchange.window

    /// How far the own boot has come.
    public var phase: BootPhase { rails[0].block.phase }

    /// Where it stands on a rail of the pair.
    public internal(set) subscript(rail: RailID) -> RailState {
        get { rails[Int(rail.index)] }
        _modify { yield &rails[Int(rail.index)] }
    }

    /// Whether a change of this rail's mailbox matters now; the driver need not look into it at other times.
    public func watchesMailbox(of rail: RailID) -> Bool {
        switch self[rail].link {
        case .connecting, .accepting, .handshaking: true
        case .closed, .waiting, .established, .farewell: false
        }
    }

    /// Takes an event and appends what is to be done about it to `actions`.
    ///
    /// Appends nothing else and removes nothing, so a driver that keeps the array's capacity gets through
    /// its heartbeats without taking memory from the heap.
    public mutating func handle(_ event: Event, at now: Instant, into actions: inout [Action]) {
        guard event.rail.map({ Int($0.index) < rails.count }) ?? true else { return }
        noteLateness(at: now, into: &actions)
        switch event {
        case .listening(let rail, let statusBlockKey, let mailboxKey):
            self[rail].keys = RailState.Keys(statusBlock: statusBlockKey, mailbox: mailboxKey)
            advance(to: .ccmListening, into: &actions)
            if case .closed = self[rail].link { attempt(on: rail, at: now, into: &actions) }
        case .railLost(let rail):
            railLost(rail, at: now, into: &actions)
        case .bootPhase(let phase):
            advance(to: phase, into: &actions)
        case .timer(let name, let rail):
            timerFired(name, on: rail, at: now, into: &actions)
        case .request(let request, let words):
            requested(request, words, at: now, into: &actions)
        case .connected(let connection, let words):
            connected(connection, words, at: now, into: &actions)
        case .refused(let connection, let words):
            refused(connection, words, at: now, into: &actions)
        case .connectFailed(let connection, let failure):
            connectFailed(connection, failure, at: now, into: &actions)
        case .disconnected(let connection):
            disconnected(connection, at: now, into: &actions)
        case .completed(let connection, let operation, let outcome, let words):
            completed(connection, operation, outcome, words, at: now, into: &actions)
        case .received(let connection, let bytes):
            received(connection, bytes, at: now, into: &actions)
        case .overlong(let connection):
            received(connection, nil, at: now, into: &actions)
        case .sent(let connection, let outcome):
            sent(connection, outcome, at: now, into: &actions)
        case .accessRefused(let queuePair, let connection, let client):
            accessRefused(queuePair, connection, client, into: &actions)
        case .portsMade(let connection, let tables):
            portsMade(connection, tables, into: &actions)
        case .portsConnected(let connection, let pairs):
            portsConnected(connection, pairs, into: &actions)
        case .portsFailed(let connection, let pair):
            portsFailed(connection, pair, into: &actions)
        case .register(let client, let information):
            register(client, information, into: &actions)
        case .withdraw(let client):
            withdraw(client, into: &actions)
        case .mailbox(let words, let rail):
            self[rail].mailbox = words
            lookIntoMailbox(on: rail, at: now, into: &actions)
        case .stop:
            beginFarewell(at: now, into: &actions)
        }
    }

    /// Takes an event and returns what is to be done about it.
    public mutating func handle(_ event: Event, at now: Instant) -> [Action] {
        var actions: [Action] = []
        handle(event, at: now, into: &actions)
        return actions
    }
}

// MARK: - What the parts share

extension ConnectionManager {
    mutating func move(_ rail: RailID, to link: Link) { self[rail].link = link }

    mutating func nextConnection(on rail: RailID) -> ConnectionID {
        connections &+= 1
        return ConnectionID(value: connections, rail: rail)
    }

    mutating func nextPause(on rail: RailID) -> TimeSpan {
        rails[Int(rail.index)].backoff.next(using: &random)
    }

    /// The rails, in their order.
    var railNumbers: some Sequence<RailID> { (0..<UInt8(rails.count)).lazy.map { RailID(index: $0) } }

    /// The first rail on which heartbeats prove that the partner is there; nil while none does.
    var firstEstablished: RailID? {
        for index in rails.indices where rails[index].isEstablished { return RailID(index: UInt8(index)) }
        return nil
    }

    mutating func publish(_ rail: RailID, into actions: inout [Action]) {
        if exchange.connection.rail == rail { exchange.shown = self[rail].block.messagesTaken }
        actions.append(.publish(self[rail].block.words, rail))
    }

    mutating func beat(on rail: RailID, into actions: inout [Action]) {
        self[rail].block.heartbeat &+= 1
        publish(rail, into: &actions)
    }

    mutating func showPartnerSeen(
        _ incarnation: Incarnation, on rail: RailID, into actions: inout [Action]
    ) {
        guard self[rail].block.partnerSeen != incarnation else { return }
        self[rail].block.partnerSeen = incarnation
        publish(rail, into: &actions)
    }

    /// What an attempt to connect tells of the partner. While another rail carries heartbeats it tells nothing of the
    /// partner, but of its own rail.
    mutating func holdUnconnected(
        _ new: Verdict?, _ reason: StaticString, at now: Instant, into actions: inout [Action]
    ) {
        guard firstEstablished == nil else { return }
        setVerdict(new, reason, at: now, into: &actions)
    }

    mutating func setVerdict(
        _ new: Verdict?, _ reason: StaticString, at now: Instant, into actions: inout [Action]
    ) {
        guard new != verdict else { return }
        actions.append(
            .record(
                HistoryRecord(.verdict)
                    .with("verdict", .text(name(of: new))).with("previous", .text(name(of: verdict)))
                    .with("reason", .text(reason)).with(
                        "partnerIncarnation", .incarnation(partnerIncarnation))))
        verdict = new
        verdictSince = now
        notifyAll(.verdict(new, partnerIncarnation), into: &actions)
    }

    /// A read has proven that this life of the partner is there, and how far it has come.
    mutating func proven(
        _ partner: StatusBlock, on rail: RailID, at now: Instant, into actions: inout [Action]
    ) {
        if replaced != partner.incarnation { superseded.insert(replaced) }
        replaced = .none
        if partner.incarnation != partnerIncarnation {
            if partnerIncarnation != .none {
                superseded.insert(partnerIncarnation)
                retireOthers(than: partner.incarnation, at: now, into: &actions)
                if verdict != nil && verdict != .dead {
                    setVerdict(.rebooted, "newIncarnation", at: now, into: &actions)
                }
                tellLosses(into: &actions)
            }
            partnerIncarnation = partner.incarnation
            partnerPhase = nil
            for rail in railNumbers { self[rail].partnerPhase = nil }
        }
        self[rail].partnerPhase = partner.phase
        // Another rail may have shown a later phase already: what was read first need not be told first.
        guard partnerPhase.map({ partner.phase > $0 }) ?? true else { return }
        partnerPhase = partner.phase
        partnerPhaseSince = now
        stallIsReported = false
        actions.append(
            .record(
                HistoryRecord(.partnerPhase).with("phase", .text(partner.phase.name))
                    .with("partnerIncarnation", .incarnation(partner.incarnation))))
        notifyAll(.partnerPhase(partner.phase, partner.incarnation), into: &actions)
        if firstEstablished != nil { watchBoot(at: now, into: &actions) }
    }

    mutating func advance(to phase: BootPhase, into actions: inout [Action]) {
        guard phase > self.phase else { return }
        for rail in railNumbers {
            self[rail].block.phase = phase
            publish(rail, into: &actions)
        }
        actions.append(.record(HistoryRecord(.bootPhase).with("phase", .text(phase.name))))
    }

    private func name(of verdict: Verdict?) -> StaticString { verdict?.name ?? "none" }
}

// MARK: - Timers

extension ConnectionManager {
    private mutating func timerFired(
        _ name: TimerName, on rail: RailID, at now: Instant, into actions: inout [Action]
    ) {
        switch name {
        case .tick: tick(on: rail, at: now, into: &actions)
        case .attempt: attemptTimedOut(on: rail, at: now, into: &actions)
        case .backoff: if case .waiting = self[rail].link { attempt(on: rail, at: now, into: &actions) }
        case .handshake: handshakeTimedOut(on: rail, at: now, into: &actions)
        case .poll: poll(on: rail, at: now, into: &actions)
        case .farewell: for rail in railNumbers { endFarewell(on: rail, "farewellTimer", into: &actions) }
        case .exchange: exchangeTimedOut(at: now, into: &actions)
        case .stall: bootStalled(at: now, into: &actions)
        }
    }

    /// Begins to count heartbeat intervals.
    mutating func startTicking(on rail: RailID, at now: Instant, into actions: inout [Action]) {
        let due = now + settings.heartbeatInterval
        self[rail].tickDue = due
        actions.append(.setTimer(.tick, due, rail))
    }

    mutating func stopTicking(on rail: RailID, into actions: inout [Action]) {
        self[rail].tickDue = nil
        actions.append(.cancelTimer(.tick, rail))
    }

    private mutating func tick(on rail: RailID, at now: Instant, into actions: inout [Action]) {
        guard let due = self[rail].tickDue else { return }
        // A tick that came late is not made up for: the next one is a whole interval away, so that every
        // miss counted against the partner rests on an interval in which this process ran.
        let next = due + settings.heartbeatInterval
        let following = next > now ? next : now + settings.heartbeatInterval
        self[rail].tickDue = following
        beat(on: rail, into: &actions)
        heartbeat(on: rail, at: now, into: &actions)
        // The heartbeat may have ended the connection, and the ticking with it.
        if self[rail].tickDue != nil { actions.append(.setTimer(.tick, following, rail)) }
    }

    /// A side that did not run for so long that its partner may hold it for hung has no right to judge.
    private mutating func noteLateness(at now: Instant, into actions: inout [Action]) {
        var earliest: Instant?
        for index in rails.indices {
            if let due = rails[index].tickDue, earliest.map({ due < $0 }) ?? true { earliest = due }
        }
        guard let earliest else { return }
        let late = now - earliest
        guard late > settings.heartbeatInterval * UInt64(settings.missLimit) / 2 else { return }
        if !wasLate(at: now) {
            counters.lateTicks += 1
            actions.append(.record(HistoryRecord(.lateTick).with("lateNs", .number(late.nanoseconds))))
        }
        lateAt = now
    }

    /// Whether this side had just come back from standing still at this moment, or has stood still since.
    func wasLate(at moment: Instant) -> Bool {
        guard let lateAt else { return false }
        return moment < lateAt + settings.heartbeatInterval * 2
    }
}
