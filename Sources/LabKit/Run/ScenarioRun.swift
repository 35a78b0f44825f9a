import ClusterConnection
import Glibc
import Subprocess

/// One run of a scenario on the fabric of this kernel: starts the processes, does what the director orders,
/// and gathers the evidence in the run's folder.
///
/// One loop owns all state; everything that takes time is a child task that reports to it.
struct ScenarioRun {
    /// What came of a run.
    struct Outcome {
        var record: RunRecord
        /// Why the run says nothing about the product; nil when it does.
        var failure: String?
        /// How long the first process took to start once its boot was due; nil where none started.
        var launch: TimeSpan?

        /// The partners that tried to connect.
        var senders: Set<PartnerID> {
            Set(record.events.filter { $0.name == .connectStarted }.compactMap(\.partner))
        }
    }

    private enum Message: Sendable {
        case capture(Capture.Report)
        case process(PartnerID, life: Int, PartnerProcess.Report)
        /// A part of a step that is not a process's start or end has taken effect.
        case partDone(Int, began: Instant, effect: Instant)
        /// The partners were counted.
        case counted([Census], began: Instant)
        /// What a step that released writes found; its `partDone` follows.
        case released(Int, HeldWrites.Release)
        /// The ends of rails are as a step's part wants them; its `partDone` follows.
        case shaped(Int, StepAction, [RailEnd: Passage], [RailEnd: RailShape.Reading])
        /// A process was starved, or fed; the step's `partDone` follows.
        case starved(PartnerID, StarvedProcess)
        case fed(Int, StarvedProcess.Throttling)
        /// A process was squeezed, or relieved; the step's `partDone` follows.
        case squeezed(Int, PartnerID, SqueezedProcess)
        case relieved(Int, SqueezedProcess.Shortage)
        case load(BusyLoops.Report)
        case failed(String)
        /// How long a partner may take over its goodbye has passed.
        case outOfPatience
        /// How long a partner's program may take to its first event has passed.
        case silent(PartnerID, life: Int)
        case wake
    }

    private enum Stage {
        case preparing, running, stopping, closing, over
    }

    /// A process that has been started.
    private struct Process {
        var life: Int
        var pid: pid_t?
        var incarnation = ""
        var told: (action: StepAction, at: Instant)?
        /// When a step told it to stop, which another one may then cut short.
        var goodbye: Instant?
        var failpoint: Failpoint?
        /// When it was ordered.
        var ordered: Instant
    }

    /// A step under way: what is still to be done for it, and when it began and took effect.
    private struct UnderWay {
        var parts: [StepAction]
        var began: Instant
        var effect: Instant?
        /// What was found of its effect.
        var findings: [(String, JSONValue)] = []
    }

    private let variant: ScenarioVariant
    private let folder: String
    private let tools: RunTools
    private let inbox: AsyncStream<Message>
    private let report: AsyncStream<Message>.Continuation

    private var stage = Stage.preparing
    private var director: Director?
    private var log = LabLog()
    private var histories: [PartnerID: PartnerHistory] = [:]
    private var processes: [PartnerID: Process] = [:]
    private var lives: [PartnerID: Int] = [:]
    private var complaints: [PartnerID: String] = [:]
    private var underWay: [Int: UnderWay] = [:]
    /// Steps that are done to a process which has been started and is not there yet.
    private var waiting: [PartnerID: Int] = [:]
    private var load: BusyLoops
    private var frozen: Set<PartnerID> = []
    /// Those whose last process was told to stop, and is gone.
    private var goneAfterGoodbye: Set<PartnerID> = []
    private var shape: RailShape
    private var starved: [PartnerID: StarvedProcess] = [:]
    private var squeezed: [PartnerID: SqueezedProcess] = [:]
    private var capturePid: pid_t?
    private var captureNotes: [String] = []
    private var ending = RunEnding.finished
    private var failure: String?
    private var armedWake: Instant?
    private var launch: TimeSpan?

