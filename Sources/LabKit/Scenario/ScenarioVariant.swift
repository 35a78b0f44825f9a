import ClusterConnection

/// One run of a scenario: the scenario with its sweep's values filled in.
package struct ScenarioVariant: Sendable {
    package var scenario: Scenario
    /// `skew=-100ms`, or `failAfter=firstRead failDelay=1ms`; empty when the scenario sweeps nothing.
    package var label: String

    /// How the run is called in tables and messages.
    package var title: String { label.isEmpty ? scenario.name : "\(scenario.name) \(label)" }
}

extension Scenario {
    /// The runs that this scenario asks for, at least one: every combination of its sweep's values.
    package var variants: [ScenarioVariant] {
        sweep.reduce([ScenarioVariant(scenario: self, label: "")]) { variants, axis in
            variants.flatMap { variant in
                axis.variants(of: variant.scenario).map { scenario, label in
                    ScenarioVariant(
                        scenario: scenario, label: variant.label.isEmpty ? label : "\(variant.label) \(label)"
                    )
                }
            }
        }
    }
}
