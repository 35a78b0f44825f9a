import ClusterConnection

/// One run of a scenario: the scenario with its sweep's value filled in.
package struct ScenarioVariant: Sendable {
    package var scenario: Scenario
    /// `skew=-100ms`; empty when the scenario sweeps nothing.
    package var label: String

    /// How the run is called in tables and messages.
    package var title: String { label.isEmpty ? scenario.name : "\(scenario.name) \(label)" }
}

extension Scenario {
    /// The runs that this scenario asks for, at least one.
    package var variants: [ScenarioVariant] {
        guard let sweep else { return [ScenarioVariant(scenario: self, label: "")] }
        return sweep.values.map { value in
            var scenario = self
            switch sweep.parameter {
            case .skew:
                scenario.partners[.a]?.bootAt = TimeSpan(nanoseconds: UInt64(max(0, -value)))
                scenario.partners[.b]?.bootAt = TimeSpan(nanoseconds: UInt64(max(0, value)))
            }
            return ScenarioVariant(
                scenario: scenario, label: "\(sweep.parameter.rawValue)=\(SpanText.exact(signed: value))")
        }
    }
}