    private init(_ variant: ScenarioVariant, folder: String, tools: RunTools) {
        self.variant = variant
        self.folder = folder
        self.tools = tools
        load = BusyLoops(count: variant.scenario.busyLoops)
        shape = RailShape(carriages: variant.scenario.carriages(on: tools.defaultCarriage))
        (inbox, report) = AsyncStream.makeStream()
        for partner in PartnerID.allCases {
            let isForeign = variant.scenario.programs[partner] != nil
            histories[partner] = PartnerHistory(partner: partner, speech: isForeign ? .unsaid : .ccmd)
        }
    }

    /// Runs a scenario once. What it leaves in `folder` is complete when it returns.
    ///
    /// - Throws: `CancellationError`, with every process ended and the rail whole.
    static func run(
        _ variant: ScenarioVariant, folder: String, tools: RunTools, before: Surroundings
    ) async throws -> Outcome {
        try Files.makeFolder(folder)
        try Files.write(variant.scenario.text, to: "\(folder)/scenario.yaml")
        for (partner, program) in variant.scenario.programs.sorted(by: { $0.key < $1.key }) {
            do throws(LabError) { _ = try program.path(root: tools.root) } catch {
                throw LabError("partner \(partner.rawValue): \(error)")
            }
        }
        let kernelLog = KernelLog()
        let lead = WallClock.lead
        var run = ScenarioRun(variant, folder: folder, tools: tools)
        do {
            try await prepare(for: variant.scenario, run.shape, tools)
            await run.loop()
        } catch {
            try? await heal(after: variant.scenario, lead: lead, tools)
            throw error
        }
        try await heal(after: variant.scenario, lead: lead, tools)
        try Task.checkCancellation()
        let leaks = try await Surroundings.leaks(since: before, patience: .seconds(5))
        let lines = kernelLog.newLines()
        let record = run.record(leaks: leaks, kernelFaults: KernelLog.faults(in: lines))
        try run.writeEvidence(record, kernelLines: lines)
        return Outcome(record: record, failure: run.failure, launch: run.launch)
    }

    /// Puts there what some faults need before anything is sent.
    private static func prepare(for scenario: Scenario, _ shape: RailShape, _ tools: RunTools) async throws {
        let needsQueues = scenario.needsQueues(on: tools.defaultCarriage)
        if needsQueues { try await Rail.prepare(shape.ends) }
        for partner in scenario.heldPartners {
            try await HeldWrites(of: partner, on: scenario.railNumbers, beneathQueues: needsQueues).prepare()
        }
    }

    /// Leaves rails and machine whole for the next run, even when the lab is interrupted.
    ///
    /// - Parameter lead: of the wall clock, before the run.
    private static func heal(after scenario: Scenario, lead: Int64, _ tools: RunTools) async throws {
        if scenario.steps.contains(where: { $0.action == .stepClock }) { try WallClock.setLead(lead) }
        if scenario.steps.contains(where: { $0.action == .starve || $0.action == .squeeze }) {
            try ControlGroup.clear()
        }
        // Tasks of their own are not cancelled with this one.
        if scenario.needsQueues(on: tools.defaultCarriage) {
            try await Task { try await Rail.clear(scenario.railNumbers) }.value
        }
        for partner in scenario.heldPartners {
            try await Task { try await HeldWrites(of: partner, on: scenario.railNumbers).drop() }.value
        }
        for step in scenario.steps {
            guard let part = step.action.taken, let partner = step.partner else { continue }
            let rail = step.rail
            try await Task { try await change(part, of: partner, on: rail, "give", tools) }.value
        }
    }

    /// Has the fabric take a part of a partner's end of the rail, or give it back, and see that it is so.
    private static func change(
        _ part: RailPart, of partner: PartnerID, on rail: Int?, _ verb: String, _ tools: RunTools
    ) async throws {
        let outcome = try await Tool.run(
            tools.fabricScript, [verb, partner.rawValue, part.rawValue] + (rail.map { ["\($0)"] } ?? []))
        if !outcome.status.isSuccess { throw LabError("scripts/fabric \(verb): \(outcome.reason)") }
    }

