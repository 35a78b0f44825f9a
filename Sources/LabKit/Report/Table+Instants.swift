import ClusterConnection

extension Table {
    /// What the runs at the instants of a scenario came to: how many there are, how many held, and the longest recovery.
    /// Nothing for other runs.
    func instants(_ runs: [RunResult]) -> [String] {
        let offsets = runs.compactMap { RunInstant.offset(of: $0.variant.label) }
        guard !runs.isEmpty, offsets.count == runs.count else { return [] }
        let count = Set(offsets).count
        var text = "\(count) instant\(count == 1 ? "" : "s")"
        if runs.count > count { text += ", \(runs.count) runs" }
        let outcomes = [
            (runs.count { $0.judgement.result.isWanted }, "held"),
            (runs.count { $0.judgement.result == .broke }, "BROKE"),
            (runs.count { if case .notRun = $0.judgement.result { true } else { false } }, "not run"),
        ]
        text += ": " + outcomes.filter { $0.0 > 0 }.map { "\($0.0) \($0.1)" }.joined(separator: ", ")
        let recoveries = zip(offsets, runs).compactMap { offset, run in
            run.judgement.measurements.recovery.map { (span: $0, offset: offset) }
        }
        if let longest = recoveries.max(by: { $0.span < $1.span }) {
            text += "; recovery up to \(SpanText.rounded(longest.span)) (\(RunInstant.label(longest.offset)))"
        }
        return [Self.cut("    " + text, Self.width)]
    }
}
