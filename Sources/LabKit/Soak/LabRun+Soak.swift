import ClusterConnection

extension LabRun {
    /// Runs a soak, chunk by chunk, and prints what it came to.
    func runSoak(
        _ plan: SoakPlan, _ results: inout [RunResult], stage: String, _ tools: RunTools,
        _ environment: LabEnvironment, _ ownFabric: Fabric?, _ display: inout Display
    ) async throws {
        let table = Table(colours: display.colours)
        let before = try await Surroundings.now()
        let start = MonotonicClock.now
        display.lines(["seed \(plan.seed)", table.header])
        var number = 0
        while let faults = plan.faultCount(ofChunk: number, after: MonotonicClock.now - start) {
            let scenario = try plan.chunk(number, faults: faults)
            display.status("chunk \(number + 1): \(faults) faults")
            let variant = ScenarioVariant(scenario: scenario, label: "")
            let result = try await run(variant, 1, stage: stage, tools, before)
            results.append(result)
            display.lines([table.row([result])])
            // Nobody runs now: what a chunk leaves need not wait in memory for the end of them all.
            if stage != output {
                try Files.copyAll(below: "\(stage)/\(result.folder)", to: "\(output)/\(result.folder)")
                Files.removeFolder("\(stage)/\(result.folder)")
            }
            if result.judgement.result != .held, let ownFabric {
                display.status("making the fabric anew")
                try await ownFabric.renew()
            }
            number += 1
        }
        let report = SoakReport(plan, results)
        try Files.write(JSONText.pretty(report.json), to: "\(stage)/soak.json")
        display.lines(
            [""]
                + report.lines(
                    clock: environment.clock, kernel: environment.kernel, folder: shownOutput, table))
    }
}