    private mutating func loop() async {
        await withTaskGroup(of: Void.self) { group in
            if tools.capturesPackets, variant.scenario.capturesPackets {
                let capture = Capture(
                    file: "\(folder)/capture.pcap", rails: variant.scenario.rails,
                    keepsAll: !variant.scenario.programs.isEmpty)
                group.addTask { [report] in await capture.run { report.yield(.capture($0)) } }
            } else {
                report.yield(.capture(.none))
            }
            for await message in inbox {
                take(message, &group)
                if stage == .running { carryOut(&group) }
                if stage == .over { break }
            }
            group.cancelAll()
        }
    }

    // MARK: What happens

    private mutating func take(_ message: Message, _ group: inout TaskGroup<Void>) {
        switch message {
        case .capture(let capture): take(capture, &group)
        case .process(let partner, let life, let process): take(partner, life, process, &group)
        case .partDone(let index, let began, let effect):
            partDone(index, began: began, effect: effect, &group)
        case .counted(let counts, let began):
            for census in counts { director?.heard(log.census(census, began: began, at: MonotonicClock.now)) }
        case .released(let index, let release):
            underWay[index]?.findings = [
                ("held", .unsigned(release.held)), ("arrived", .unsigned(release.arrived)),
            ]
        case .shaped(let index, let part, let passages, let readings):
            let (findings, problem) = shape.changed(part, to: passages, readings)
            underWay[index]?.findings += findings
            if let problem { fail("step \(variant.scenario.steps[index].id): \(problem)", &group) }
        case .starved(let partner, let process): starved[partner] = process
        case .fed(let index, let throttling):
            underWay[index]?.findings = [
                ("throttledPeriods", .unsigned(throttling.periods)),
                ("throttledNs", .unsigned(throttling.span.nanoseconds)),
            ]
        case .squeezed(let index, let partner, let process):
            squeezed[partner] = process
            underWay[index]?.findings = process.findings
        case .relieved(let index, let shortage):
            underWay[index]?.findings = [("timesOverRoom", .unsigned(shortage.times))]
        case .load(let report):
            take(report, &group)
        case .failed(let reason): fail(reason, &group)
        case .outOfPatience:
            for partner in processes.keys { signal(partner, SIGKILL) }
        case .silent(let partner, let life):
            if stage == .running, let process = processes[partner], process.life == life,
                process.incarnation.isEmpty
            {
                fail("partner \(partner.rawValue): \(silence(of: partner))", &group)
            }
        case .wake: armedWake = nil
        }
        if stage == .stopping && processes.isEmpty && underWay.isEmpty { closeCapture() }
    }

    private mutating func take(_ capture: Capture.Report, _ group: inout TaskGroup<Void>) {
        switch capture {
        case .listening(let pid):
            capturePid = pid
            beginWithLoad(&group)
        case .none:
            beginWithLoad(&group)
        case .ended(let notes):
            captureNotes = notes
            capturePid = nil
            if stage == .closing { stage = .over }
        case .failed(let reason):
            capturePid = nil
            failure = failure ?? reason
            if stage == .preparing || stage == .closing { stage = .over }
        }
    }

    private mutating func take(_ report: BusyLoops.Report, _ group: inout TaskGroup<Void>) {
        guard let problem = load.take(report) else {
            if load.isRunning { begin() }
            return
        }
        if stage == .preparing {
            failure = problem
            closeCapture()
        } else {
            fail(problem, &group)
        }
    }

    /// Begins the run once its load is there, if it asks for one.
    private mutating func beginWithLoad(_ group: inout TaskGroup<Void>) {
        guard variant.scenario.busyLoops > 0 else { return begin() }
        for _ in 0..<variant.scenario.busyLoops {
            group.addTask { [report] in await BusyLoops.run { report.yield(.load($0)) } }
        }
    }

    private mutating func begin() {
        guard stage == .preparing else { return }
        let now = MonotonicClock.now
        director = Director(variant.scenario, start: now)
        stage = .running
        _ = log.run(
            .runStarted, at: now,
            [
                ("scenario", .string(variant.title)), ("clock", .string(tools.clock)),
                ("fabric", .string(tools.fabric.rawValue)), ("kernel", .string(tools.kernel)),
                ("wallNs", .integer(Int64(clamping: now.nanoseconds) + WallClock.lead)),
                ("tickNs", .unsigned(tools.tick.nanoseconds)),
            ] + variant.scenario.carriages(on: tools.defaultCarriage).details)
    }

