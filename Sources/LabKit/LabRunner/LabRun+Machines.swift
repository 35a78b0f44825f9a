import ClusterConnection

extension LabRun {
    /// Runs everything on User-Mode Linux, each run on a machine of its own, and leaves the run folder.
    func runOnMachines(_ display: inout Display) async throws -> [RunResult] {
        try Files.makeFolder(output)
        display.status("asking for versions")
        let environment = try await LabEnvironment.userModeLinux(
            ccmd: ccmd, checkout: checkout, scenarios: scenarios)
        let machines = MachineRuns(
            checkout: checkout, ccmd: ccmd, keepsAll: !measuresSpeed, output: output, jobs: jobs)
        let table = Table(colours: display.colours)
        let plans = plannedRuns
        var finished: [FinishedRun] = []
        var rows: [RunResult] = []
        display.lines([table.header])
        display.status("[0/\(plans.count)]")
        var shown = display
        var interruption: CancellationError?
        do {
            try await machines.run(plans) { run in
                finished.append(run)
                rows.append(run.result)
                let next = finished.count < plans.count ? plans[finished.count] : nil
                if next?.variant.scenario.name != run.result.variant.scenario.name {
                    shown.lines([table.row(rows)] + table.map(rows))
                    rows = []
                }
                shown.status(
                    "[\(finished.count)/\(plans.count)] \(next?.variant.title ?? run.result.variant.title)")
            }
        } catch let error as CancellationError {
            interruption = error
        }
        display = shown
        let results = finished.map(\.result)
        try writeReports(results, verdicts: finished.map(\.verdict), environment, to: output)
        if let interruption { throw interruption }
        display.lines(summary(results, table, environment, nil))
        return results
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
}
