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
                        clock: environment.clock, kernel: environment.kernel, folder: shownOutput, table))
        } else if interruption == nil {
            display.lines(LeftOut.lines(leftOut) + summary(results, table, environment, nil, leftOut: leftOut))
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
        let plans = plannedRuns
        var rows: [RunResult] = []
        try await machines.run(plans, &display) { run, display in
            finished.append(run)
            rows.append(run.result)
            let next = finished.count < plans.count ? plans[finished.count] : nil
            if next?.variant.scenario.name != run.result.variant.scenario.name {
                display.lines([table.row(rows)] + table.map(rows))
                rows = []
            }
            if let next { display.status("[\(finished.count)/\(plans.count)] \(next.variant.title)") }
        }
    }

    /// All runs, in the order of their scenarios.
    private var plannedRuns: [PlannedRun] {
        scenarios.flatMap { scenario in
            scenario.variants.filter { shard.contains($0.title) }.flatMap { variant in
                (1...max(1, repetitions)).map { repetition in
                    PlannedRun(
                        variant: variant, repetition: repetition,
                        seed: seeds.seed(of: scenario.name, repetition: repetition),
                        folder: folder(of: variant, repetition))
                }
            }
        }
    }

    /// Runs a soak, as many chunks at once as there are machines. How many there are, where a time is asked for, does not
    /// depend on that: a chunk counts where those before it took less.
    private func soakOnMachines(
        _ plan: SoakPlan, _ table: Table, _ finished: inout [FinishedRun], _ display: inout Display
    ) async throws {
        var number = 0
        var passed = TimeSpan.zero
        while true {
            var batch: [PlannedRun] = []
            while batch.count < batchSize(of: plan), let faults = plan.faultCount(ofChunk: number, after: passed) {
                let scenario = try plan.chunk(number, faults: faults)
                number += 1
                guard shard.contains(scenario.name) else { continue }
                batch.append(
                    PlannedRun(
                        variant: ScenarioVariant(scenario: scenario, label: ""), repetition: 1,
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