    private mutating func take(
        _ partner: PartnerID, _ life: Int, _ process: PartnerProcess.Report, _ group: inout TaskGroup<Void>
    ) {
        switch process {
        case .started(let pid, let time):
            processes[partner]?.pid = pid
            launch = launch ?? processes[partner].map { time - $0.ordered }
            // The run may have come to its end while the process was being started.
            if stage == .stopping { signal(partner, SIGTERM) }
            if stage == .running, let index = waiting.removeValue(forKey: partner) { perform(index, &group) }
        case .output(let bytes):
            for event in histories[partner]?.take(bytes, at: MonotonicClock.now) ?? [] {
                if event.name == .started {
                    processes[partner]?.incarnation = event.incarnation
                    if let problem = strangePid(event, of: partner) { fail(problem, &group) }
                }
                director?.heard(event)
            }
            if histories[partner]?.isTooLong == true {
                fail(
                    "partner \(partner.rawValue) has written more than \(PartnerHistory.mostBytes >> 20) MiB",
                    &group)
            }
        case .ended(let status, let complaint, let time):
            histories[partner]?.endOfLife()
            if !complaint.isEmpty { complaints[partner] = complaint.trimmed }
            processEnded(partner, status, at: time, &group)
        case .couldNotStart(let reason):
            processes[partner] = nil
            fail("partner \(partner.rawValue) could not be started: \(reason)", &group)
        }
    }

    private mutating func processEnded(
        _ partner: PartnerID, _ status: TerminationStatus, at time: Instant, _ group: inout TaskGroup<Void>
    ) {
        guard let process = processes.removeValue(forKey: partner) else { return }
        frozen.remove(partner)
        if process.goodbye == nil {
            goneAfterGoodbye.remove(partner)
        } else {
            goneAfterGoodbye.insert(partner)
        }
        let code: (name: String, code: Int32) =
            switch status {
            case .exited(let code): ("status", code)
            case .signaled(let signal): ("signal", signal)
            }
        let event = log.processEnded(
            partner, incarnation: process.incarnation, pid: process.pid ?? 0, status: code,
            told: process.told, goodbye: process.goodbye, at: time)
        director?.heard(event)
        let unexplained =
            process.told == nil && !(process.failpoint?.act == .kill && code == ("signal", SIGKILL))
        for order in director?.processEnded(partner, unexplained: unexplained) ?? [] { obey(order, &group) }
        // A step that ended the process goes on from here.
        for (index, step) in variant.scenario.steps.enumerated() where step.partner == partner {
            guard let part = underWay[index]?.parts.first, part == .kill || part == .stop,
                let told = process.told
            else { continue }
            // Who says goodbye may be gone just before he would have been killed.
            if part == .kill && code != ("signal", SIGKILL) && process.goodbye == nil {
                fail(
                    "step \(step.id): \(partner.rawValue) was killed and ended with \(status.text) instead",
                    &group)
            }
            let at = part == .stop ? process.goodbye ?? told.at : told.at
            partDone(index, began: at, effect: at, &group)
        }
    }

    private mutating func fail(_ reason: String, _ group: inout TaskGroup<Void>) {
        failure = failure ?? reason
        underWay.removeAll()
        if stage == .running { end(&group) }
    }

    // MARK: What is to be done

    private mutating func carryOut(_ group: inout TaskGroup<Void>) {
        let now = MonotonicClock.now
        for order in director?.orders(at: now) ?? [] { obey(order, &group) }
        guard stage == .running, let wake = director?.nextWake(after: now) else { return }
        if let armedWake, armedWake <= wake { return }
        armedWake = wake
        group.addTask { [report] in
            await MonotonicClock.wait(until: wake)
            report.yield(.wake)
        }
    }

