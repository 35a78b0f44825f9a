import StrictYAML
import Testing

@testable import LabKit

/// The published schema knows the fields that the parser knows, section by section, and is the one in the repository.
struct ScenarioSchemaTests {
    /// A scenario in which each section has a field that nobody knows, so that the parser tells which it does know.
    private static func fields(_ yaml: String, at path: String) throws -> Set<String> {
        do {
            _ = try ScenarioParser.parse("name: x\nsummary: y\n" + yaml, file: "test.yaml")
        } catch {
            let problem = try #require(
                error.problems.first { $0.field == (path.isEmpty ? "zzz" : path + ".zzz") }, "\(error)")
            let parts = problem.text.split(separator: " Fields: ")
            try #require(parts.count == 2, "\(problem)")
            return Set(parts[1].split(separator: ", ").map(String.init))
        }
        Issue.record("nothing was refused: \(yaml)")
        return []
    }

    private static func schema() throws -> JSONObject {
        guard case .object(let schema) = try JSONReader.value(of: Array(ScenarioSchema.text.utf8)[...]) else {
            throw LabError("the schema is no object")
        }
        return schema
    }

    /// The names of the properties at a place in the schema.
    private static func properties(_ place: [String]) throws -> Set<String> {
        var value = JSONValue.object(try schema())
        for name in place + ["properties"] {
            guard case .object(let object) = value, let next = object[name] else {
                throw LabError("the schema has no \(place.joined(separator: "/"))")
            }
            value = next
        }
        guard case .object(let object) = value else { throw LabError("no properties at \(place)") }
        return Set(object.fields.map(\.name))
    }

    @Test(arguments: [
        ("zzz: 1\n", "", [String]()),
        (
            "steps: [{ cycles: 2, zzz: 1, steps: [{ do: kill, partner: b, after: { event: established } }] }]\n",
            "steps[0]", ["$defs", "cycles"]
        ),
        ("bounds: { zzz: 1 }\n", "bounds", ["properties", "bounds"]),
        ("load: { busyLoops: 1, zzz: 1 }\n", "load", ["properties", "load"]),
        (
            "expectedToBreak: { rules: [expected], reason: x, zzz: 1 }\n", "expectedToBreak",
            ["properties", "expectedToBreak"]
        ),
        ("sweep: { skew: [1ms], zzz: 1 }\n", "sweep", ["properties", "sweep"]),
        ("until: { event: established, zzz: 1 }\n", "until", ["$defs", "until"]),
        ("partners: { b: { zzz: 1 } }\n", "partners.b", ["$defs", "partnerPlan"]),
        ("partners: { b: { boot: { zzz: 1 } } }\n", "partners.b.boot", ["$defs", "boot"]),
        (
            "partners: { b: { lab: { zzz: 1 } } }\n", "partners.b.lab",
            ["$defs", "partnerPlan", "properties", "lab"]
        ),
        ("partners: { b: { settings: { zzz: 1 } } }\n", "partners.b.settings", ["$defs", "ownSettings"]),
        (
            "partners: { b: { settings: { rail: { zzz: 1 } } } }\n", "partners.b.settings.rail",
            ["$defs", "ownSettings", "properties", "rail"]
        ),
        ("settings: { zzz: 1 }\n", "settings", ["$defs", "settings"]),
        ("settings: { rail: { zzz: 1 } }\n", "settings.rail", ["$defs", "settings", "properties", "rail"]),
        ("settings: { boot: { zzz: 1 } }\n", "settings.boot", ["$defs", "boot"]),
        (
            "settings: { heartbeat: { zzz: 1 } }\n", "settings.heartbeat",
            ["$defs", "settings", "properties", "heartbeat"]
        ),
        (
            "settings: { connect: { zzz: 1 } }\n", "settings.connect",
            ["$defs", "settings", "properties", "connect"]
        ),
        (
            "settings: { transport: { zzz: 1 } }\n", "settings.transport",
            ["$defs", "settings", "properties", "transport"]
        ),
        (
            "settings: { protocol: { zzz: 1 } }\n", "settings.protocol",
            ["$defs", "settings", "properties", "protocol"]
        ),
        (
            "settings: { progress: { zzz: 1 } }\n", "settings.progress",
            ["$defs", "settings", "properties", "progress"]
        ),
        (
            "settings: { limits: { zzz: 1 } }\n", "settings.limits",
            ["$defs", "settings", "properties", "limits"]
        ),
        (
            "settings: { clients: [{ kind: messenger, zzz: 1 }] }\n", "settings.clients[0]",
            ["$defs", "client"]
        ),
        ("expect: [{ event: established, zzz: 1 }]\n", "expect[0]", ["$defs", "expectation"]),
        ("expect: [{ never: { event: established, zzz: 1 } }]\n", "expect[0].never", ["$defs", "pattern"]),
        (
            "expect: [{ event: established, of: { event: started, zzz: 1 } }]\n", "expect[0].of",
            ["$defs", "moment"]
        ),
        (
            "steps: [{ do: degrade, at: 1s, packets: { loss: 1%, zzz: 1 } }, { do: restore }]\n",
            "steps[0].packets",
            ["$defs", "step", "properties", "packets"]
        ),
    ])
    func itHasTheFieldsOfTheParserAndNoOthers(_ yaml: String, _ path: String, _ place: [String]) throws {
        #expect(try Self.fields(yaml, at: path) == Self.properties(place))
    }

    @Test func aStepHasTheFieldsOfAllActionsTogether() throws {
        var all: Set<String> = []
        for action in StepAction.allCases {
            all.formUnion(try Self.fields("steps: [{ do: \(action.rawValue), zzz: 1 }]\n", at: "steps[0]"))
        }
        #expect(all == (try Self.properties(["$defs", "step"])))
    }

    @Test func theOneInTheRepositoryIsTheOneThatIsPrinted() throws {
        let root = #filePath.split(separator: "/").dropLast(3).joined(separator: "/")
        #expect(
            Files.text(of: "/\(root)/Lab/scenario.schema.json") == ScenarioSchema.text,
            "write it anew: ccmlab check --schema > Lab/scenario.schema.json")
    }
}
