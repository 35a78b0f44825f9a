/// A scenario that was asked for and cannot be run on this fabric.
package struct LeftOut: Hashable, Sendable {
    package var scenario: String
    package var why: String

    package init(scenario: String, why: String) {
        self.scenario = scenario
        self.why = why
    }

    /// Nil for a scenario that can be run on the fabric.
    package init?(_ scenario: Scenario, on fabric: FabricKind) {
        guard let reason = scenario.reasonAgainst(fabric) else { return nil }
        let isBySimulator = fabric == .sim && scenario.unsupported[fabric] == nil
        let kind = isBySimulator ? "for real verbs only" : "not on \(fabric.rawValue)"
        self.init(scenario: scenario.name, why: "\(kind): \(reason)")
    }

    /// Nil for a scenario that the simulator can run.
    package init?(bySimulatorOf scenario: Scenario) { self.init(scenario, on: .sim) }

    /// As `verdicts.json` holds it.
    var json: JSONValue {
        .object(JSONObject([("scenario", .string(scenario)), ("why", .string(why))]))
    }

    /// Each with its reason, behind an empty line: nothing for none.
    static func lines(_ all: [LeftOut]) -> [String] {
        all.isEmpty
            ? [] : [""] + all.flatMap { Table.wrapped("\($0.scenario): left out, \($0.why)", indent: 0) }
    }

    /// How many there are, behind how many runs held: nothing for none.
    static func inWords(_ all: [LeftOut]) -> String {
        switch all.count {
        case 0: ""
        case 1: ", 1 scenario left out"
        default: ", \(all.count) scenarios left out"
        }
    }
}