    private mutating func obey(_ order: Director.Order, _ group: inout TaskGroup<Void>) {
        switch order {
        case .boot(let partner):
            let now = MonotonicClock.now
            let failpoint = variant.scenario.partners[partner]?.failpoint
            director?.heard(
                log.fault(
                    step: "power-on-\(partner.rawValue)", action: .boot, partner: partner, began: now,
                    effect: now,
                    at: now, failpoint: failpoint))
            boot(partner, failpoint, &group)
        case .perform(let index):
            let action = variant.scenario.steps[index].action
            var parts: [StepAction] =
                switch action {
                case .reboot: [.kill, .boot]
                case .powerOff:
                    shape.isAllCut ? [.kill, .powerOff] : [.cut, .kill, .powerOff]
                default: [action]
                }
            if variant.scenario.steps[index].freezesByItself { parts.append(.freeze) }
            underWay[index] = UnderWay(parts: parts, began: MonotonicClock.now)
            perform(index, &group)
        case .end(let ending):
            self.ending = ending
            end(&group)
        }
    }

    /// Does the next part of a step.
    private mutating func perform(_ index: Int, _ group: inout TaskGroup<Void>) {
        let step = variant.scenario.steps[index]
        guard let part = underWay[index]?.parts.first else { return }
        switch part {
        case .cut, .heal, .degrade, .restore: shapeRails(part, index, step, &group)
        case .starve, .feed:
            guard let partner = step.partner else { return }
            part == .starve ? starve(partner, index, step, &group) : feed(partner, index, &group)
        case .squeeze, .relieve:
            guard let partner = step.partner else { return }
            part == .squeeze ? squeeze(partner, index, step, &group) : relieve(partner, index, &group)
        case .stepClock:
            let span = step.clockStep
            background(index, &group) {
                guard HostFacts.isVirtualMachine else {
                    throw LabError("the wall clock is this machine's own; run with --fabric vm")
                }
                try WallClock.step(by: span)
            }
        case .holdWrites:
            guard let partner = step.partner else { return }
            let writes = HeldWrites(of: partner, on: rails(of: step))
            background(index, &group) { try await writes.hold() }
        case .releaseWrites:
            guard let partner = step.partner else { return }
            let writes = HeldWrites(of: partner, on: rails(of: step))
            background(index, &group) { [report] in
                report.yield(.released(index, try await writes.release()))
            }
        case .powerOff:
            guard let partner = step.partner else { return }
            background(index, &group) { [tools] in
                let outcome = try await Tool.run(tools.fabricScript, ["rebuild", partner.rawValue])
                if !outcome.status.isSuccess { throw LabError("scripts/fabric rebuild: \(outcome.reason)") }
            }
        case .removeAddress, .removeDevice, .addAddress, .addDevice, .linkDown, .linkUp, .changeMac,
            .restoreMac:
            guard let partner = step.partner, let changed = part.taken ?? part.given else { return }
            let rail = step.rail
            background(index, &group) { [tools] in
                try await Self.change(
                    changed, of: partner, on: rail, part.taken == nil ? "give" : "take", tools)
            }
        case .census:
            let running = processes.compactMapValues(\.pid)
            background(index, &group) { [report] in
                let began = MonotonicClock.now
                report.yield(.counted(try await Census.take(of: running), began: began))
            }
        case .kill, .stop, .freeze, .thaw, .boot, .reboot:
            guard let partner = step.partner else { return }
            perform(part, on: partner, index, step, &group)
        }
    }

    private mutating func perform(
        _ part: StepAction, on partner: PartnerID, _ index: Int, _ step: Step, _ group: inout TaskGroup<Void>
    ) {
        let now = MonotonicClock.now
        if part == .boot {
            guard processes[partner] == nil else {
                fail("step \(step.id): \(partner.rawValue) runs already", &group)
                return
            }
            boot(partner, step.failpoint, &group)
            partDone(index, began: now, effect: now, &group)
            return
        }
        guard let process = processes[partner] else {
            if step.isMoot(for: part), goneAfterGoodbye.contains(partner) {
                partDone(index, began: now, effect: now, &group)
            } else {
                fail("step \(step.id): \(partner.rawValue) does not run", &group)
            }
            return
        }
        guard let pid = process.pid else {
            waiting[partner] = index
            return
        }
        if step.freezesByItself {
            // A failpoint that is never reached is for the run's deadline to find, and for the checker to judge.
            let patience = variant.scenario.deadline + .seconds(60)
            background(index, &group) {
                try await PartnerProcess.wait(for: pid, stopped: true, within: patience)
            }
            return
        }
        switch part {
        case .kill, .stop:
            processes[partner]?.told = (part, now)
            if part == .stop { processes[partner]?.goodbye = now }
            signal(partner, part == .kill ? SIGKILL : SIGTERM)
        case .freeze, .thaw:
            if part == .freeze { frozen.insert(partner) } else { frozen.remove(partner) }
            signal(partner, part == .freeze ? SIGSTOP : SIGCONT)
            background(index, &group) { try await PartnerProcess.wait(for: pid, stopped: part == .freeze) }
        default: break
        }
    }

