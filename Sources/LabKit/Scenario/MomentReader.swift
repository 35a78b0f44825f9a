import ClusterConnection
import StrictYAML

/// Reads moments (`after`, `of`, `since`, `until`), patterns of events, and expectations over both.
struct MomentReader {
    /// The steps that may be named, in the file's order.
    var steps: [String] = []
    /// Whether these are all steps, and not only those before the one that is being read.
    var areAllSteps = false
    /// What `where` may ask for: the rails of the pair, and the names of its clients.
    var rails = 1
    var clients: Set<String> = []
    /// Whether a partner is a program that may tell events with fields of its own.
    var hasProgram = false
    /// Whether a step could not be read, so that not all that may be named are known.
    var isLost = false
    /// The repetition that is being read; nil outside of repeated steps.
    var cycle: Cycle?

    /// One repetition of a group of steps. Its steps are named in it as in the file, whatever their full ids; what is not
    /// counted from a moment that the file names is counted from its beginning.
    struct Cycle {
        var number: Int
        var start: Anchor
        /// The ids of its steps, as the file has them.
        var steps: [String] = []

        /// How a step of this repetition is called.
        func full(_ id: String) -> String { "\(id)@\(number)" }

        /// The same as the file has it.
        func short(_ id: String) -> String { String(id.dropLast("@\(number)".count)) }
    }

    /// Where counting begins unless it is said.
    private var start: Anchor { cycle?.start ?? .start }

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
            for stray in ["partner", "where", "count", "since"] where names.contains(stray) {
                fields.refuse(stray, "stands beside 'step' and belongs to an event")
            }
            _ = pattern(fields, required: false)
            return step.map { .step($0) }
        }
        guard let pattern = pattern(fields, required: true) else { return nil }
        return .event(pattern, count: count ?? 1, since: since ?? start)
    }

    private func step(of fields: YAMLFields) -> String? {
        let what = areAllSteps ? "the id of a step" : "the id of an earlier step"
        guard let text = fields.value("step", expected: what, { $0 }) else { return nil }
        let own = cycle.map { cycle in cycle.steps.map { ($0, cycle.full($0)) } } ?? []
        let known = own + steps.map { ($0, $0) }
        // Perhaps it is the step that could not be read, which has been reported.
        if isLost, nearestName(to: text, among: known.map(\.0)) == nil { return nil }
        return fields.choice("step", text, known, what: what)
    }

    /// The events that `partner`, `event` and `where` describe.
    func pattern(_ fields: YAMLFields, required: Bool) -> EventPattern? {
        let names = EventName.allCases.map { ($0.rawValue, $0) }
        let partner = fields.partner()
        let event = fields.choice("event", names, what: "an event")
        let patterns = fields.section("where").map { fieldPatterns($0, of: event) } ?? []
        if required && !fields.names.contains("event") {
            _ = fields.required("event", expected: "the name of an event, such as established") { $0 }
        }
        guard let event else { return nil }
        return EventPattern(partner: partner, event: event, fields: patterns)
    }

    /// What `where` asks for: a value for each field, or several with “or” between them.
    private func fieldPatterns(_ fields: YAMLFields, of event: EventName?) -> [FieldPattern] {
        fields.scalars(expected: "a value, or several as in “dead or rebooted”").map { name, text in
            let words = text.split(separator: " or ").map(String.init)
            let values = words.compactMap { FieldValue($0) }
            if values.count < words.count {
                fields.refuse(name, "expected \(FieldValue.form), found “\(text)”")
            }
            checkName(name, of: event, fields)
            checkWords(name, words, fields)
            return FieldPattern(name: name, values: values)
        }
    }

    /// A field that the event does not have would be an expectation that nothing can meet, or a ban that nothing can break.
    private func checkName(_ name: String, of event: EventName?, _ fields: YAMLFields) {
        let known = event.flatMap { hasProgram ? nil : EventFields.names(of: $0) } ?? EventFields.all
        guard !known.contains(name) else { return }
        let whose = event.flatMap { hasProgram ? nil : "no field of \($0.rawValue)" } ?? "a field of no event"
        let list =
            known.count > 20
            ? "see EventName for those that each event has"
            : "expected one of \(known.joined(separator: ", "))"
        let hint = nearestName(to: name, among: known).map { "did you mean “\($0)”?" }
        fields.refuse(name, "is \(whose); \(hint ?? list)")
    }

    /// So would a value that the field cannot have.
    private func checkWords(_ name: String, _ words: [String], _ fields: YAMLFields) {
        func check(_ known: [String], _ what: String) {
            for word in words { _ = fields.choice(name, word, known.map { ($0, $0) }, what: what) }
        }
        switch name {
        case "verdict", "previous", "evidence":
            check(Verdict.allCases.map(\.word) + ["none"], "a verdict")
        case "phase": check(BootPhase.allCases.map(\.word), "a boot phase")
        case "decision": check(["wait", "takeover", "giveback"], "a decision")
        case "side": check(["initiator", "acceptor"], "a side of a connection")
        case "rail": check((0..<rails).map { "\($0)" }, "a rail of the pair")
        case "client" where !hasProgram: check(clients.sorted(), "the name of a client of the pair")
        default: break
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
        let count = count(of: fields, isNever: never != nil)
        let of = anchor("of", in: fields)
        let before = anchor("before", in: fields)
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
            patterns: patterns, count: count, of: of ?? start, within: within, before: before,
            line: fields.line ?? 0)
    }

    /// How many events an expectation wants.
    private func count(of fields: YAMLFields, isNever: Bool) -> ClosedRange<Int> {
        func number(_ name: String, _ range: ClosedRange<Int>) -> Int? {
            fields.value(name, expected: "a count from \(range.lowerBound) to \(range.upperBound)") { text in
                Int(text).flatMap { range.contains($0) ? $0 : nil }
            }
        }
        let exactly = number("exactly", 1...1_000_000)
        let least = number("atLeast", 1...1_000_000)
        let most = number("atMost", 1...1_000_000)
        if isNever, let stray = ["exactly", "atLeast", "atMost"].first(where: { fields.names.contains($0) }) {
            fields.refuse(stray, "cannot stand beside 'never'")
        }
        if isNever { return Expectation.none }
        if let exactly {
            if let stray = ["atLeast", "atMost"].first(where: { fields.names.contains($0) }) {
                fields.refuse(stray, "stands beside 'exactly'; expected one of them")
            }
            return exactly...exactly
        }
        if let least, let most, least > most {
            fields.refuse("atMost", "expected at least \(least), as in 'atLeast'")
        }
        if let most { return min(least ?? 0, most)...most }
        return (least ?? 1)...Int.max
    }
}
