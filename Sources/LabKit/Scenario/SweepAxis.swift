import ClusterConnection
import StrictYAML

/// One thing that a sweep varies, and what it is in turn. Several make a run for each combination.
package enum SweepAxis: Hashable, Sendable {
    /// How much later than `a` partner `b` boots, in nanoseconds; negative when `b` is first.
    case skew([Int64])
    /// The moment of each failpoint in the scenario.
    case failAfter([Failpoint.Moment])
    /// How much later than its moment each failpoint strikes.
    case failDelay([TimeSpan])
}

extension SweepAxis {
    /// The axes under `sweep`, in this order: skew, failAfter, failDelay.
    static func axes(of root: YAMLFields, _ partners: [PartnerID: PartnerPlan], _ steps: [Step])
        -> [SweepAxis]
    {
        guard let fields = root.section("sweep") else { return [] }
        let form = "a list, each \(TimeSpan.textForm)"
        let skew = fields.values(
            "skew", expected: form + ", negative when b is first", SpanText.signedNanoseconds)
        let words = fields.values("failAfter", expected: "a list of moments on the way to ready") { $0 }
        let delays = fields.values("failDelay", expected: form, TimeSpan.init(text:))
        if fields.names.isEmpty {
            root.refuse("sweep", "expected what to vary: skew, failAfter or failDelay")
        }
        checkOneByOne("skew", skew, fields)
        checkOneByOne("failAfter", words, fields)
        checkOneByOne("failDelay", delays, fields)
        if skew != nil,
            let partner = PartnerID.allCases.first(where: { partners[$0]?.bootAt != TimeSpan.zero })
        {
            fields.refuse(
                "skew",
                "sets when the partners boot, so partners.\(partner.rawValue).bootAt cannot stand with it")
        }
        let hasFailpoint =
            steps.contains { $0.failpoint != nil } || partners.values.contains { $0.failpoint != nil }
        if !hasFailpoint, let name = ["failAfter", "failDelay"].first(where: { fields.names.contains($0) }) {
            fields.refuse(name, "varies killAfter and freezeAfter; expected one of them in the scenario")
        }
        let moments = words?.compactMap {
            fields.choice("failAfter", $0, Failpoint.moments, what: Failpoint.form)
        }
        return [skew.map { .skew($0) }, moments.map { .failAfter($0) }, delays.map { .failDelay($0) }]
            .compactMap { $0 }
    }

    private static func checkOneByOne(_ name: String, _ values: [some Hashable]?, _ fields: YAMLFields) {
        guard let values else { return }
        if values.isEmpty { fields.refuse(name, "expected at least one value") }
        if Set(values).count < values.count { fields.refuse(name, "holds the same value twice") }
    }

    /// The scenario with each of the values filled in, and that value as text: `skew=-100ms`.
    func variants(of scenario: Scenario) -> [(scenario: Scenario, label: String)] {
        switch self {
        case .skew(let values):
            values.map { value in
                var scenario = scenario
                scenario.partners[.a]?.bootAt = TimeSpan(nanoseconds: UInt64(max(0, -value)))
                scenario.partners[.b]?.bootAt = TimeSpan(nanoseconds: UInt64(max(0, value)))
                return (scenario, "skew=\(SpanText.exact(signed: value))")
            }
        case .failAfter(let moments):
            moments.map { moment in
                (scenario.withFailpoints { $0.after = moment }, "failAfter=\(moment.rawValue)")
            }
        case .failDelay(let delays):
            delays.map { delay in
                (scenario.withFailpoints { $0.delay = delay }, "failDelay=\(SpanText.exact(delay))")
            }
        }
    }
}

extension Scenario {
    /// The same scenario with each failpoint changed.
    fileprivate func withFailpoints(_ change: (inout Failpoint) -> Void) -> Scenario {
        var scenario = self
        for partner in PartnerID.allCases {
            guard var failpoint = partners[partner]?.failpoint else { continue }
            change(&failpoint)
            scenario.partners[partner]?.failpoint = failpoint
        }
        for index in steps.indices {
            guard var failpoint = steps[index].failpoint else { continue }
            change(&failpoint)
            scenario.steps[index].failpoint = failpoint
        }
        return scenario
    }
}

extension Failpoint {
    /// The moments by the names that a scenario gives them.
    static var moments: [(name: String, value: Moment)] { Moment.allCases.map { ($0.rawValue, $0) } }
    /// What such a name stands for.
    static var form: String { "a moment on the way to ready" }
}