    private func shapeRails(
        _ part: StepAction, _ index: Int, _ step: Step, _ group: inout TaskGroup<Void>
    ) {
        // A power-off is a cut both ways.
        let sender = step.action == .powerOff ? nil : step.partner
        let passages = shape.passages(after: part, sender: sender, rail: step.rail, step.degradation)
        let degradation = part == .degrade ? step.degradation : nil
        background(index, &group) { [report] in
            let readings = RailShape.read(try await Rail.change(passages))
            if let degradation, degradation.delays {
                try await Rail.awaitWaiting(at: Array(passages.keys), for: degradation.delay)
            }
            report.yield(.shaped(index, part, passages, readings))
        }
    }

    private mutating func starve(
        _ partner: PartnerID, _ index: Int, _ step: Step, _ group: inout TaskGroup<Void>
    ) {
        guard let ration = step.ration, let process = processes[partner] else {
            fail("step \(step.id): \(partner.rawValue) does not run", &group)
            return
        }
        guard let pid = process.pid else {
            waiting[partner] = index
            return
        }
        background(index, &group) { [report] in
            report.yield(.starved(partner, try StarvedProcess.starve(pid, of: partner, to: ration)))
        }
    }

    private mutating func feed(_ partner: PartnerID, _ index: Int, _ group: inout TaskGroup<Void>) {
        guard let process = starved.removeValue(forKey: partner) else {
            fail("step \(variant.scenario.steps[index].id): \(partner.rawValue) is not starved", &group)
            return
        }
        background(index, &group) { [report] in report.yield(.fed(index, try process.feed())) }
    }

    private mutating func squeeze(
        _ partner: PartnerID, _ index: Int, _ step: Step, _ group: inout TaskGroup<Void>
    ) {
        guard let room = step.room, let process = processes[partner] else {
            fail("step \(step.id): \(partner.rawValue) does not run", &group)
            return
        }
        guard let pid = process.pid else {
            waiting[partner] = index
            return
        }
        background(index, &group) { [report] in
            report.yield(.squeezed(index, partner, try SqueezedProcess.squeeze(pid, of: partner, to: room)))
        }
    }

    private mutating func relieve(_ partner: PartnerID, _ index: Int, _ group: inout TaskGroup<Void>) {
        guard let process = squeezed.removeValue(forKey: partner) else {
            fail("step \(variant.scenario.steps[index].id): \(partner.rawValue) is not squeezed", &group)
            return
        }
        background(index, &group) { [report] in report.yield(.relieved(index, try process.relieve())) }
    }

    /// When the failpoint of a partner's present life struck; nil when it was not reached.
    private func failpointMoment(of partner: PartnerID?) -> Instant? {
        guard let partner, let process = processes[partner] else { return nil }
        let reached = histories[partner]?.events.last {
            $0.name == .failpointReached && $0.incarnation == process.incarnation
        }
        return reached?.number("dueNs").map { Instant(nanoseconds: $0) }
    }

    /// Does a part of a step in a child task.
    private func background(
        _ index: Int, _ group: inout TaskGroup<Void>, _ work: @escaping @Sendable () async throws -> Void
    ) {
        let id = variant.scenario.steps[index].id
        let began = MonotonicClock.now
        group.addTask { [report] in
            do {
                try await work()
                report.yield(.partDone(index, began: began, effect: MonotonicClock.now))
            } catch {
                report.yield(.failed("step \(id): \(error)"))
            }
        }
    }

