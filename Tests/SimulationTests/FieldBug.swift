import ClusterConnection
import LabKit
import Testing

/// A scenario of the field's bugs, and a connection manager that has such a bug: the scenario has to notice.
struct FieldBug: CustomTestStringConvertible, Sendable {
    let scenario: String
    let mutant: Mutant
    /// What the checker must name, among other things.
    let rule: Rule
    /// What it must say of it, among other things.
    let words: String

    init(_ scenario: String, _ mutant: Mutant, breaks rule: Rule = .expected, _ words: String) {
        self.scenario = scenario
        self.mutant = mutant
        self.rule = rule
        self.words = words
    }

    var testDescription: String { "\(scenario): \(mutant.name)" }
}
