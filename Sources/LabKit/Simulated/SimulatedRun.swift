import Addressing
import ClusterConnection
import Glibc
import Simulation

/// One run of a scenario in the simulator: does to a world what the director orders, and gathers the same evidence that
/// a run on real verbs leaves.
struct SimulatedRun {
    private let variant: ScenarioVariant
    private var scenario: Scenario { variant.scenario }
    private var world: World
    private var director: Director
    private var log = LabLog()
    private var events: [PartnerID: [HistoryEvent]] = [.a: [], .b: []]
    private var linesTaken = 0
    /// The lives whose end was seen.
    private var buried: Set<Int> = []
    private var lifeCount = 0
    /// Steps that boot a partner which then freezes itself, and has not yet; by their place in the schedule.
    private var awaited: [Int] = []
    /// Steps that told a partner to stop whose process is not gone yet, and when, by the place of that life in the world's.
    private var stopping: [Int: (step: Int, began: Instant)] = [:]
    private var told: [PartnerID: (action: StepAction, at: Instant)] = [:]
    /// When steps told partners to stop whose processes are not gone yet.
    private var goodbyes: [PartnerID: Instant] = [:]
    /// Those whose last process was told to stop, and is gone.
    private var goneAfterGoodbye: Set<PartnerID> = []
    /// Why the run could not be carried out; nil while it can.
    private var failure: String?

    private init(
        _ variant: ScenarioVariant, seed: UInt64, keepsSteps: Bool = false, tamper: (any Tamper)? = nil
    ) throws(LabError) {
        self.variant = variant
        var nodes: [NodePlan] = []
        var fabric = FabricPlan()
        var chance = SplitMix64(seed: seed)
        // As measured on Soft-RoCE in virtual time.
        let delay = Self.delay(of: variant.scenario).nanoseconds
        fabric.latency = 20_000 + delay...250_000 + delay
        fabric.connectionLatency = 50_000 + delay...400_000 + delay
        fabric.afterlife = 1_000...200_000
        fabric.burial = 5_000_000...12_000_000
        fabric.leaving = 500_000...25_000_000
        // Whether they have spoken before lies behind the run's beginning.
        fabric.resolution = Bool.random(using: &chance) ? .milliseconds(8) : nil
        for partner in PartnerID.allCases {
            let settings = variant.scenario.partners[partner]?.settings ?? PartnerSettings(partner)
            nodes.append(
                try settings.plan(
                    rails: variant.scenario.rails,
                    opening: .microseconds(.random(in: 14_000...34_000, using: &chance))))
            fabric.tryInterval = settings.tryInterval
            fabric.patience = settings.transportPatience
        }
        world = World(nodes: nodes, fabric: fabric, seed: seed, keepsHistory: true, keepsSteps: keepsSteps)
        world.tamper = tamper
        director = Director(variant.scenario, start: world.now)
    }

    /// Why a scenario can only be run on real verbs; nil when the simulator can run it.
    static func obstacle(_ scenario: Scenario) -> String? {
        if let (partner, program) = scenario.programs.min(by: { $0.key < $1.key }) {
            return
                "partner \(partner.rawValue) is a program of its own, \(program.name), and the simulator runs ccmd's "
                + "connection manager only; expected --fabric vm or netns"
        }
        if scenario.busyLoops > 0 { return "its load takes real processors" }
        if scenario.carriages.contains(where: { $0.rate != nil }) {
            return "its rails carry so many bits a second, and the simulator's packets have no length"
        }
        if Set(scenario.carriages(on: .none)).count > 1 {
            return "its rails take different times, and those of the simulator are alike"
        }
        for step in scenario.steps {
            switch step.action {
            case .holdWrites, .releaseWrites: return "step \(step.id) holds packets of the kernel back"
            case .removeAddress, .addAddress, .removeDevice, .addDevice:
                return "step \(step.id) takes a device or an address from the kernel"
            case .degrade, .restore: return "step \(step.id) is done by the kernel's queues"
            case .linkDown, .linkUp, .changeMac, .restoreMac:
                return "step \(step.id) is done to an interface of the kernel's"
            case .starve, .feed: return "step \(step.id) takes a real processor away"
            case .squeeze, .relieve: return "step \(step.id) takes real memory away"
            case .stepClock: return "step \(step.id) sets a clock that the simulator does not have"
            case .kill, .freeze, .thaw, .boot, .reboot, .stop, .cut, .heal, .powerOff, .census: continue
            }
        }
        return nil
    }

