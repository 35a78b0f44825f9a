import ClusterConnection

/// What was done to the pair of a run, in which state it was then, and what came of it: counts, for the summary of
/// many faults.
package struct Incidents: Hashable, Sendable {
    /// What the pair was at when a fault struck.
    package enum Standing: String, CaseIterable, Sendable {
        /// Clients of both sides ready.
        case ready
        /// Established on one side at least, and the clients not all ready.
        case exchanging
        /// Connected on one side at least, and nobody established.
        case handshaking
        /// Two partners that run on a whole rail, and no connection.
        case connecting
        /// Another fault under way, or a partner that does not run.
        case down
    }

    /// By action.
    package var faults: [StepAction: Int] = [:]
    package var struck: [Standing: Int] = [:]
    /// By verdict, of both partners.
    package var verdicts: [Verdict: Int] = [:]
    /// From the moment at which two partners could connect to the moment at which the clients of both are ready.
    package var toReady: [TimeSpan] = []
    /// Records of log mirrors that were acknowledged, and that were found again when a ring was read back.
    package var acknowledged: UInt64 = 0
    package var verified: UInt64 = 0
    /// How often memory was looked at again after a loss.
    package var memoryChecks = 0
    /// How often what a partner held was compared with what it held in the beginning.
    package var censuses = 0
    /// Work that ended badly or never, because ports were taken away under it.
    package var refused: UInt64 = 0

    /// None.
    package init() {}

    /// Those of one run.
    init(of timeline: Timeline) {
        countFaults(timeline)
        measureReady(timeline)
        for event in timeline.events where event.name == .verdict {
            guard let verdict = Verdict.allCases.first(where: { $0.word == event.text("verdict") }) else {
                continue
            }
            verdicts[verdict, default: 0] += 1
        }
        for partner in PartnerID.allCases {
            censuses += max(0, timeline.censusesAtRest(of: partner).count - 1)
            for life in timeline.lives[partner] ?? [] { countWork(life) }
        }
    }

    private mutating func countFaults(_ timeline: Timeline) {
        var actions: [String: StepAction] = [:]
        for step in timeline.record.variant.scenario.steps { actions[step.id] = step.fault }
        for event in timeline.events where event.name == .fault {
            if event.text("killAfter") != nil, event.text("action") == StepAction.boot.rawValue {
                // A boot that killed itself on its way.
                guard let moment = timeline.failpointMoment(of: event) else { continue }
                faults[.kill, default: 0] += 1
                struck[timeline.standing(at: moment, before: event), default: 0] += 1
                continue
            }
            guard let action = event.text("action").flatMap(StepAction.init(rawValue:)), action.isFault,
                // A power-off is told as the cut that it begins with, too.
                actions[event.text("step") ?? ""] == action
            else { continue }
            faults[action, default: 0] += 1
            let began = event.number("began").map { Instant(nanoseconds: $0) } ?? event.time
            struck[timeline.standing(at: began, before: event), default: 0] += 1
        }
    }

    private mutating func measureReady(_ timeline: Timeline) {
        for joined in timeline.joinedStretches() {
            let moments = joined.lives.map { _, life in life.whenReady(from: joined.from, to: joined.to) }
            guard moments.count == 2, let one = moments[0], let other = moments[1] else { continue }
            toReady.append(max(one, other) - joined.from)
        }
    }

    private mutating func countWork(_ life: Life) {
        var first: [String: UInt64] = [:]
        for event in life.events {
            guard let client = event.text("client") else { continue }
            switch event.name {
            case .mirrorRecovered:
                verified.add(event.number("records"))
                first[client] = nil
            case .mirrorAcknowledged, .mirrorReport:
                let highest = event.number("highest") ?? 0
                if let before = first[client], highest > before { acknowledged.add(highest - before) }
                first[client] = highest
            case .memoryChecked: if event.text("moment") != "lost" { memoryChecks += 1 }
            case .workAbandoned:
                refused.add(event.number("refused"))
                refused.add(event.number("unfinished"))
            default: break
            }
        }
    }

    /// Those of several runs together.
    package mutating func add(_ other: Incidents) {
        faults.merge(other.faults, uniquingKeysWith: +)
        struck.merge(other.struck, uniquingKeysWith: +)
        verdicts.merge(other.verdicts, uniquingKeysWith: +)
        toReady += other.toReady
        acknowledged.add(other.acknowledged)
        verified.add(other.verified)
        memoryChecks += other.memoryChecks
        censuses += other.censuses
        refused.add(other.refused)
    }
}

