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

    /// What stands at a place in the schema.
    private static func value(at place: [String]) throws -> JSONValue {
        var value = JSONValue.object(try schema())
        for name in place {
            guard case .object(let object) = value, let next = object[name] else {
                throw LabError("the schema has no \(place.joined(separator: "/"))")
            }
            value = next
        }
        return value
    }

    /// The names of the properties at a place in the schema.
    private static func properties(_ place: [String]) throws -> Set<String> {
        guard case .object(let object) = try value(at: place + ["properties"]) else {
            throw LabError("no properties at \(place)")
        }
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
        ("rails: [{ zzz: 1 }]\n", "rails[0]", ["properties", "rails", "items"]),
        ("unsupported: { uml: x, zzz: 1 }\n", "unsupported", ["properties", "unsupported"]),
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
            "steps: [{ do: census, at: { from: 0s, to: 1ms, every: 2us, zzz: 1 } }]\n", "steps[0].at",
            ["$defs", "instants"]
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

    /// Whether the reader takes a scenario.
    private static func isRead(_ yaml: String) -> Bool {
        (try? ScenarioParser.parse("name: x\nsummary: y\n" + yaml, file: "test.yaml")) != nil
    }

    @Test(arguments: [
        ("rails: %", "properties/rails"),
        ("bounds: { historyBytes: % }", "properties/bounds/properties/historyBytes"),
        ("load: { busyLoops: % }", "properties/load/properties/busyLoops"),
        ("rails: 4\nsteps: [{ do: cut, at: 1s, rail: % }]", "$defs/step/properties/rail"),
        (
            "steps: [{ do: squeeze, partner: b, at: 1s, room: % }, { do: relieve, partner: b }]",
            "$defs/step/properties/room"
        ),
        (
            "steps: [{ do: linkDown, partner: b, at: 1s, interval: 1ms, times: % }]",
            "$defs/step/properties/times"
        ),
        (
            "steps: [{ steps: [{ do: census, after: { event: started } }], cycles: % }]",
            "$defs/cycles/properties/cycles"
        ),
        ("expect: [{ event: stopped, of: { event: started, count: % } }]", "$defs/moment/properties/count"),
        ("expect: [{ event: started, exactly: % }]", "$defs/expectation/properties/exactly"),
        ("expect: [{ event: started, atLeast: % }]", "$defs/expectation/properties/atLeast"),
        ("expect: [{ event: started, atMost: % }]", "$defs/expectation/properties/atMost"),
        ("settings: { rail: { bootPort: % } }", "$defs/settings/properties/rail/properties/bootPort"),
        (
            "settings: { heartbeat: { missLimit: % } }",
            "$defs/settings/properties/heartbeat/properties/missLimit"
        ),
        (
            "settings: { transport: { ackTimeout: % } }",
            "$defs/settings/properties/transport/properties/ackTimeout"
        ),
        (
            "settings: { transport: { retryCount: % } }",
            "$defs/settings/properties/transport/properties/retryCount"
        ),
        ("settings: { protocol: { lowest: % } }", "$defs/settings/properties/protocol/properties/lowest"),
        ("settings: { protocol: { highest: % } }", "$defs/settings/properties/protocol/properties/highest"),
        ("settings: { limits: { clients: % } }", "$defs/settings/properties/limits/properties/clients"),
        ("settings: { limits: { portsOfOne: % } }", "$defs/settings/properties/limits/properties/portsOfOne"),
        ("settings: { limits: { ports: % } }", "$defs/settings/properties/limits/properties/ports"),
        ("settings: { limits: { memory: % } }", "$defs/settings/properties/limits/properties/memory"),
        ("settings: { clients: [{ kind: messenger, ports: % }] }", "$defs/client/properties/ports"),
        ("settings: { clients: [{ kind: messenger, memory: % }] }", "$defs/client/properties/memory"),
        (
            "settings: { clients: [{ kind: logMirror, recordBytes: % }] }",
            "$defs/client/properties/recordBytes"
        ),
    ])
    func itsNumbersHaveTheBoundsOfTheParser(_ form: String, _ place: String) throws {
        func isRead(_ number: UInt64) -> Bool { Self.isRead(form.replacing("%", with: "\(number)") + "\n") }
        let path = place.split(separator: "/").map(String.init)
        let least = try #require(Self.value(at: path + ["minimum"]).unsignedInteger)
        let most = try #require(Self.value(at: path + ["maximum"]).unsignedInteger)
        #expect(isRead(least) && isRead(most))
        #expect(!isRead(most + 1))
        if least > 0 { #expect(!isRead(least - 1)) }
    }

    @Test func theOneInTheRepositoryIsTheOneThatIsPrinted() throws {
        let root = #filePath.split(separator: "/").dropLast(3).joined(separator: "/")
        #expect(
            Files.text(of: "/\(root)/Lab/scenario.schema.json") == ScenarioSchema.text,
            "write it anew: ccmlab check --schema > Lab/scenario.schema.json")
    }
}
