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
    /// A field of both partners' settings, by its path: `heartbeat.interval`.
    case setting(String, [String])
}

extension SweepAxis {
    /// The axes under `sweep`, in this order: skew, failAfter, failDelay, settings by their paths.
    static func axes(of root: YAMLFields, _ partners: [PartnerID: PartnerPlan], _ steps: [Step])
        -> [SweepAxis]
    {
        guard let fields = root.section("sweep") else { return [] }
        fields.hint(
            SettingsReader.names, "it stands under sweep.settings, as in heartbeat.interval: [5ms, 10ms]")
        let form = "a list, each \(TimeSpan.textForm)"
        let skew = fields.values(
            "skew", expected: form + ", negative when b is first", SpanText.signedNanoseconds)
        let words = fields.values("failAfter", expected: "a list of moments on the way to ready") { $0 }
        let delays = fields.values("failDelay", expected: form, TimeSpan.init(text:))
        if fields.names.isEmpty {
            root.refuse("sweep", "expected what to vary: skew, failAfter, failDelay or settings")
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
            .compactMap { $0 } + settings(of: fields, partners)
    }

    /// The axes under `sweep.settings`. Each combination of their values has to be good for both partners.
    private static func settings(of sweep: YAMLFields, _ partners: [PartnerID: PartnerPlan]) -> [SweepAxis] {
        guard let fields = sweep.section("settings") else { return [] }
        if fields.names.isEmpty {
            sweep.refuse(
                "settings", "expected a setting and its values, such as heartbeat.interval: [5ms, 10ms]")
        }
        var axes: [SweepAxis] = []
        var mixtures = [(label: "", settings: PartnerID.allCases.compactMap { partners[$0]?.settings })]
        for path in fields.names.sorted() {
            guard let values = fields.values(path, expected: "a value", { $0 }) else { continue }
            checkOneByOne(path, values, fields)
            axes.append(.setting(path, values))
            var refused: Set<String> = []
            mixtures = mixtures.flatMap { mixture in
                values.filter { !refused.contains($0) }.compactMap { value in
                    do throws(InputProblems) {
                        var settings: [PartnerSettings] = []
                        for one in mixture.settings { settings.append(try one.with(path, value)) }
                        return ("\(mixture.label) \(path)=\(value)", settings)
                    } catch {
                        refused.insert(value)
                        let beside = mixture.label.isEmpty ? "" : " beside\(mixture.label)"
                        let whys = error.problems.map {
                            $0.field == path ? $0.text : "\($0.field): \($0.text)"
                        }
                        fields.refuse(path, "“\(value)”\(beside): \(whys.joined(separator: "; "))")
                        return nil
                    }
                }
            }
        }
        return axes
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
        case .setting(let path, let values):
            values.map { value in
                var scenario = scenario
                for (partner, plan) in scenario.partners {
                    // Each combination was tried when the file was read.
                    if let settings = try? plan.settings.with(path, value) {
                        scenario.partners[partner]?.settings = settings
                    }
                }
                return (scenario, "\(path)=\(value)")
            }
        }
    }
}

extension PartnerSettings {
    /// The same settings with a field changed, which is named by its path as on the command line of `ccmd`.
    fileprivate func with(_ path: String, _ value: String) throws(InputProblems) -> PartnerSettings {
        var document = try YAMLDocument(text: "{}", source: "sweep")
        try document.override("\(path)=\(value)")
        return try document.read { fields in
            var settings = self
            SettingsReader(shared: fields).apply(to: &settings)
            return settings
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
