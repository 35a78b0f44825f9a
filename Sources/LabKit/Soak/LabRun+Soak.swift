import ClusterConnection

extension LabRun {
    /// Runs a soak, chunk by chunk, and prints what it came to.
    func runSoak(
        _ plan: SoakPlan, _ results: inout [RunResult], _ session: LabSession, _ display: inout Display
    ) async throws {
        let table = Table(colours: display.colours)
        let start = MonotonicClock.now
        display.lines(["seed \(plan.seed)", table.header])
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
            // Nobody runs now: what a chunk leaves need not wait in memory for the end of them all.
            try session.deliver(result.folder)
        }
        let report = SoakReport(plan, results)
        try Files.write(JSONText.pretty(report.json), to: "\(session.stage)/soak.json")
        display.lines(
            [""]
                + report.lines(
                    clock: session.environment.clock, kernel: session.environment.kernel, folder: shownOutput,
                    table))
    }
}