    /// What packets take on the rails of a scenario, beside what they take in the simulator anyway.
    private static func delay(of scenario: Scenario) -> TimeSpan {
        scenario.carriages(on: .none).first?.delay ?? .zero
    }

    /// What a run came to.
    struct Outcome {
        let record: RunRecord
        /// Why it could not be carried out as the scenario says; nil when it was.
        let failure: String?
    }

    /// Runs a scenario once, as far as it can be carried out.
    static func carryOut(
        _ variant: ScenarioVariant, seed: UInt64, tamper: (any Tamper)? = nil
    ) throws(LabError) -> Outcome {
        if let obstacle = obstacle(variant.scenario) { throw LabError("not for the simulator: \(obstacle)") }
        var run = try SimulatedRun(variant, seed: seed, tamper: tamper)
        let record = run.run()
        return Outcome(record: record, failure: run.failure)
    }

    /// Runs a scenario once, to its end.
    ///
    /// - Parameter tamper: what changes the connection managers behind their back, so that a test sees the checker find it.
    package static func run(
        _ variant: ScenarioVariant, seed: UInt64, tamper: (any Tamper)? = nil
    ) throws(LabError) -> RunRecord {
        let outcome = try carryOut(variant, seed: seed, tamper: tamper)
        if let failure = outcome.failure { throw LabError(failure) }
        return outcome.record
    }

    /// What the connection managers were told until the run ended, by life (`a1`), in the order in which they were.
    static func told(_ variant: ScenarioVariant, seed: UInt64) throws(LabError) -> [String: [ToldEvent]] {
        if let obstacle = obstacle(variant.scenario) { throw LabError("not for the simulator: \(obstacle)") }
        var run = try SimulatedRun(variant, seed: seed, keepsSteps: true)
        let end = run.run().events.first { $0.name == .runEnded }?.time
        if let failure = run.failure { throw LabError(failure) }
        var names: [String] = []
        var boots = [0, 0]
        for life in run.world.lives {
            boots[life.node] += 1
            names.append("\(PartnerID.allCases[life.node].rawValue)\(boots[life.node])")
        }
        var told = Dictionary(uniqueKeysWithValues: names.map { ($0, [ToldEvent]()) })
        for step in run.world.steps ?? [] where end.map({ step.at < $0 }) ?? true {
            told[names[step.life], default: []].append(ToldEvent(step.event, step.actions))
        }
        return told
    }

    private mutating func run() -> RunRecord {
        _ = log.run(
            .runStarted, at: world.now,
            [
                ("scenario", .string(variant.title)), ("clock", .string("virtual")),
                ("fabric", .string("sim")),
                ("kernel", .string("none")),
            ] + scenario.carriages(on: .none).details)
        var ending: RunEnding?
        while ending == nil, failure == nil {
            let orders = director.orders(at: world.now)
            for order in orders where failure == nil {
                switch order {
                case .boot(let partner): boot(partner)
                case .perform(let index): perform(index)
                case .end(let end): ending = end
                }
            }
            // A step that is done may be followed by one that is due at once.
            if ending == nil, orders.isEmpty, let end = waitForNews() { ending = end }
        }
        let reason = failure ?? (ending ?? .finished).text
        _ = log.run(.runEnded, at: world.now, [("reason", .string(reason))])
        stopAll()
        return RunRecord(
            variant: variant,
            events: HistoryMerge.merge([log.events] + PartnerID.allCases.map { events[$0] ?? [] }),
            ending: ending ?? .finished)
    }

