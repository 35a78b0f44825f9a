import ClusterConnection

/// Decides what the lab does when: a value that hears what happens in a run and answers with orders.
///
/// It reads no clock and starts nothing itself, so that a schedule can be tried out without a process.
struct Director {
    /// What the lab must do now.
    enum Order: Equatable {
        /// Power on a partner for the first time.
        case boot(PartnerID)
        /// Carry out a step, by its place in the schedule.
        case perform(Int)
        /// End the run.
        case end(RunEnding)
    }

    private enum Progress: Equatable {
        case waiting
        case underWay
        case done
    }

    private let scenario: Scenario
    private let start: Instant
    private var events: [HistoryEvent] = []
    private var toBoot: [PartnerID]
    private var steps: [Progress]
    private var moments: [String: StepMoment] = [:]
    private var running: Set<PartnerID> = []
    private var frozen: Set<PartnerID> = []
    /// What keeps packets from the rails.
    private var obstructions: Obstructions
    /// The partners whose end of the rail was taken away.
    private var railless: Set<PartnerID> = []
    private var latestVerdict: [PartnerID: String] = [:]
    private var listening: Set<PartnerID> = []
    /// The connections that each holds established, and the one that carries its messages.
    private var established: [PartnerID: Set<UInt64>] = [:]
    private var carrier: [PartnerID: UInt64] = [:]
    /// Who has told its partner that its ports can receive, and who has been told, on that one.
    private var saidReady: Set<PartnerID> = []
    private var heardReady: Set<PartnerID> = []
    /// Clients that have found their counterpart there and are not ready yet.
    private var awaited: [PartnerID: Set<String>] = [:]
    /// The expectations that nothing that comes can make wait again, by their place.
    private var decided: Set<Int> = []
    /// What the partners' histories tell.
    private var speeches: [PartnerID: HistorySpeech]
    private var steadySince: Instant?
    private var ended = false

    init(_ scenario: Scenario, start: Instant) {
        self.scenario = scenario
        self.start = start
        toBoot = PartnerID.allCases.filter { scenario.partners[$0]?.bootAt != nil }
        steps = scenario.steps.map { _ in .waiting }
        obstructions = Obstructions(rails: scenario.railNumbers)
        speeches = scenario.programs.mapValues { _ in .unsaid }
    }

    /// A partner wrote a line, or the lab did.
    mutating func heard(_ event: HistoryEvent) {
        // In order of time, whichever partner's line came first out of its pipe.
        let place = events.lastIndex { $0.time <= event.time }.map { $0 + 1 } ?? 0
        events.insert(event, at: place)
        guard let partner = event.partner else { return }
        switch event.name {
        case .started: speeches[partner]?.hear(event)
        case .listening: listening.insert(partner)
        case .railLost: listening.remove(partner)
        case .verdict: latestVerdict[partner] = event.text("verdict")
        case .established: established[partner, default: []].insert(event.number("connection") ?? 0)
        case .messageSent: carrier[partner] = event.number("connection")
        case .readySaid: saidReady.insert(partner)
        case .partnerReady: heardReady.insert(partner)
        case .clientMatched, .clientReady, .clientResumed, .clientWaits, .portsFailed, .clientWithdrawn:
            if let client = event.text("client") { follow(client, of: partner, event) }
        case .retired: retired(event.number("connection") ?? 0, of: partner)
        default: break
        }
    }

    private mutating func retired(_ connection: UInt64, of partner: PartnerID) {
        if carrier[partner] == connection { forgetReady(of: partner) }
        established[partner]?.remove(connection)
        guard established[partner]?.isEmpty ?? true, latestVerdict[partner] == Verdict.alive.word else {
            return
        }
        latestVerdict[partner] = nil
    }

    private mutating func forgetReady(of partner: PartnerID) {
        saidReady.remove(partner)
        heardReady.remove(partner)
        awaited[partner] = nil
    }

