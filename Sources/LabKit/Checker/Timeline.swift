import ClusterConnection

/// One life of a partner's process, as the history tells it.
struct Life {
    var partner: PartnerID
    var incarnation: String
    var pid: UInt64
    var started: HistoryEvent
    var listening: HistoryEvent?
    var phases: [(phase: BootPhase, event: HistoryEvent)] = []
    /// When the end began: the lab's signal, or else the last line that the process wrote itself.
    var endBegan: Instant?
    /// When the process was found gone.
    var ended: HistoryEvent?
    /// Whether the process was killed, by the lab or by its own failpoint.
    var wasKilled = false
    /// Whether something of the schedule ended it.
    var wasEndedByLab = false
    /// Whether its boot armed a failpoint.
    var failpoint: String?
    /// The process's own lines.
    var events: [HistoryEvent] = []

    /// When a phase began in this life.
    func moment(of phase: BootPhase) -> Instant? { phases.first { $0.phase == phase }?.event.time }

    /// Whether the process lives at a moment; its last moments count as life.
    func lives(at moment: Instant) -> Bool {
        started.time <= moment && (ended.map { moment <= $0.time } ?? true)
    }
}

/// A stretch of time, open at its end when nothing ended it.
struct Stretch {
    var from: Instant
    var to: Instant?
    /// The lab's line about its beginning.
    var event: HistoryEvent

    func contains(_ moment: Instant) -> Bool { from <= moment && (to.map { moment <= $0 } ?? true) }

    /// Whether the stretch, made longer by `aftermath`, and another stretch have a moment in common.
    func touches(from other: Instant, to end: Instant, aftermath: TimeSpan = .zero) -> Bool {
        from <= end && (to.map { other <= $0 + aftermath } ?? true)
    }
}

/// A time in which a partner held the connection established.
struct Established {
    var event: HistoryEvent
    var connection: UInt64
    /// The rail that it is on.
    var rail: UInt64
    var partnerIncarnation: String
    /// When it was lost: a verdict other than alive, or the connection retired, or the process gone.
    var lost: Instant?

    func holds(at moment: Instant) -> Bool { event.time <= moment && (lost.map { moment < $0 } ?? true) }
}

/// What happened in a run, put in order once for all rules.
struct Timeline {
    let record: RunRecord
    /// All events before the lab began to end the run.
    let events: [HistoryEvent]
    let start: Instant
    /// When the lab began to end the run.
    let end: Instant
    private(set) var lives: [PartnerID: [Life]] = [:]
    private(set) var frozen: [PartnerID: [Stretch]] = [:]
    private(set) var cuts: [Stretch] = []
    /// The times in which any rail was cut or down, also where another was whole.
    private(set) var railCuts: [Stretch] = []
    /// The times in which a partner's writes were held back.
    private(set) var held: [PartnerID: [Stretch]] = [:]
    /// The times in which a rail carried packets badly.
    private(set) var degraded: [Stretch] = []
    /// The times in which a partner got a part of a processor only, or had to wait for memory.
    private(set) var starved: [PartnerID: [Stretch]] = [:]
    /// The times in which a partner's end of the rail was taken away.
    private(set) var railless: [PartnerID: [Stretch]] = [:]
    private(set) var established: [PartnerID: [Established]] = [:]
    /// What the partners' histories tell.
    private var speeches: [PartnerID: HistorySpeech] = [:]

    init(_ record: RunRecord) {
        self.record = record
        start =
            record.events.first { $0.name == .runStarted }?.time ?? record.events.first?.time
            ?? Instant(nanoseconds: 0)
        let end = record.events.first { $0.name == .runEnded }?.time ?? record.events.last?.time ?? start
        self.end = end
        events = record.events.filter { $0.time <= end }
        for partner in PartnerID.allCases { lives[partner] = Self.lives(of: partner, in: record.events) }
        for partner in record.variant.scenario.programs.keys {
            speeches[partner] = .unsaid
            for life in lives[partner] ?? [] { speeches[partner]?.hear(life.started) }
        }
        readFaults()
        for partner in PartnerID.allCases { established[partner] = establishedStretches(of: partner) }
    }

