import ClusterConnection

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
    /// What the runs are done on: `netns` is this kernel.
    package var fabric = FabricKind.netns
    /// Where the seeds of runs come from.
    package var seeds = SeedChoice.perScenario
    /// How many machines there are at once, where each run has one of its own.
    package var jobs = 1
    /// What was asked for and cannot be run on that.
    package var leftOut: [LeftOut] = []
    /// What the only runs to be done are called: a sweep's values, or an instant; nil for all.
    package var only: String?
    /// Which of the runs are done here.
    package var shard = Shard.whole
    /// Whether each simulated run is printed as a sequence diagram.
    package var printsTraces = false
    /// Whether the last run's partners are booted again and left up, with the fabric, until the lab is interrupted.
    package var keeps = false
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
        switch fabric {
        case .sim: return try simulate(&display)
        case .uml: return try await runOnMachines(&display)
        case .vm, .netns: return try await runHere(&display)
        }
    }

    /// Runs everything on this kernel.
    private func runHere(_ display: inout Display) async throws -> [RunResult] {
        let session = try await LabSession.open(
            checkout: checkout, ccmd: ccmd, keepsAll: !measuresSpeed,
            rails: (scenarios + (soak?.bases ?? [])).map(\.rails).max() ?? 1, output: output, &display)
        var results: [RunResult] = []
        let fabric = FabricKind.ofThisKernel
        var lab = self
        if soak == nil { lab.leftOut += scenarios.compactMap { LeftOut($0, on: fabric) } }
        let leftOut = lab.leftOut
        var interruption: (any Error)?
        do {
            if let soak {
                try await runSoak(soak, &results, session, &display)
            } else {
                try await runAll(&results, session, leavingOut: leftOut, &display)
            }
        } catch {
            interruption = error
        }
        var isDelivered = false
        if keeps, interruption == nil, let last = results.last {
            try lab.writeReports(results, session.environment, to: session.stage)
            try session.deliver()
            isDelivered = true
            do { try await keep(last.variant.scenario, session, &display) } catch { interruption = error }
            if interruption is CancellationError { interruption = nil }
        }
        let leftovers = await session.takeFabricDown(&display)
        if !isDelivered {
            try lab.writeReports(results, session.environment, to: session.stage)
            try session.deliver()
        }
        display.clear()
        if let interruption { throw interruption }
        if let leftovers { throw LabError(leftovers) }
        if results.isEmpty, !leftOut.isEmpty {
            throw LabError("nothing was run: none of it can be run on \(fabric.rawValue)")
        }
        return results
    }

    /// Keeps a pair and its fabric up, until this task is cancelled.
    private func keep(
        _ scenario: Scenario, _ session: LabSession, _ display: inout Display
    ) async throws {
        if session.environment.isHere { try KeptRun(door: nil, ccmd: ccmd).write(to: output) }
        defer { if session.environment.isHere { KeptRun.forget(in: output) } }
        try await KeptPair(scenario, session.tools).keep(shownFolder: shownOutput, &display)
    }

    private func runAll(
        _ results: inout [RunResult], _ session: LabSession, leavingOut leftOut: [LeftOut],
        _ display: inout Display
    ) async throws {
        let table = Table(colours: display.colours)
        var references: [Quantity] = []
        func measureReference() async throws {
            guard measuresSpeed else { return }
            display.status("measuring the reference (ib_read_lat)")
            references.append(try await RailTool.readLatency.measure().quantity)
        }
        try await measureReference()
        display.lines([table.header])
        for (number, scenario) in scenarios.enumerated()
        where !leftOut.contains(where: { $0.scenario == scenario.name }) {
            let place = "[\(number + 1)/\(scenarios.count)] "
            var rows: [RunResult] = []
            // Those that have instants are left out here: no two runs are alike.
            for run in try plan(scenario, probes: []) {
                display.status(place + run.variant.title)
                let folder = folder(of: run.variant, run.repetition)
                let result = try await JudgedRun.runOnWholeFabric(
                    run.variant, run.repetition, in: folder, session, &display)
                rows.append(result)
                results.append(result)
            }
            if !rows.isEmpty { display.lines([table.row(rows)] + table.map(rows)) }
        }
        try await measureReference()
        display.lines(LeftOut.lines(leftOut))
        display.lines(
            summary(
                results, table, session.environment, Quantity(medianOf: references), leftOut: leftOut))
    }

    func folder(of variant: ScenarioVariant, _ repetition: Int) -> String {
        let parts = [variant.scenario.name, variant.label, repetitions > 1 ? "run-\(repetition)" : ""]
        return parts.filter { !$0.isEmpty }.joined(separator: "/")
    }

    func summary(
        _ results: [RunResult], _ table: Table, _ environment: LabEnvironment, _ reference: Quantity?,
        leftOut: [LeftOut] = []
    ) -> [String] {
        var lines: [String] = []
        for scenario in scenarios {
            let failed = results.filter {
                $0.variant.scenario.name == scenario.name && !$0.judgement.result.isWanted
            }
            lines += table.expectedBreaks(of: results.filter { $0.variant.scenario.name == scenario.name })
            // The runs of a sweep mostly fail alike.
            for run in failed.prefix(3) {
                lines.append("")
                lines += table.failures(of: run, folder: "\(shownOutput)/\(run.folder)")
                if let again = again(run) { lines.append("  again: \(again)") }
            }
            if failed.count > 3 {
                lines.append("\(scenario.name): and \(failed.count - 3) runs more, in verdicts.json")
            }
        }
        let unjudged = Table.unjudged(results)
        if !unjudged.isEmpty { lines += [""] + unjudged }
        var measurements = Measurements()
        for run in results { measurements.add(run.judgement.measurements) }
        let speed = table.speed(measurements, clock: environment.clock)
        if !speed.isEmpty { lines += [""] + speed }
        if let reference { lines += [""] + table.ratios(measurements, to: reference) }
        lines += Repeated.lines(results)
        lines.append("")
        let held = results.inWords("runs") + LeftOut.inWords(leftOut)
        lines.append("\(held) (\(environment.clock) time, \(environment.ground))")
        lines.append("run folder: \(shownOutput)")
        return lines
    }

    func writeReports(_ results: [RunResult], _ environment: LabEnvironment, to stage: String) throws {
        try writeReports(
            results, verdicts: results.map { VerdictsJSON.run($0) }, environment, leftOut: leftOut, to: stage)
    }

    /// The command that does a run again; nil where no seed decides it.
    private func again(_ run: RunResult) -> String? {
        guard let seed = run.seed else { return nil }
        let label = run.variant.label
        return ShellText.command(
            ["ccmlab", "run", "--fabric", fabric.rawValue, "--seed", "\(seed)"]
                + (label.isEmpty ? [] : ["--only", label]) + [run.variant.scenario.file])
    }

    /// Leaves what is told of all runs.
    ///
    /// - Parameter verdicts: of each run, what its `verdict.json` says.
    func writeReports(
        _ results: [RunResult], verdicts: [JSONValue], _ environment: LabEnvironment, leftOut: [LeftOut],
        to stage: String
    ) throws {
        var measurements = Measurements()
        for run in results { measurements.add(run.judgement.measurements) }
        try Files.write(JSONText.pretty(environment.json), to: "\(stage)/environment.json")
        try Files.write(
            JSONText.pretty(VerdictsJSON.document(verdicts, of: results, leftOut: leftOut)),
            to: "\(stage)/verdicts.json")
        try Files.write(JSONText.pretty(measurements.json), to: "\(stage)/measurements.json")
        try Files.write(JUnit.xml(results, leftOut: leftOut), to: "\(stage)/junit.xml")
        try Files.write(KTAP.text(results, leftOut: leftOut), to: "\(stage)/verdicts.ktap")
    }
}
