import ClusterConnection

/// What a run would do, for somebody who wants to know before: nothing is started.
package struct DryRun: Sendable {
    private let scenarios: [Scenario]
    private let shard: Shard
    private let repetitions: Int
    /// Where it would be done: `the simulator`.
    private let place: String
    /// Those that cannot be run there, and why.
    private let leftOut: [LeftOut]

    package init(
        _ scenarios: [Scenario], shard: Shard, repetitions: Int, place: String, leftOut: [LeftOut] = []
    ) {
        self.leftOut = leftOut
        self.scenarios = scenarios.filter { scenario in !leftOut.contains { $0.scenario == scenario.name } }
        self.shard = shard
        self.repetitions = repetitions
        self.place = place
    }

    private var variants: [ScenarioVariant] {
        scenarios.flatMap(\.variants).filter { $0.scenario.hasInstants || shard.contains($0.title) }
    }

    package var lines: [String] {
        let variants = variants
        let unknown = variants.count { $0.scenario.hasInstants }
        let runs = (variants.count - unknown) * max(1, repetitions)
        let others =
            unknown == 0
            ? "" : ", and those at the instants of \(unknown) scenario\(unknown == 1 ? "" : "s"),"
        var lines = variants.flatMap { Self.lines(of: $0) }
        lines += LeftOut.lines(leftOut)
        lines.append("")
        lines.append(
            "\(runs) \(runs == 1 ? "run" : "runs")\(others) would be done in \(place)\(LeftOut.inWords(leftOut)); nothing was"
        )
        return lines
    }

    /// A run's title, its boots and its steps.
    private static func lines(of variant: ScenarioVariant) -> [String] {
        let scenario = variant.scenario
        var rows: [(what: String, when: String)] = []
        for partner in PartnerID.allCases {
            guard let plan = scenario.partners[partner], let at = plan.bootAt else { continue }
            rows.append(("power-on-\(partner.rawValue)", when(.at(at))))
        }
        for step in scenario.steps { rows.append((step.id, when(step.trigger))) }
        return [variant.title] + rows.flatMap { Table.wrapped("\($0.what): \($0.when)", indent: 4) }
    }

    private static func when(_ trigger: Trigger) -> String {
        switch trigger {
        case .at(.zero): "at the start of the run"
        case .at(let span): "\(SpanText.exact(span)) after the start of the run"
        case .after(let anchor, .zero): "at \(anchor)"
        case .after(let anchor, let delay): "\(SpanText.exact(delay)) after \(anchor)"
        case .instants(let range): "\(range): the number is known after a probe run"
        }
    }
}
