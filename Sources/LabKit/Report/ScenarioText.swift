/// A scenario as `ccmlab list` shows it.
package enum ScenarioText {
    /// Its name with the number of its runs, what it shows, its claims and tags.
    package static func lines(_ scenario: Scenario) -> [String] {
        let runs = scenario.variants.count
        let count = scenario.hasInstants ? " (a run for each instant)" : runs > 1 ? " (\(runs) runs)" : ""
        var lines = [scenario.name + count]
        lines += Table.wrapped(scenario.summary, indent: 4)
        if !scenario.claims.isEmpty {
            lines += Table.wrapped(
                "claims: " + scenario.claims.map(\.rawValue).joined(separator: ", "), indent: 4)
        }
        if !scenario.tags.isEmpty {
            lines += Table.wrapped("tags: " + scenario.tags.joined(separator: ", "), indent: 4)
        }
        if let expected = scenario.expectedBreak {
            let rules = expected.rules.map(\.rawValue).joined(separator: ", ")
            lines += Table.wrapped("expected to break: \(rules): \(expected.reason)", indent: 4)
        }
        return lines
    }
}
