import ReferenceSupport
import StrictYAML
import Testing

@testable import LabKit

/// `docs/scenarios.md` is true of the language: its examples are read by the reader, and its tables have the fields of the schema,
/// which has those of the reader (`ScenarioSchemaTests`).
struct ScenarioReferenceTests {
    private static let file = "docs/scenarios.md"
    /// What a piece of a scenario lacks to be whole.
    private static let header = "name: piece\nsummary: A piece of the reference.\n"

    /// What the schema holds.
    private struct Vocabulary {
        /// The names of the fields at each place that has some.
        var fields: [String: Set<String>] = [:]
        /// The words that fields take.
        var words: Set<String> = []

        init() throws {
            gather(try JSONReader.value(of: Array(ScenarioSchema.text.utf8)[...]), at: [])
        }

        private mutating func gather(_ value: JSONValue, at place: [String]) {
            switch value {
            case .array(let values): for value in values { gather(value, at: place) }
            case .object(let object):
                for field in object.fields {
                    switch (field.name, field.value) {
                    // The paths of fields that have tables of their own.
                    case ("properties", .object) where place == ["sweep", "settings"]: continue
                    case ("properties", .object(let fields)):
                        let names = fields.fields.map(\.name)
                        self.fields[place.joined(separator: "."), default: []].formUnion(names)
                        for field in fields.fields { gather(field.value, at: place + [field.name]) }
                    case ("$defs", .object(let definitions)):
                        for definition in definitions.fields {
                            gather(definition.value, at: [definition.name])
                        }
                    case ("enum", .array(let words)):
                        // Events, rules and claims have references of their own.
                        if ["event", "rules", "claims"].contains(place.last) { continue }
                        self.words.formUnion(words.map(\.plainText))
                    default: gather(field.value, at: place)
                    }
                }
            default: break
            }
        }
    }

    /// The table for a place of the schema.
    private static func head(_ place: String) -> String {
        let names = [
            "": "scenario", "partnerPlan": "partners.a", "partnerPlan.lab": "partners.a.lab",
            "client": "clients",
            "step": "steps", "instants": "at", "step.packets": "packets", "expectation": "expect",
            "pattern": "expect",
        ]
        if let name = names[place] { return name }
        return place.hasPrefix("ownSettings") ? "s" + place.dropFirst("ownS".count) : place
    }

    @Test func everyExampleIsAScenarioOrAPieceOfOne() throws {
        let examples = try ReferencePage(Self.file).examples
        try #require(examples.count > 20)
        for example in examples {
            let head = example.text.hasPrefix("name:") ? "" : Self.header
            do {
                _ = try ScenarioParser.parse(example.whole(behind: head), file: Self.file)
            } catch {
                Issue.record("\(error)")
            }
        }
    }

    @Test func itsTablesHaveTheFieldsOfTheLanguageAndNoOthers() throws {
        let tables = try ReferencePage(Self.file).tables
        var fields: [String: Set<String>] = [:]
        for (place, names) in try Vocabulary().fields {
            fields[Self.head(place), default: []].formUnion(names)
        }
        try #require(fields.count > 20)
        for (head, names) in fields {
            let told = try #require(tables[head], "there is no table “\(head)”, with \(names.sorted())")
            #expect(names.subtracting(told) == [], "not told in the table “\(head)”")
            #expect(told.subtracting(names) == [], "no field, and told in the table “\(head)”")
        }
        #expect(tables["action"] == Set(StepAction.allCases.map(\.rawValue)))
    }

    @Test func everyFieldAndEveryActionHasAnExample() throws {
        let examples = try ReferencePage(Self.file).examples
        let keys = examples.reduce(into: Set<String>()) { $0.formUnion($1.keys) }
        let fields = try Vocabulary().fields.values.reduce(into: Set<String>()) { $0.formUnion($1) }
        #expect(fields.subtracting(keys) == [], "without an example")
        let done = Set(
            examples.map(\.text).joined().matches(of: /do: ([A-Za-z]+)/).map { String($0.output.1) })
        #expect(Set(StepAction.allCases.map(\.rawValue)).subtracting(done) == [], "without an example")
    }

    @Test func itNamesEveryWordThatAFieldTakes() throws {
        let text = try ReferencePage(Self.file).text
        let missing = try Vocabulary().words.filter { !text.contains("`\($0)`") }
        #expect(missing == [], "not told")
    }
}