    /// Goes on until something was written or the director has something due.
    private mutating func waitForNews() -> RunEnding? {
        let wake = director.nextWake(after: world.now) ?? world.now + .seconds(1)
        while world.history.count == linesTaken, world.lives.count == lifeCount, deaths.isEmpty, struck == nil
        {
            if !world.step(until: wake) { break }
        }
        let ending = takeNews()
        while let struck { froze(struck) }
        return ending
    }

    /// A partner that has frozen itself, and the lab does not know yet.
    private var struck: (place: Int, at: Instant)? {
        for (place, index) in awaited.enumerated() {
            let node = scenario.steps[index].partner.flatMap { PartnerID.allCases.firstIndex(of: $0) } ?? 0
            if let at = world.life(of: node)?.frozenAt { return (place, at) }
        }
        return nil
    }

    /// A step that waited for a partner to freeze itself has had its effect.
    private mutating func froze(_ struck: (place: Int, at: Instant)) {
        let index = awaited.remove(at: struck.place)
        let step = scenario.steps[index]
        director.heard(
            log.fault(
                step: step.id, action: .freeze, partner: step.partner, began: struck.at, effect: struck.at,
                at: world.now, failpoint: step.failpoint))
        director.stepDone(index, StepMoment(began: struck.at, effect: struck.at))
    }

    private var deaths: [Int] {
        world.lives.indices.filter { world.lives[$0].buriedAt != nil && !buried.contains($0) }
    }

    /// Hands over what was written, and who has ended.
    private mutating func takeNews() -> RunEnding? {
        while linesTaken < world.history.count {
            let line = world.history[linesTaken]
            linesTaken += 1
            let partner = PartnerID.allCases[line.node]
            tell(
                completed(HistoryEvent(line.record, at: line.at, of: partner, line.incarnation), of: partner))
        }
        lifeCount = world.lives.count
        var ending: RunEnding?
        for number in deaths {
            buried.insert(number)
            let life = world.lives[number]
            let partner = PartnerID.allCases[life.node]
            let hasStopped = life.ending == .stopped
            let incarnation = HistoryEvent.digits(life.incarnation.value)
            if hasStopped {
                tell(
                    HistoryEvent(
                        time: life.endedAt ?? world.now, partner: partner, incarnation: incarnation,
                        name: .stopped,
                        fields: Self.counts(life.manager.counters)))
            }
            let goodbye = goodbyes.removeValue(forKey: partner)
            if goodbye == nil { goneAfterGoodbye.remove(partner) } else { goneAfterGoodbye.insert(partner) }
            let event = log.processEnded(
                partner, incarnation: incarnation, pid: Int32(number + 1),
                status: hasStopped ? ("status", 0) : ("signal", 9), told: told.removeValue(forKey: partner),
                goodbye: goodbye,
                at: (life.buriedAt ?? world.now) + .microseconds(1))
            director.heard(event)
            let unexplained = event.text("told") == nil && life.ending != .failpoint
            for order in director.processEnded(partner, unexplained: unexplained) {
                if case .end(let end) = order { ending = end }
            }
            if let stop = stopping.removeValue(forKey: number) { stopped(stop.step, stop.began, event.time) }
        }
        return ending
    }

    /// A step that told a partner to stop is over, now that its process is gone: none begins before that.
    private mutating func stopped(_ index: Int, _ began: Instant, _ gone: Instant) {
        let step = scenario.steps[index]
        while world.step(until: gone) {}
        director.heard(
            log.fault(
                step: step.id, action: .stop, partner: step.partner, began: began, effect: began, at: gone))
        director.stepDone(index, StepMoment(began: began, effect: began))
    }

    /// What a process tells of itself when it stops.
    private static func counts(_ counters: Counters) -> JSONObject {
        let counts: [(String, UInt64)] = [
            ("beatReads", counters.beats), ("attempts", counters.attempts), ("knocks", counters.knocks),
            ("requests", counters.requests), ("handshakesFailed", counters.handshakesFailed),
            ("establishedCount", counters.established), ("railFaults", counters.railFaults),
            ("tornReads", counters.tornReads), ("beats", counters.beats), ("misses", counters.misses),
            ("lateTicks", counters.lateTicks), ("messagesSent", counters.messagesSent),
            ("messagesReceived", counters.messagesReceived), ("violations", counters.violations),
            ("staleEvents", counters.staleEvents),
        ]
        return JSONObject(counts.map { ($0.0, .integer(Int64(clamping: $0.1))) })
    }

