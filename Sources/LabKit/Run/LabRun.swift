import ClusterConnection
import Glibc

/// Runs scenarios one after the other on the fabric of this kernel, and leaves the run folder.
package struct LabRun: Sendable {
    package var scenarios: [Scenario]
    /// Faults at random, in the place of the scenarios' own; nil for none.
    package var soak: SoakPlan?
    package var checkout: Checkout
    package var ccmd: String
    /// How often each run is done.
    package var repetitions: Int
    /// Whether speed is what the run is about: then a reference is measured on the same rail, and no packets
    /// are kept.
    package var measuresSpeed: Bool
    /// Where the run folder is to be.
    package var output: String
    /// The run folder's path as the reader knows it: outside the VM where the lab runs in one.
    package var shownOutput: String

    package init(
        scenarios: [Scenario], soak: SoakPlan? = nil, checkout: Checkout, ccmd: String, repetitions: Int,
        measuresSpeed: Bool,
        output: String, shownOutput: String
    ) {
        self.scenarios = scenarios
        self.soak = soak
        self.checkout = checkout
        self.ccmd = ccmd
        self.repetitions = repetitions
        self.measuresSpeed = measuresSpeed
        self.output = output
        self.shownOutput = shownOutput
    }

    /// Runs everything.
    ///
    /// - Throws: `LabError` when the fabric could not be made, `CancellationError` when interrupted; the fabric
    ///   is gone then too.
    package func run(_ display: inout Display) async throws -> [RunResult] {
        Self.becomeNice()
        // Sharing a file with the host while a run is on would take the host's time in virtual time.
        let isInVM = environmentValue("CCM_LAB_IN_VM") == "1"
        let stage = isInVM ? "/tmp/ccm-lab-run-\(getpid())" : output
        try Files.makeFolder(stage)
        let environment = await LabEnvironment.now(ccmd: ccmd, root: checkout.root)
        let tools = RunTools(
            ccmd: ccmd, fabricScript: checkout.fabricScript, clock: environment.clock,
            kernel: environment.kernel, capturesPackets: !measuresSpeed)
        let fabric = Fabric(script: checkout.fabricScript)
        display.status("making the fabric")
        let made = try await fabric.up()
        var results: [RunResult] = []
        var interruption: (any Error)?
        do {
            if let soak {
                try await runSoak(
                    soak, &results, stage: stage, tools, environment, made ? fabric : nil, &display)
            } else {
                try await runAll(
                    &results, stage: stage, tools: tools, environment, made ? fabric : nil, &display)
            }
        } catch {
            interruption = error
        }
        display.status("taking the fabric down")
        let leftovers = made ? await fabric.down() : nil
        try writeReports(results, environment, leftovers, to: stage)
        if stage != output {
            try Files.copyAll(below: stage, to: output)
            Files.removeFolder(stage)
        }
        display.clear()
        if let interruption { throw interruption }
        if let leftovers { throw LabError(leftovers) }
        return results
    }

    private func runAll(
        _ results: inout [RunResult], stage: String, tools: RunTools, _ environment: LabEnvironment,
        _ ownFabric: Fabric?, _ display: inout Display
    ) async throws {
        let table = Table(colours: display.colours)
        let before = try await Surroundings.now()
        var references: [ReadLatency] = []
        func measureReference() async throws {
            guard measuresSpeed else { return }
            display.status("measuring the reference (ib_read_lat)")
            references.append(try await ReadLatency.measure())
        }
        try await measureReference()
        display.lines([table.header])
        for (number, scenario) in scenarios.enumerated() {
            var rows: [RunResult] = []
            for variant in scenario.variants {
                for repetition in 1...max(1, repetitions) {
                    display.status("[\(number + 1)/\(scenarios.count)] \(variant.title)")
                    let result = try await run(variant, repetition, stage: stage, tools, before)
                    rows.append(result)
                    results.append(result)
                    // Soft-RoCE devices have been seen to stop sending for good. What one run broke must not
                    // break the next.
                    if result.judgement.result != .held, let ownFabric {
                        display.status("making the fabric anew")
                        try await ownFabric.renew()
                    }
                }
            }
            display.lines([table.row(rows)])
        }
        try await measureReference()
        display.lines(summary(results, table, environment, ReadLatency(medianOf: references)))
    }

    /// Runs one variant and judges it; its folder is below `stage`.
    func run(
        _ variant: ScenarioVariant, _ repetition: Int, stage: String, _ tools: RunTools,
        _ before: Surroundings
    ) async throws -> RunResult {
        let parts = [variant.scenario.name, variant.label, repetitions > 1 ? "run-\(repetition)" : ""]
        let folder = parts.filter { !$0.isEmpty }.joined(separator: "/")
        let path = "\(stage)/\(folder)"
        let began = MonotonicClock.now
        var judgement: Judgement
        var start = began
        do {
            let outcome = try await ScenarioRun.run(variant, folder: path, tools: tools, before: before)
            start = outcome.record.events.first { $0.name == .runStarted }?.time ?? began
            judgement = outcome.failure.map { .notRun($0) } ?? Checker.judge(outcome.record)
            if judgement.result == .broke,
                let problem = try await FabricHealth.problem(senders: outcome.senders)
            {
                judgement.result = .notRun(problem)
            }
        } catch let error as LabError {
            judgement = .notRun(error.description)
        }
        let result = RunResult(
            variant: variant, repetition: repetition, judgement: judgement, folder: folder, start: start,
            duration: MonotonicClock.now - began)
        try Files.write(JSONText.pretty(VerdictsJSON.run(result)), to: "\(path)/verdict.json")
        try Files.write(ClaimsText.text(judgement.claims, start: start), to: "\(path)/claims.txt")
        return result
    }

    private func summary(
        _ results: [RunResult], _ table: Table, _ environment: LabEnvironment, _ reference: ReadLatency?
    ) -> [String] {
        var lines: [String] = []
        for scenario in scenarios {
            let failed = results.filter {
                $0.variant.scenario.name == scenario.name && $0.judgement.result != .held
            }
            // The runs of a sweep mostly fail alike.
            for run in failed.prefix(3) {
                lines.append("")
                lines += table.failures(of: run, folder: "\(shownOutput)/\(run.folder)")
            }
            if failed.count > 3 {
                lines.append("\(scenario.name): and \(failed.count - 3) runs more, in verdicts.json")
            }
        }
        var measurements = Measurements()
        for run in results { measurements.add(run.judgement.measurements) }
        let speed = table.speed(measurements, clock: environment.clock)
        if !speed.isEmpty { lines += [""] + speed }
        if let reference { lines += [""] + table.ratios(measurements, to: reference) }
        let held = results.count { $0.judgement.result == .held }
        lines.append("")
        lines.append(
            "\(held) of \(results.count) runs held (\(environment.clock) time, kernel \(environment.kernel))")
        lines.append("run folder: \(shownOutput)")
        return lines
    }

    private func writeReports(
        _ results: [RunResult], _ environment: LabEnvironment, _ leftovers: String?, to stage: String
    ) throws {
        var measurements = Measurements()
        for run in results { measurements.add(run.judgement.measurements) }
        try Files.write(JSONText.pretty(environment.json), to: "\(stage)/environment.json")
        try Files.write(JSONText.pretty(VerdictsJSON.document(results)), to: "\(stage)/verdicts.json")
        try Files.write(JSONText.pretty(measurements.json), to: "\(stage)/measurements.json")
        try Files.write(JUnit.xml(results), to: "\(stage)/junit.xml")
    }

    /// The partners come first: every thread of the lab goes to the back of the queue.
    private static func becomeNice() {
        for thread in Files.names(in: "/proc/self/task") {
            guard let number = UInt32(thread) else { continue }
            setpriority(__priority_which_t(PRIO_PROCESS.rawValue), number, 19)
        }
    }
}