    private mutating func partDone(
        _ index: Int, began: Instant, effect: Instant, _ group: inout TaskGroup<Void>
    ) {
        guard var state = underWay[index], let part = state.parts.first else { return }
        let step = variant.scenario.steps[index]
        let now = MonotonicClock.now
        state.parts.removeFirst()
        state.effect = state.effect ?? effect
        underWay[index] = state
        if part == .cut && step.action == .powerOff {
            director?.heard(
                log.fault(step: step.id, action: .cut, partner: nil, began: began, effect: effect, at: effect)
            )
        }
        if step.freezesByItself, part == .boot {
            director?.heard(
                log.fault(
                    step: step.id, action: .boot, partner: step.partner, began: began, effect: effect,
                    at: effect, failpoint: step.failpoint))
        }
        guard stage == .running else {
            underWay[index] = nil
            return
        }
        guard state.parts.isEmpty else {
            perform(index, &group)
            return
        }
        underWay[index] = nil
        var moment = StepMoment(began: state.began, effect: state.effect ?? effect)
        if step.freezesByItself, let partner = step.partner {
            frozen.insert(partner)
            let struck = failpointMoment(of: partner) ?? began
            moment = StepMoment(began: struck, effect: struck)
        }
        director?.heard(
            log.fault(
                step: step.id, action: step.fault, partner: step.partner, rail: step.rail,
                began: moment.began,
                effect: moment.effect,
                at: max(now, moment.effect), failpoint: step.failpoint,
                findings: step.details + state.findings))
        director?.stepDone(index, moment)
    }

    /// The rails that a step is done to.
    private func rails(of step: Step) -> Set<Int> {
        step.rail.map { [$0] } ?? variant.scenario.railNumbers
    }

    private mutating func boot(
        _ partner: PartnerID, _ failpoint: Failpoint?, _ group: inout TaskGroup<Void>
    ) {
        let life = (lives[partner] ?? 0) + 1
        lives[partner] = life
        processes[partner] = Process(life: life, failpoint: failpoint, ordered: MonotonicClock.now)
        let settings = variant.scenario.partners[partner]?.settings ?? PartnerSettings(partner)
        let name = "\(partner.rawValue)\(life)"
        // Where a life has a configuration of ccmd, a replay expects its recording.
        let isForeign = variant.scenario.programs[partner] != nil
        let configuration =
            "\(folder)/\(isForeign ? "program-\(name).yaml" : RecordedRuns.configuration(of: name))"
        let recording =
            tools.recordsLives && !isForeign ? "\(folder)/\(RecordedRuns.recording(of: name))" : nil
        let process: PartnerProcess
        do {
            try Files.write(
                settings.configuration(
                    for: partner, control: nil, recording: recording, writeDelay: tools.writeDelay,
                    failpoint: failpoint),
                to: configuration)
            process = try PartnerProcess(
                partner, of: variant.scenario, configuration: configuration,
                counts: tools.countsInstructions ? "\(folder)/\(Callgrind.file(of: name))" : nil,
                ccmd: tools.ccmd, root: tools.root)
        } catch {
            processes[partner] = nil
            fail("partner \(partner.rawValue): \(error)", &group)
            return
        }
        if isForeign {
            let limit = MonotonicClock.now + Self.patienceForFirstEvent
            group.addTask { [report] in
                await MonotonicClock.wait(until: limit)
                if !Task.isCancelled { report.yield(.silent(partner, life: life)) }
            }
        }
        group.addTask { [report] in
            await process.run { report.yield(.process(partner, life: life, $0)) }
        }
    }

    /// How long a partner's program may take to its event `started`.
    private static let patienceForFirstEvent = TimeSpan.seconds(5)

    /// Why a program's first line cannot be of the process that was started; nil when it can.
    private func strangePid(_ started: HistoryEvent, of partner: PartnerID) -> String? {
        guard let program = variant.scenario.programs[partner], let pid = processes[partner]?.pid,
            let named = started.number("pid"), named != UInt64(pid)
        else { return nil }
        return
            "partner \(partner.rawValue): “started” of \(program.name) names process \(named), and the lab started \(pid); "
            + "a program that another one starts has to take its place (exec); \(PartnerProgram.help)"
    }

