import ClusterConnection

/// One run with its judgement: a row's worth of a report.
package struct RunResult: Sendable {
    package var variant: ScenarioVariant
    /// From 1; more than one only when the lab was asked to repeat.
    package var repetition: Int
    package var judgement: Judgement
    /// The run's own folder, relative to the lab's run folder.
    package var folder: String
    /// When the run began, for times relative to it.
    package var start: Instant
    /// How long the run took by the clock it ran on.
    package var duration: TimeSpan
    /// What all chance in the run came from; nil where nobody decided that.
    package var seed: UInt64?

    package init(
        variant: ScenarioVariant, repetition: Int, judgement: Judgement, folder: String, start: Instant,
        duration: TimeSpan, seed: UInt64? = nil
    ) {
        self.variant = variant
        self.repetition = repetition
        self.judgement = judgement
        self.folder = folder
        self.start = start
        self.duration = duration
        self.seed = seed
    }

    /// The variant's and repetition's part of the title: `skew=-5ms`, `#2`.
    package var label: String {
        [variant.label, repetition > 1 ? "#\(repetition)" : ""].filter { !$0.isEmpty }.joined(separator: " ")
    }
}

extension [RunResult] {
    /// How many held, of what is counted: `27 of 28 runs held, 1 broke as expected`.
    func inWords(_ noun: String) -> String {
        let held = count { $0.judgement.result == .held }
        let expected = count { if case .brokeAsExpected = $0.judgement.result { true } else { false } }
        return "\(held) of \(count) \(noun) held" + (expected > 0 ? ", \(expected) broke as expected" : "")
    }
}
