import StrictYAML
import Testing

@testable import LabKit

/// Where a scenario cannot be run is declared with a reason, or follows from what it does.
struct UnsupportedFabricTests {
    private static func scenario(_ text: String) throws -> Scenario {
        try ScenarioParser.parse(HistoryBuilder.minimal + text, file: "test.yaml")
    }

    private static func problem(_ text: String) throws -> InputProblem {
        let error = try #require(throws: InputProblems.self) { _ = try Self.scenario(text) }
        return try #require(error.problems.first)
    }

    @Test func aDeclaredReasonIsToldOfThatFabricAlone() throws {
        let scenario = try Self.scenario(
            "unsupported: { vm: \"It is for hosts.\", sim: \"It needs verbs.\" }\n")
        #expect(scenario.unsupported == [.vm: "It is for hosts.", .sim: "It needs verbs."])
        #expect(scenario.reasonAgainst(.vm) == "It is for hosts.")
        #expect(scenario.reasonAgainst(.uml) == nil)
        #expect(LeftOut(scenario, on: .vm)?.why == "not on vm: It is for hosts.")
        #expect(LeftOut(bySimulatorOf: scenario)?.why == "not on sim: It needs verbs.")
        #expect(LeftOut(scenario, on: .netns) == nil)
    }

    @Test(arguments: [
        ("load: { busyLoops: 2 }\n", "its load takes processor time"),
        (
            "steps: [{ do: starve, partner: b, quota: 2ms, at: 1s }, { do: feed, partner: b, delay: 1s }]\n",
            "step starve-b is about a share of a processor"
        ),
    ])
    func whereCodeTakesNoTimeNothingCanTakeProcessorTime(_ text: String, _ words: String) throws {
        let scenario = try Self.scenario(text)
        #expect(scenario.reasonAgainst(.uml)?.contains(words) == true)
        #expect(scenario.reasonAgainst(.vm) == nil)
        #expect(scenario.reasonAgainst(.sim) != nil)
        let declared = try Self.scenario(text + "unsupported: { uml: \"Its own words.\" }\n")
        #expect(declared.reasonAgainst(.uml) == "Its own words.")
    }

    @Test(arguments: [
        ("unsupported: { uml: \"\" }\n", "unsupported.uml", "expected why it cannot be run on uml"),
        ("unsupported: { uml: \"  \" }\n", "unsupported.uml", "expected why it cannot be run on uml"),
        ("unsupported: { ulm: \"x\" }\n", "unsupported.ulm", "did you mean “uml”?"),
        ("unsupported: {}\n", "unsupported", "expected a fabric and why"),
        ("unsupported: [uml]\n", "unsupported", "expected a mapping of fields"),
        ("unsupported: { sim: a, uml: b, vm: c, netns: d }\n", "unsupported", "names every fabric"),
    ])
    func whatIsNoDeclarationIsRefused(_ text: String, _ field: String, _ words: String) throws {
        let problem = try Self.problem(text)
        #expect(problem.line == 3)
        #expect(problem.field == field)
        #expect(problem.text.contains(words), "\(problem)")
    }
}