    private mutating func tell(_ event: HistoryEvent) {
        guard let partner = event.partner else { return }
        events[partner, default: []].append(event)
        director.heard(event)
    }

    /// What a process adds to a line: where it looks for its partner.
    private func completed(_ event: HistoryEvent, of partner: PartnerID) -> HistoryEvent {
        guard let settings = scenario.partners[partner]?.settings else { return event }
        let ends =
            [PartnerSettings.RailEnds(address: settings.address, partnerAddress: settings.partnerAddress)]
            + settings.moreRails
        let rail = ends[min(Int(event.number("rail") ?? 0), ends.count - 1)]
        switch event.name {
        case .listening: return event.with(Self.place(rail.address, settings))
        case .connectStarted, .requestAccepted: return event.with(Self.place(rail.partnerAddress, settings))
        case .connectFailed:
            let status = event.text("reason").flatMap { Self.statuses[$0] }
            return status.map { event.with([("cmStatus", .integer($0))]) } ?? event
        default: return event
        }
    }

    /// What a connection event says on Soft-RoCE of an attempt that failed for these reasons (enum ib_cm_rej_reason).
    private static let statuses: [String: Int64] = ["nobodyListens": 8, "staleTransport": 10]

    private static func place(_ address: String, _ settings: PartnerSettings) -> [(String, JSONValue)] {
        let gid = (try? RailAddress(address))?.gid.description ?? ""
        return [
            ("address", .string(address)), ("gid", .string(gid)),
            ("port", .integer(Int64(settings.bootPort))),
        ]
    }
}

// MARK: - What is done to the pair

extension SimulatedRun {
    private mutating func boot(_ partner: PartnerID) {
        let failpoint = scenario.partners[partner]?.failpoint
        director.heard(
            log.fault(
                step: "power-on-\(partner.rawValue)", action: .boot, partner: partner, began: world.now,
                effect: world.now, at: world.now, failpoint: failpoint))
        powerOn(partner, failpoint)
    }

    private mutating func powerOn(_ partner: PartnerID, _ failpoint: Failpoint?) {
        let node = PartnerID.allCases.firstIndex(of: partner) ?? 0
        world.powerOn(node, failpoint: failpoint)
        guard let life = world.life(of: node), let settings = scenario.partners[partner]?.settings else {
            return
        }
        let incarnation = HistoryEvent.digits(life.incarnation.value)
        tell(
            HistoryEvent(
                time: world.now, partner: partner, incarnation: incarnation, name: .started,
                fields: JSONObject([
                    ("pid", .integer(Int64(world.lives.count))),
                    ("node", .integer(Int64(clamping: settings.node))),
                    ("cluster", .string(settings.cluster)), ("role", .string(settings.role)),
                    ("protocolMin", .integer(Int64(clamping: settings.speech.lowest))),
                    ("protocolMax", .integer(Int64(clamping: settings.speech.highest))),
                ])))
    }

