import StrictYAML

/// What is known to break in a scenario, and why: a bug that nobody has mended yet, or a limit of the fabric.
package struct ExpectedBreak: Hashable, Sendable {
    /// Each of them breaks, and no other.
    package var rules: [Rule]
    package var reason: String

    /// The field under `expectedToBreak`; nil where it is not there, or wrong.
    init?(of root: YAMLFields) {
        guard let fields = root.section("expectedToBreak") else { return nil }
        let form = "the name of a rule"
        let names = fields.values("rules", expected: form, { $0 }) ?? []
        if names.isEmpty {
            fields.refuse("rules", "expected a list of the rules that break, such as [found-in-time]")
        }
        let known = Rule.allCases.filter { $0 != .breaksAsExpected }.map { ($0.rawValue, $0) }
        rules = names.compactMap { fields.choice("rules", $0, known, what: form) }
        let why = "a sentence that says why it breaks"
        reason = fields.required("reason", expected: why) { $0.trimmed.isEmpty ? nil : $0.trimmed } ?? ""
    }

    /// What a run comes to in which this broke, with the cases that nobody expected first.
    func judge(_ broken: [Broken]) -> (result: Judgement.Result, broken: [Broken]) {
        let missing = rules.filter { rule in !broken.contains { $0.rule == rule } }
        let surprises =
            missing.map {
                Broken(.breaksAsExpected, "\($0.rawValue) held, although it was expected to break: \(reason)")
            }
            + broken.filter { !rules.contains($0.rule) }
        guard !surprises.isEmpty else { return (.brokeAsExpected(reason), broken) }
        return (.broke, surprises + broken.filter { rules.contains($0.rule) })
    }
}
