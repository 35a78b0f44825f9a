/// A scenario that was asked for and cannot be run on this fabric.
package struct LeftOut: Hashable, Sendable {
    package var scenario: String
    package var why: String

    package init(scenario: String, why: String) {
        self.scenario = scenario
        self.why = why
    }

    /// As `verdicts.json` holds it.
    var json: JSONValue {
        .object(JSONObject([("scenario", .string(scenario)), ("why", .string(why))]))
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