    private mutating func perform(_ index: Int) {
        let step = scenario.steps[index]
        let began = world.now
        let node = step.partner.flatMap { PartnerID.allCases.firstIndex(of: $0) } ?? 0
        let rails = step.rail.map { [$0] } ?? Array(0..<scenario.rails)
        if let why = hindrance(to: step) {
            failure = "step \(step.id): \(why)"
            return
        }
        switch step.action {
        case .stop:
            if let number = world.lives.lastIndex(where: { $0.node == node }), world.life(of: node) != nil {
                if let partner = step.partner {
                    told[partner] = (.stop, began)
                    goodbyes[partner] = began
                }
                stopping[number] = (index, began)
                world.stop(node)
                _ = takeNews()
                return
            }
        case .kill, .reboot:
            tellToDie(step, at: began)
            kill(node)
        case .freeze: world.freeze(node)
        case .thaw: world.thaw(node)
        case .cut:
            for rail in rails {
                world.cut(RailID(index: UInt8(rail)), from: step.partner == nil ? nil : node)
            }
        case .powerOff: for rail in rails { world.cut(RailID(index: UInt8(rail))) }
        case .heal: for rail in rails { world.heal(RailID(index: UInt8(rail))) }
        case .census: takeCensus(began)
        default: break
        }
        if step.action == .powerOff {
            director.heard(
                log.fault(step: step.id, action: .cut, partner: nil, began: began, effect: began, at: began))
            tellToDie(step, at: began)
            world.powerOff(node)
        }
        director.heard(
            log.fault(
                step: step.id, action: step.action, partner: step.partner, rail: step.rail, began: began,
                effect: began, at: world.now, failpoint: step.failpoint))
        // Before the director learns of the step, or a process that the step ended would look like one of its own.
        _ = takeNews()
        if step.action == .boot || step.action == .reboot, let partner = step.partner {
            powerOn(partner, step.failpoint)
        }
        if step.freezesByItself {
            awaited.append(index)
            _ = takeNews()
            return
        }
        director.stepDone(index, StepMoment(began: began, effect: began))
        _ = takeNews()
    }

    /// Keeps that a step kills its partner, unless that is gone already, after a goodbye.
    private mutating func tellToDie(_ step: Step, at began: Instant) {
        guard let partner = step.partner, runs(partner) else { return }
        told[partner] = (.kill, began)
    }

    /// Whether a partner has a process, be it one that ends.
    private func runs(_ partner: PartnerID) -> Bool {
        let node = PartnerID.allCases.firstIndex(of: partner)
        return world.lives.contains { $0.node == node && $0.buriedAt == nil }
    }

    /// Why a step cannot be done to its partner as that is now; nil when it can. No look at the scenario tells it: a boot
    /// that is to strike itself may do so at any time, or never.
    private func hindrance(to step: Step) -> String? {
        guard let partner = step.partner else { return nil }
        let runs = runs(partner)
        if step.isMoot(for: step.action), goneAfterGoodbye.contains(partner) { return nil }
        switch step.action {
        case .boot: return runs ? "\(partner.rawValue) runs already" : nil
        case .kill, .reboot, .stop, .freeze, .thaw, .powerOff:
            return runs ? nil : "\(partner.rawValue) does not run"
        default: return nil
        }
    }

    /// Counts what both hold of the simulated transport. A process has one more identifier for each rail it listens on, which
    /// never comes or goes.
    private mutating func takeCensus(_ began: Instant) {
        for (node, partner) in PartnerID.allCases.enumerated() {
            guard let life = world.life(of: node) else { continue }
            let holdings = life.holdings
            let census = Census(
                partner: partner, pid: pid_t(world.lives.count),
                counts: [
                    "qp": holdings.queuePairs, "cm_id": holdings.endpoints, "mr": holdings.portMemories,
                ])
            director.heard(log.census(census, began: began, at: world.now))
        }
    }

    /// Kills a process; it is done when the process is gone.
    private mutating func kill(_ node: NodeNumber) {
        guard world.life(of: node) != nil, let number = world.lives.lastIndex(where: { $0.node == node })
        else { return }
        world.kill(node)
        while world.lives[number].buriedAt == nil, world.step(until: world.now + .seconds(1)) {}
    }

    /// Ends the run in good order.
    private mutating func stopAll() {
        // Nobody waits for a step any more.
        stopping = [:]
        for (node, partner) in PartnerID.allCases.enumerated() where world.life(of: node) != nil {
            told[partner] = told[partner] ?? (.stop, world.now)
            world.thaw(node)
            world.stop(node)
        }
        let end = world.now + .seconds(3)
        while world.lives.contains(where: { $0.buriedAt == nil }), world.step(until: end) {}
        _ = takeNews()
    }
}
