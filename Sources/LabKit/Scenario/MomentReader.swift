import ClusterConnection
import StrictYAML

/// Reads moments (`after`, `of`, `since`, `until`), patterns of events, and expectations over both.
struct MomentReader {
    /// The steps that may be named, in the file's order.
    var steps: [String] = []

    /// The moment under a field: a step, or an event with `count` and `since`.
    func anchor(_ name: String, in fields: YAMLFields) -> Anchor? {
        fields.section(name).flatMap { anchor($0) }
    }

    /// The moment that a mapping describes.
    func anchor(_ fields: YAMLFields) -> Anchor? {
        let step = step(of: fields)
        let count = fields.value("count", expected: "a count from 1 to 100000") { text in
            Int(text).flatMap { (1...100_000).contains($0) ? $0 : nil }
        }
        let since = anchor("since", in: fields)
        let names = fields.names
        if names.contains("step") {
            if names.contains("event") {
                fields.refuse("event", "stands beside 'step'; expected one of them")
            }
            _ = pattern(fields, required: false)
            return step.map { .step($0) }
        }
        guard let pattern = pattern(fields, required: true) else { return nil }
        return .event(pattern, count: count ?? 1, since: since ?? .start)
    }

    private func step(of fields: YAMLFields) -> String? {
        fields.choice("step", steps.map { ($0, $0) }, what: "the id of an earlier step")
    }

    /// The events that `partner`, `event` and `where` describe.
    func pattern(_ fields: YAMLFields, required: Bool) -> EventPattern? {
        let names = EventName.allCases.map { ($0.rawValue, $0) }
        let partner = fields.partner()
        let patterns = fields.section("where").map { fieldPatterns($0) } ?? []
        if required && !fields.names.contains("event") {
            _ = fields.required("event", expected: "the name of an event, such as established") { $0 }
            return nil
        }
        guard let event = fields.choice("event", names, what: "an event") else { return nil }
        return EventPattern(partner: partner, event: event, fields: patterns)
    }

    /// What `where` asks for: a value for each field, or several with “or” between them.
    private func fieldPatterns(_ fields: YAMLFields) -> [FieldPattern] {
        fields.scalars(expected: "a value, or several as in “dead or rebooted”").map { name, text in
            let values = text.split(separator: " or ").map(String.init)
            if name == "verdict" || name == "previous" {
                // A misspelt verdict would be an expectation that nothing can meet.
                let known = Verdict.allCases.map { ($0.word, $0.word) } + [("none", "none")]
                for value in values { _ = fields.choice(name, value, known, what: "a verdict") }
            }
            return FieldPattern(name: name, values: values)
        }
    }

    /// The expectations under `expect`, in the file's order.
    func expectations(of root: YAMLFields) -> [Expectation] {
        (root.list("expect") ?? []).compactMap { expectation($0) }
    }

    private func expectation(_ fields: YAMLFields) -> Expectation? {
        let forms = ["event", "never", "anyOf"].filter { fields.names.contains($0) }
        let never = fields.section("never").flatMap { pattern($0, required: true) }
        let anyOf = fields.list("anyOf")?.compactMap { pattern($0, required: true) }
        let plain = pattern(fields, required: forms.isEmpty)
        let of = anchor("of", in: fields)
        let within = fields.value("within", expected: TimeSpan.textForm, TimeSpan.init(text:))
        if forms.count > 1, let second = forms.last {
            fields.refuse(second, "stands beside '\(forms[0])'; expected one of event, never and anyOf")
        }
        if forms != ["event"], let stray = ["partner", "where"].first(where: { fields.names.contains($0) }) {
            fields.refuse(stray, "belongs inside '\(forms.first ?? "event")'")
        }
        let patterns = [plain, never].compactMap { $0 } + (anyOf ?? [])
        guard !patterns.isEmpty else { return nil }
        return Expectation(
            patterns: patterns, never: never != nil, of: of ?? .start, within: within, line: fields.line ?? 0)
    }
}