    private mutating func follow(_ client: String, of partner: PartnerID, _ event: HistoryEvent) {
        switch event.name {
        case .clientMatched: awaited[partner, default: []].insert(client)
        // Without its counterpart it has nothing to wait for.
        case .clientReady, .clientResumed, .clientWaits: awaited[partner]?.remove(client)
        case .clientWithdrawn: for side in PartnerID.allCases { awaited[side]?.remove(client) }
        case .portsFailed: if scenario.expects(event) { awaited[partner]?.remove(client) }
        default: break
        }
    }

    /// A partner's process is gone.
    ///
    /// - Parameter unexplained: whether nothing of the schedule is the reason.
    mutating func processEnded(_ partner: PartnerID, unexplained: Bool) -> [Order] {
        running.remove(partner)
        listening.remove(partner)
        frozen.remove(partner)
        latestVerdict[partner] = nil
        established[partner] = nil
        forgetReady(of: partner)
        guard unexplained, !awaitsFailure(of: partner), !ended else { return [] }
        ended = true
        return [.end(.partnerEnded(partner))]
    }

    /// A step took effect.
    mutating func stepDone(_ index: Int, _ moment: StepMoment) {
        steps[index] = .done
        let step = scenario.steps[index]
        moments[step.id] = moment
        switch (step.action, step.partner) {
        case (.freeze, let partner?): frozen.insert(partner)
        case (.thaw, let partner?): frozen.remove(partner)
        case (.cut, _), (.heal, _), (.linkDown, _), (.linkUp, _):
            obstructions.take(step.action, step.partner, rail: step.rail)
        // Both ways, until it is healed.
        case (.powerOff, _): obstructions.take(.cut, nil, rail: nil)
        case (.removeAddress, let partner?), (.removeDevice, let partner?): railless.insert(partner)
        case (.addAddress, let partner?), (.addDevice, let partner?): railless.remove(partner)
        case (.boot, let partner?), (.reboot, let partner?):
            running.insert(partner)
            if step.freezesByItself { frozen.insert(partner) }
        default: break
        }
        steadySince = nil
    }

    /// What is due at this moment.
    mutating func orders(at now: Instant) -> [Order] {
        guard !ended else { return [] }
        var orders: [Order] = []
        for partner in toBoot where bootMoment(of: partner) <= now {
            orders.append(.boot(partner))
            // From now on and not from its first line, which a slow host may keep back for long.
            running.insert(partner)
        }
        toBoot = toBoot.filter { bootMoment(of: $0) > now }
        if let index = nextStep, let due = due(index), due <= now {
            begin(index, &orders)
            var next = index + 1
            while next < steps.endIndex, scenario.steps[next].isTogether {
                begin(next, &orders)
                next += 1
            }
        }
        if orders.isEmpty, let ending = ending(at: now) {
            ended = true
            orders.append(.end(ending))
        }
        return orders
    }

    private mutating func begin(_ index: Int, _ orders: inout [Order]) {
        steps[index] = .underWay
        orders.append(.perform(index))
    }

    /// The next moment at which something may be due although nothing happens until then.
    func nextWake(after now: Instant) -> Instant? {
        guard !ended else { return nil }
        var moments = toBoot.map { bootMoment(of: $0) }
        if let due = nextStep.flatMap({ due($0) }) { moments.append(due) }
        moments.append(start + scenario.deadline)
        for expectation in scenario.expectations {
            if let within = expectation.within, let moment = moment(of: expectation.of) {
                moments.append(moment.time + within + .nanoseconds(1))
            }
        }
        switch scenario.until {
        case .settled: if let steadySince { moments.append(steadySince + scenario.settle) }
        case .time(let span): moments.append(start + span)
        case .anchor: break
        }
        return moments.filter { $0 > now }.min()
    }

    private func bootMoment(of partner: PartnerID) -> Instant {
        start + (scenario.partners[partner]?.bootAt ?? .zero)
    }