    /// What the run's settings promise, on the clock and the rails that it ran on.
    var promise: Promise {
        let started = record.events.first { $0.name == .runStarted }
        return Promise(
            bounds: record.variant.scenario.bounds, isRealTime: started?.text("clock") == "real",
            tick: started?.number("tickNs").map { TimeSpan(nanoseconds: $0) } ?? Promise.usualTick,
            railDelay: TimeSpan(nanoseconds: started?.fields["railDelayNs"]?.greatest ?? 0))
    }

    /// What a partner's history tells.
    func speech(of partner: PartnerID) -> HistorySpeech { speeches[partner] ?? .ccmd }

    /// The settings a partner ran with.
    func settings(of partner: PartnerID) -> PartnerSettings {
        record.variant.scenario.partners[partner]?.settings ?? PartnerSettings(partner)
    }

    /// The life that an incarnation is, if it is one of this partner.
    func life(of partner: PartnerID, incarnation: String) -> Life? {
        lives[partner]?.first { $0.incarnation == incarnation }
    }

    /// The life whose process lives at a moment.
    func life(of partner: PartnerID, at moment: Instant) -> Life? {
        lives[partner]?.last { $0.lives(at: moment) }
    }

    /// What a partner holds established at a moment.
    func established(by partner: PartnerID, at moment: Instant) -> Established? {
        established[partner]?.last { $0.holds(at: moment) }
    }

    private static func lives(of partner: PartnerID, in events: [HistoryEvent]) -> [Life] {
        var lives: [Life] = []
        var failpoint: String?
        for event in events where event.partner == partner {
            switch event.name {
            case .fault:
                let action = event.text("action")
                if action == StepAction.boot.rawValue || action == StepAction.reboot.rawValue {
                    failpoint = event.text("killAfter")
                }
            case .started:
                lives.append(
                    Life(
                        partner: partner, incarnation: event.incarnation, pid: event.number("pid") ?? 0,
                        started: event, failpoint: failpoint))
            case .processEnded:
                guard let pid = event.number("pid"), let index = lives.lastIndex(where: { $0.pid == pid })
                else {
                    continue
                }
                lives[index].ended = event
                lives[index].wasKilled = event.number("signal") == 9
                let began = (event.number("goodbyeBegan") ?? event.number("began")).map {
                    Instant(nanoseconds: $0)
                }
                lives[index].wasEndedByLab = began != nil
                // A failpoint strikes at a moment of its own, at which the process need not have written anything.
                let struck = lives[index].events.last {
                    $0.name == .failpointReached && $0.text("act") == Failpoint.Act.kill.rawValue
                }?.number("dueNs")
                lives[index].endBegan =
                    began ?? struck.map { Instant(nanoseconds: $0) } ?? lives[index].events.last?.time
                    ?? event.time
            default: break
            }
            if !event.incarnation.isEmpty, event.name != .processEnded, event.name != .fault,
                let index = lives.lastIndex(where: { $0.incarnation == event.incarnation })
            {
                lives[index].take(event)
            }
        }
        return lives
    }

    private mutating func readFaults() {
        // The partners are cut off from each other while no rail is whole.
        let rails = record.variant.scenario.railNumbers
        var obstructions = Obstructions(rails: rails)
        var badEnds: Set<RailEnd> = []
        for event in record.events where event.name == .fault {
            let began = event.number("began").map { Instant(nanoseconds: $0) } ?? event.time
            guard let action = event.text("action").flatMap(StepAction.init(rawValue:)) else { continue }
            switch action {
            case .freeze:
                if let partner = event.partner {
                    frozen[partner, default: []].append(Stretch(from: began, event: event))
                }
            case .thaw:
                if let partner = event.partner { endFreeze(of: partner, at: event.time) }
            case .kill, .reboot, .powerOff:
                if let partner = event.partner { endFreeze(of: partner, at: event.time) }
            case .cut, .heal, .linkDown, .linkUp:
                obstructions.take(action, event.partner, rail: event.rail)
                railCuts.follow(!obstructions.isEmpty, from: began, event)
                cuts.follow(obstructions.isEverywhere, from: began, event)
            case .degrade, .restore:
                let ends = RailEnd.all(of: event.partner, on: event.rail, among: rails)
                if action == .degrade { badEnds.formUnion(ends) } else { badEnds.subtract(ends) }
                degraded.follow(!badEnds.isEmpty, from: began, event)
            case .starve, .squeeze:
                if let partner = event.partner {
                    starved[partner, default: []].append(Stretch(from: began, event: event))
                }
            case .feed, .relieve:
                if let partner = event.partner,
                    let last = starved[partner]?.lastIndex(where: {
                        $0.event.text("action").flatMap(StepAction.init(rawValue:))?.opposite == action
                    })
                {
                    starved[partner]?[last].to = event.time
                }
            case .removeAddress, .removeDevice:
                if let partner = event.partner {
                    railless[partner, default: []].append(Stretch(from: began, event: event))
                }
            case .addAddress, .addDevice:
                if let partner = event.partner, let last = railless[partner]?.indices.last {
                    railless[partner]?[last].to = event.time
                }
            case .holdWrites:
                if let partner = event.partner {
                    held[partner, default: []].append(Stretch(from: began, event: event))
                }
            case .releaseWrites:
                if let partner = event.partner, let last = held[partner]?.indices.last {
                    held[partner]?[last].to = event.time
                }
            // A MAC address that is announced, and a wall clock, are nothing to the pair.
            case .boot, .stop, .census, .changeMac, .restoreMac, .stepClock: break
            }
        }
    }

