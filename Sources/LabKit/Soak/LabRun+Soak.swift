import ClusterConnection

extension LabRun {
    /// Runs a soak, chunk by chunk, and prints what it came to, also where it is interrupted.
    func runSoak(
        _ plan: SoakPlan, _ results: inout [RunResult], _ session: LabSession, _ display: inout Display
    ) async throws {
        let table = Table(colours: display.colours)
        let start = MonotonicClock.now
        display.lines(["seed \(plan.seed)", table.header])
        var interruption: CancellationError?
        do {
            var number = 0
            while let faults = plan.faultCount(ofChunk: number, after: MonotonicClock.now - start) {
                let scenario = try plan.chunk(number, faults: faults)
                number += 1
                guard shard.contains(scenario.name) else { continue }
                display.status("chunk \(number): \(faults) faults")
                let variant = ScenarioVariant(scenario: scenario, label: "")
                let result = try await JudgedRun.runOnWholeFabric(
                    variant, 1, in: scenario.name, session, &display)
                results.append(result)
                display.lines([table.row([result])])
                // Nobody runs now: what a chunk leaves need not wait in memory for the end of them all. Whoever ends the
                // machine then finds the folder of a run that was as long as this.
                try session.deliver(result.folder)
                try writeReports(results, session.environment, to: session.stage)
                try session.deliverReports()
            }
        } catch let error as CancellationError {
            interruption = error
        }
        let report = SoakReport(plan, results, shard: shard, isComplete: interruption == nil)
        try report.write(to: session.stage)
        display.lines(
            [""]
                + report.lines(
                    fabric: session.environment.fabric, clock: session.environment.clock,
                    kernel: session.environment.kernel, folder: shownOutput, table))
        if let interruption { throw interruption }
    }
}