extension UInt64 {
    /// Adds what a partner counted, as far as it can be counted: a partner may say anything.
    fileprivate mutating func add(_ count: UInt64?) {
        let (sum, isTooMuch) = addingReportingOverflow(count ?? 0)
        self = isTooMuch ? .max : sum
    }
}

extension StepAction {
    /// Whether the action takes something away that the pair needs.
    var isFault: Bool {
        switch self {
        case .kill, .freeze, .reboot, .stop, .cut, .degrade, .linkDown, .changeMac, .holdWrites, .powerOff,
            .removeAddress, .removeDevice, .starve, .squeeze, .stepClock:
            true
        case .thaw, .boot, .heal, .restore, .linkUp, .restoreMac, .releaseWrites, .addAddress, .addDevice,
            .feed, .relieve,
            .census:
            false
        }
    }
}

extension Timeline {
    /// When the failpoint of the life that a step began struck; nil when it did not.
    fileprivate func failpointMoment(of boot: HistoryEvent) -> Instant? {
        guard let partner = boot.partner,
            let life = lives[partner]?.first(where: { $0.started.time >= boot.time }), life.wasKilled
        else { return nil }
        let reached = life.events.last { $0.name == .failpointReached }
        return reached?.number("dueNs").map { Instant(nanoseconds: $0) }
    }

    /// What the pair was at when a fault struck.
    fileprivate func standing(at moment: Instant, before fault: HistoryEvent) -> Incidents.Standing {
        let others = disturbances.contains { $0.contains(moment) && $0.from < moment && $0.event != fault }
        let lives = PartnerID.allCases.compactMap { partner in
            self.lives[partner]?.last {
                $0.started.time < moment && ($0.endBegan.map { moment <= $0 } ?? true)
            }
        }
        guard !others, lives.count == 2, lives.allSatisfy({ $0.listening.map { $0.time < moment } ?? false })
        else { return .down }
        if lives.allSatisfy({ $0.isReady(at: moment) }) { return .ready }
        if PartnerID.allCases.contains(where: { established(by: $0, at: moment) != nil }) {
            return .exchanging
        }
        return lives.contains { $0.isConnected(at: moment) } ? .handshaking : .connecting
    }
}

extension Life {
    /// When every client that has a counterpart was ready, or the connection established where there is none, for
    /// the first time in a stretch; nil when they were not.
    fileprivate func whenReady(from: Instant, to: Instant) -> Instant? {
        var waiting: Set<String> = []
        var isSaid = false
        for event in events {
            guard event.time <= to else { return nil }
            let client = event.text("client") ?? ""
            switch event.name {
            case .clientMatched: waiting.insert(client)
            case .clientReady, .clientWaits, .clientWithdrawn: waiting.remove(client)
            case .readySaid: isSaid = true
            case .retired:
                waiting = []
                isSaid = false
            default: continue
            }
            if event.time >= from, isSaid, waiting.isEmpty, event.name == .clientReady { return event.time }
        }
        return nil
    }

    /// Whether a client was told ready, and all that were are so still.
    fileprivate func isReady(at moment: Instant) -> Bool {
        var standings: [String: Bool] = [:]
        for event in events where event.time < moment {
            guard let client = event.text("client") else { continue }
            switch event.name {
            case .clientReady, .clientResumed: standings[client] = true
            case .clientMatched, .clientLost, .clientPaused: standings[client] = false
            default: break
            }
        }
        return !standings.isEmpty && standings.values.allSatisfy { $0 }
    }

    /// Whether a connection was up.
    fileprivate func isConnected(at moment: Instant) -> Bool {
        let last = events.last { $0.time < moment && ($0.name == .connected || $0.name == .retired) }
        return last?.name == .connected
    }
}
