import ClusterConnection

extension LabRun {
    /// Runs everything on User-Mode Linux, each run on a machine of its own, and leaves the run folder.
    func runOnMachines(_ display: inout Display) async throws -> [RunResult] {
        try Files.makeFolder(output)
        display.status("asking for versions")
        async let asked = LabEnvironment.userModeLinux(
            ccmd: ccmd, checkout: checkout, scenarios: scenarios + (soak?.bases ?? []))
        let table = Table(colours: display.colours)
        var finished: [FinishedRun] = []
        var interruption: CancellationError?
        do {
            if let soak {
                display.lines(["seed \(soak.seed)", table.header])
                try await soakOnMachines(soak, table, &finished, &display)
            } else {
                display.lines([table.header])
                try await runAllOnMachines(table, &finished, &display)
            }
        } catch let error as CancellationError {
            interruption = error
        }
        let environment = try await asked
        let results = finished.map(\.result)
        try writeReports(
            results, verdicts: finished.map(\.verdict), environment, leftOut: leftOut, to: output)
        if let soak {
            let report = SoakReport(soak, results, shard: shard, isComplete: interruption == nil)
            try report.write(to: output)
            display.lines(
                [""]
                    + report.lines(
                        fabric: environment.fabric, clock: environment.clock, kernel: environment.kernel,
                        folder: shownOutput, table))
        } else if interruption == nil {
            display.lines(
                LeftOut.lines(leftOut) + summary(results, table, environment, nil, leftOut: leftOut))
        }
        if let interruption { throw interruption }
        return results
    }

    private var machines: MachineRuns {
        MachineRuns(checkout: checkout, ccmd: ccmd, keepsAll: !measuresSpeed, output: output, jobs: jobs)
    }

    private func runAllOnMachines(
        _ table: Table, _ finished: inout [FinishedRun], _ display: inout Display
    ) async throws {
        var plans: [MachineRun] = []
        for scenario in scenarios {
            do {
                let probes = try await probeOnMachines(scenario, &display)
                plans += try plan(scenario, probes: probes).map { machineRun($0, of: scenario) }
            } catch let problem as LabError where scenario.hasInstants {
                let run = FinishedRun(try Self.unprobed(scenario, problem, in: output), in: output)
                finished.append(run)
                display.lines([table.row([run.result])])
            }
        }
        let before = finished.count
        var rows: [RunResult] = []
        try await machines.run(plans, &display) { run, display in
            finished.append(run)
            rows.append(run.result)
            let done = finished.count - before
            let next = done < plans.count ? plans[done] : nil
            if next?.variant.scenario.name != run.result.variant.scenario.name {
                display.lines([table.row(rows)] + table.map(rows))
                rows = []
            }
            if let next { display.status("[\(done)/\(plans.count)] \(next.variant.title)") }
        }
    }

    private func machineRun(_ run: PlannedRun, of scenario: Scenario) -> MachineRun {
        MachineRun(
            variant: run.variant,
            part: scenario.instant(of: run.variant).map { .instant($0) } ?? .labelled(run.variant.label),
            repetition: run.repetition, seed: seeds.seed(of: scenario.name, repetition: run.repetition),
            folder: folder(of: run.variant, run.repetition))
    }

    /// Goes through with the probes of a scenario that has instants.
    ///
    /// - Throws: `LabError` where one could not be carried out.
    private func probeOnMachines(
        _ scenario: Scenario, _ display: inout Display
    ) async throws -> [[HistoryEvent]] {
        guard let probe = scenario.instantProbe else { return [] }
        display.status("\(scenario.name): looking for its instants")
        var probes: [[HistoryEvent]] = []
        for repetition in 1...max(1, repetitions) {
            let folder = Self.probeFolder(of: scenario)
            var variant = ScenarioVariant(scenario: probe, label: Self.probeName)
            // The whole scenario is what the machine is given: it makes the probe of it.
            variant.scenario.text = scenario.text
            let run = try await machines.run(
                MachineRun(
                    variant: variant, part: .probe, repetition: repetition,
                    seed: seeds.seed(of: scenario.name, repetition: repetition), folder: folder))
            let events = ReportedHistory(in: run.place).events
            if case .notRun(let reason) = run.result.judgement.result {
                throw LabError("the probe: \(reason)")
            }
            if repetition == 1 { try Self.keep(events, of: scenario, in: output) }
            Files.removeFolder(run.place)
            probes.append(events)
        }
        return probes
    }

    /// Runs a soak, as many chunks at once as there are machines. How many there are, where a time is asked for, does not
    /// depend on that: a chunk counts where those before it took less.
    private func soakOnMachines(
        _ plan: SoakPlan, _ table: Table, _ finished: inout [FinishedRun], _ display: inout Display
    ) async throws {
        var number = 0
        var passed = TimeSpan.zero
        while true {
            var batch: [MachineRun] = []
            while batch.count < batchSize(of: plan),
                let faults = plan.faultCount(ofChunk: number, after: passed)
            {
                let scenario = try plan.chunk(number, faults: faults)
                number += 1
                guard shard.contains(scenario.name) else { continue }
                batch.append(
                    MachineRun(
                        variant: ScenarioVariant(scenario: scenario, label: ""), part: .labelled(""),
                        repetition: 1,
                        seed: plan.seed &+ UInt64(number), folder: scenario.name))
            }
            if batch.isEmpty { return }
            let first = finished.count
            display.status("chunk \(number - batch.count + 1)")
            var isOver = false
            try await machines.run(batch, &display) { run, display in
                isOver = isOver || plan.faultCount(ofChunk: finished.count, after: passed) == nil
                if isOver {
                    Files.removeFolder(run.place)
                    return
                }
                finished.append(run)
                passed = passed + run.result.duration
                display.lines([table.row([run.result])])
                display.status("chunk \(first + batch.count)")
            }
            if isOver { return }
        }
    }

    /// How many chunks are begun before it is asked again whether the soak goes on.
    private func batchSize(of plan: SoakPlan) -> Int {
        switch plan.extent {
        case .faults: .max
        case .time: max(1, jobs)
        }
    }
}
