import ClusterConnection

/// A run that is to be done.
struct PlannedRun {
    var variant: ScenarioVariant
    /// From 1.
    var repetition: Int
}

extension LabRun {
    /// All runs of a scenario that are done here, as often as each is done.
    ///
    /// - Parameter probes: the history of a probe for each repetition, where the scenario has instants.
    /// - Throws: where the probes do not tell at which instants it is to be run.
    func plan(_ scenario: Scenario, probes: [[HistoryEvent]]) throws(LabError) -> [PlannedRun] {
        var runs: [PlannedRun] = []
        if scenario.hasInstants {
            for (place, events) in probes.enumerated() {
                let start = events.first { $0.name == .runStarted }?.time ?? Instant(nanoseconds: 0)
                for variant in try scenario.instantVariants(probe: events, start: start) {
                    runs.append(PlannedRun(variant: variant, repetition: place + 1))
                }
            }
        } else {
            for variant in scenario.variants {
                for repetition in 1...max(1, repetitions) {
                    runs.append(PlannedRun(variant: variant, repetition: repetition))
                }
            }
        }
        return runs.filter {
            shard.contains($0.variant.title) && (only ?? $0.variant.label) == $0.variant.label
        }
    }

    /// What a probe is called.
    static let probeName = "probe"

    static func probeFolder(of scenario: Scenario) -> String { "\(scenario.name)/\(probeName)" }

    /// Where the history of a scenario's first probe is kept, below the run folder.
    static func probeFile(of scenarioName: String) -> String { "\(scenarioName)/\(probeFileName)" }

    /// Its name, in the folder of the scenario's runs.
    static let probeFileName = "\(probeName).jsonl"

    /// Keeps the history of a probe, which is no run of its own.
    static func keep(_ events: [HistoryEvent], of scenario: Scenario, in stage: String) throws {
        try Files.makeFolder("\(stage)/\(scenario.name)")
        try Files.write(
            events.map { $0.line + "\n" }.joined(), to: "\(stage)/\(probeFile(of: scenario.name))")
    }

    /// What stands for the runs of a scenario whose probe did not tell them.
    static func unprobed(_ scenario: Scenario, _ problem: LabError, in stage: String) throws -> RunResult {
        let folder = probeFolder(of: scenario)
        let result = RunResult(
            variant: ScenarioVariant(scenario: scenario, label: probeName), repetition: 1,
            judgement: .notRun(problem.description), folder: folder, start: Instant(nanoseconds: 0),
            duration: .zero)
        try Files.makeFolder("\(stage)/\(folder)")
        try Files.write(scenario.text, to: "\(stage)/\(folder)/scenario.yaml")
        try JudgedRun.write(result, to: "\(stage)/\(folder)")
        return result
    }
}