    /// All that keeps two lives from being connected although both run.
    var disturbances: [Stretch] {
        PartnerID.allCases.reduce(cuts + degraded) {
            $0 + (frozen[$1] ?? []) + (railless[$1] ?? []) + (held[$1] ?? []) + (starved[$1] ?? [])
        }
    }

    private mutating func endFreeze(of partner: PartnerID, at moment: Instant) {
        guard var stretches = frozen[partner], let last = stretches.indices.last, stretches[last].to == nil
        else {
            return
        }
        stretches[last].to = moment
        frozen[partner] = stretches
    }

    /// The incarnation that a partner established with. Who cannot tell was reached by the one that lived then.
    private func partnerIncarnation(of established: HistoryEvent) -> String {
        if let incarnation = established.partnerIncarnation { return incarnation }
        return established.partner.flatMap { life(of: $0.other, at: established.time) }?.incarnation ?? ""
    }

    private func establishedStretches(of partner: PartnerID) -> [Established] {
        var stretches: [Established] = []
        func lose(at moment: Instant, where isLost: (Established) -> Bool = { _ in true }) {
            for index in stretches.indices where stretches[index].lost == nil && isLost(stretches[index]) {
                stretches[index].lost = moment
            }
        }
        for event in record.events where event.partner == partner {
            switch event.name {
            case .established:
                let rail = event.number("rail") ?? 0
                lose(at: event.time) { $0.rail == rail }
                stretches.append(
                    Established(
                        event: event, connection: event.number("connection") ?? 0, rail: rail,
                        partnerIncarnation: partnerIncarnation(of: event)))
            case .verdict:
                if event.text("verdict") != Verdict.alive.word { lose(at: event.time) }
            case .retired:
                lose(at: event.time) { $0.connection == event.number("connection") }
            case .processEnded, .started: lose(at: event.time)
            default: break
            }
        }
        return stretches
    }
}

extension HistoryEvent {
    /// The rail that the lab's step was done to; nil for all.
    fileprivate var rail: Int? { number("rail").map { Int(clamping: $0) } }
}

extension [Stretch] {
    /// Begins the next stretch, or ends the last one.
    ///
    /// - Parameter isSo: whether what the stretches are about is so after the event.
    fileprivate mutating func follow(_ isSo: Bool, from began: Instant, _ event: HistoryEvent) {
        let isOpen = last.map { $0.to == nil } ?? false
        if isSo, !isOpen { append(Stretch(from: began, event: event)) }
        if !isSo, isOpen { self[count - 1].to = event.time }
    }
}

extension Life {
    fileprivate mutating func take(_ event: HistoryEvent) {
        events.append(event)
        switch event.name {
        case .listening: if listening == nil { listening = event }
        case .bootPhase:
            if let name = event.text("phase"),
                let phase = BootPhase.allCases.first(where: { $0.word == name })
            {
                phases.append((phase, event))
            }
        default: break
        }
    }
}

extension JSONValue {
    /// A whole number, or the greatest of a list of them; nil for everything else.
    fileprivate var greatest: UInt64? {
        if case .array(let values) = self { return values.compactMap(\.unsignedInteger).max() }
        return unsignedInteger
    }
}