    /// What a program wrote in place of its first event, for a message.
    private func silence(of partner: PartnerID) -> String {
        let name = variant.scenario.programs[partner]?.name ?? "its program"
        if let bad = histories[partner]?.badLines.last {
            return
                "\(name) wrote no “started”, and line \(bad.line) of history-\(partner.rawValue).jsonl is wrong: "
                + "\(bad.problem); \(PartnerProgram.help)"
        }
        return
            "\(name) wrote no event within \(SpanText.exact(Self.patienceForFirstEvent)); expected “started” on its "
            + "standard output; \(PartnerProgram.help)"
    }

    /// Signals a partner, with all that it has started.
    private func signal(_ partner: PartnerID, _ signal: CInt) {
        if let pid = processes[partner]?.pid { kill(-pid, signal) }
    }

    // MARK: The end

    /// Ends the run in good order: heals, thaws, and tells every partner to stop.
    private mutating func end(_ group: inout TaskGroup<Void>) {
        guard stage == .running else { return }
        stage = .stopping
        let now = MonotonicClock.now
        if load.isRunning {
            let (event, problem) = load.end(at: now, log: &log)
            director?.heard(event)
            failure = failure ?? problem
        }
        _ = log.run(.runEnded, at: now, [("reason", .string(failure ?? ending.text))])
        for (index, step) in variant.scenario.steps.enumerated() where step.freezesByItself {
            underWay[index] = nil
        }
        for partner in variant.scenario.heldPartners {
            let writes = HeldWrites(of: partner, on: variant.scenario.railNumbers)
            // Queue pairs cannot be destroyed while packets of theirs are held back. What goes wrong here shows in that.
            group.addTask { try? await writes.letThrough() }
        }
        for partner in frozen { signal(partner, SIGCONT) }
        for (partner, process) in starved {
            // Whether it had to wait was for a step to tell; here it only has to be able to say goodbye.
            group.addTask { [report] in
                do { try process.release() } catch {
                    report.yield(.failed("feeding \(partner.rawValue): \(error)"))
                }
            }
        }
        for (partner, process) in squeezed {
            group.addTask { [report] in
                do { try process.release() } catch {
                    report.yield(.failed("relieving \(partner.rawValue): \(error)"))
                }
            }
        }
        for partner in processes.keys {
            if processes[partner]?.told == nil { processes[partner]?.told = (.stop, now) }
            signal(partner, SIGTERM)
        }
        let limit = now + .seconds(3)
        group.addTask { [report] in
            await MonotonicClock.wait(until: limit)
            if !Task.isCancelled { report.yield(.outOfPatience) }
        }
    }

    private mutating func closeCapture() {
        stage = .closing
        if let capturePid { kill(capturePid, SIGINT) } else { stage = .over }
    }

    // MARK: The evidence

    private func record(leaks: [String], kernelFaults: [String]) -> RunRecord {
        let parts = [log.events] + PartnerID.allCases.map { histories[$0]?.events ?? [] }
        return RunRecord(
            variant: variant, events: HistoryMerge.merge(parts),
            badLines: PartnerID.allCases.flatMap { histories[$0]?.badLines ?? [] }, ending: ending,
            leaks: leaks,
            kernelFaults: kernelFaults, complaints: complaints)
    }

    private func writeEvidence(_ record: RunRecord, kernelLines: [String]) throws {
        try Files.write(Self.lines(record.events.map(\.line)), to: "\(folder)/events.jsonl")
        try Files.write(Self.lines(kernelLines), to: "\(folder)/kernel.log")
        try Files.write(Self.lines(captureNotes), to: "\(folder)/capture.log")
        for partner in PartnerID.allCases {
            let name = partner.rawValue
            try Files.write(histories[partner]?.text ?? "", to: "\(folder)/history-\(name).jsonl")
            if let complaint = complaints[partner] {
                try Files.write(complaint + "\n", to: "\(folder)/stderr-\(name).log")
            }
        }
    }

    private static func lines(_ lines: [String]) -> String { lines.map { $0 + "\n" }.joined() }
}

extension String {
    /// Without white space at either end.
    var trimmed: String {
        var text = Substring(self)
        while text.first?.isWhitespace == true { text = text.dropFirst() }
        while text.last?.isWhitespace == true { text = text.dropLast() }
        return String(text)
    }
}