    /// The step that waits to be due. Steps are carried out in the order of their file: none begins before the
    /// one ahead of it has taken effect, however long that took. Only a goodbye is not waited for where what
    /// follows is to come in the middle of it.
    private var nextStep: Int? {
        let index = steps.indices.first { steps[$0] != .done && !isInterruptedGoodbye($0) }
        guard let index, steps[index] == .waiting else { return nil }
        return index
    }

    private func isInterruptedGoodbye(_ index: Int) -> Bool {
        steps[index] == .underWay && scenario.steps[index].action == .stop && index + 1 < steps.endIndex
            && scenario.steps[index + 1].isAtInstant
    }

    private func moment(of anchor: Anchor) -> Moment? {
        anchor.moment(in: events, start: start, steps: moments)
    }

    private func due(_ index: Int) -> Instant? {
        switch scenario.steps[index].trigger {
        case .at(let span): start + span
        case .after(let anchor, let delay): moment(of: anchor).map { $0.time + delay }
        case .instants: nil
        }
    }

    private func awaitsFailure(of partner: PartnerID) -> Bool {
        scenario.expectations.contains { expectation in
            expectation.wantsSome
                && expectation.patterns.contains {
                    ($0.event == .failed || $0.event == .processEnded) && ($0.partner ?? partner) == partner
                }
        }
    }

    private mutating func ending(at now: Instant) -> RunEnding? {
        switch scenario.until {
        case .settled:
            if waitedFor(at: now) != nil {
                steadySince = nil
            } else {
                let since = steadySince ?? now
                steadySince = since
                if since + scenario.settle <= now { return .finished }
            }
        case .time(let span): if start + span <= now { return .finished }
        case .anchor(let anchor): if moment(of: anchor) != nil { return .finished }
        }
        guard start + scenario.deadline <= now else { return nil }
        return .deadline(waitedFor(at: now) ?? "its end condition")
    }

    /// What keeps the run from being over, in words; nil when nothing does.
    private mutating func waitedFor(at now: Instant) -> String? {
        if let partner = toBoot.first { return "\(partner.rawValue)'s power-on" }
        for (index, step) in scenario.steps.enumerated() where steps[index] != .done {
            switch step.trigger {
            case .at, .instants: return "step \(step.id)"
            case .after(let anchor, _): return "step \(step.id), due after \(anchor)"
            }
        }
        for (place, expectation) in scenario.expectations.enumerated() where !decided.contains(place) {
            if isUndecided(expectation, at: now) { return expectation.sentence }
            decided.insert(place)
        }
        return unsteady()
    }

    private func isUndecided(_ expectation: Expectation, at now: Instant) -> Bool {
        let limit = expectation.before.flatMap { moment(of: $0) }
        switch expectation.standing(from: moment(of: expectation.of), until: limit, in: events, now: now) {
        case .waiting: return true
        case .holding: return expectation.within != nil
        case .met, .kept, .broken, .missed: return false
        }
    }

    /// Whether somebody who could be connected is not yet.
    private func unsteady() -> String? {
        for partner in PartnerID.allCases
        where running.contains(partner) && !frozen.contains(partner) && !railless.contains(partner) {
            if !listening.contains(partner) { return "\(partner.rawValue) to listen" }
        }
        guard running.count == 2, frozen.isEmpty, !obstructions.isEverywhere, railless.isEmpty else {
            return nil
        }
        let final = scenario.discord == nil ? Verdict.alive.word : Verdict.incompatible.word
        for partner in PartnerID.allCases {
            let names = (own: partner.rawValue, other: partner.other.rawValue)
            if latestVerdict[partner] != final { return "\(names.own) to hold \(names.other) for \(final)" }
            guard scenario.discord == nil, (speeches[partner] ?? .ccmd).tells(.exchange) else { continue }
            if !saidReady.contains(partner) { return "\(names.own) to say ready" }
            if !heardReady.contains(partner) { return "\(names.own) to hear that \(names.other) is ready" }
            if let client = awaited[partner]?.min() { return "\(names.own)'s client \(client) to be ready" }
        }
        return nil
    }
}
