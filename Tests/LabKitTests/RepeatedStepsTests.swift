import ClusterConnection
import StrictYAML
import Testing

@testable import LabKit

/// Steps can be repeated, and what is expected of one time is looked for in that time.
struct RepeatedStepsTests {
    private static func scenario(_ text: String) throws -> Scenario {
        try ScenarioParser.parse(HistoryBuilder.minimal + text, file: "test.yaml")
    }

    private static let twice = """
        steps:
          - { do: census, at: 1s }
          - cycles: 2
            steps:
              - { do: kill, partner: b, after: { partner: a, event: verdict }, delay: 5ms }
              - { do: boot, partner: b }
            expect:
              - { partner: a, event: established, within: 1s, of: { step: boot-b } }
          - { do: census, delay: 1s }

        """

    @Test func eachTimeHasStepsOfItsOwn() throws {
        let scenario = try Self.scenario(Self.twice)
        #expect(
            scenario.steps.map(\.id) == [
                "census", "kill-b@1", "boot-b@1", "kill-b@2", "boot-b@2", "census-2",
            ])
    }

    @Test func whatIsNotCountedFromAMomentIsCountedFromTheTimesBeginning() throws {
        let scenario = try Self.scenario(Self.twice)
        let verdict = EventPattern(partner: .a, event: .verdict)
        let delay = TimeSpan.milliseconds(5)
        #expect(
            scenario.steps[1].trigger
                == .after(.event(verdict, count: 1, since: .step("census")), delay: delay))
        #expect(
            scenario.steps[3].trigger
                == .after(.event(verdict, count: 1, since: .step("boot-b@1")), delay: delay))
    }

    @Test func whatIsExpectedOfOneTimeEndsWithTheNext() throws {
        let expectations = try Self.scenario(Self.twice).expectations
        #expect(expectations.map(\.of) == [.step("boot-b@1"), .step("boot-b@2")])
        #expect(expectations.map(\.before) == [.step("kill-b@2"), nil])
    }

    @Test func aStepBehindThemCanNameTheStepsOfEachTime() throws {
        let scenario = try Self.scenario(
            Self.twice + "expect: [ { event: established, of: { step: boot-b@2 } } ]\n")
        #expect(scenario.expectations.last?.of == .step("boot-b@2"))
    }

    @Test(arguments: [
        ("  - { cycles: 0, steps: [ { do: cut, at: 1s } ] }\n", "steps[0].cycles", "from 1 to 1000"),
        ("  - { cycles: 2, steps: [] }\n", "steps[0].steps", "at least one step"),
        ("  - { cycles: 2, steps: [ { do: cut, at: 1s } ] }\n", "steps[0].steps[0].at", "another time"),
        (
            "  - { cycles: 2, stps: [ { do: cut, at: 1s } ] }\n", "steps[0].stps", "did you mean “steps”"
        ),
        // The second time finds the rail cut.
        (
            "  - { do: census, at: 1s }\n  - { cycles: 2, steps: [ { do: cut } ] }\n",
            "steps[1].steps[0].do", "cut already"
        ),
        ("  - { do: cut, together: true }\n", "steps[0].together", "first step"),
        (
            "  - { do: kill, partner: a, at: 1s }\n  - { do: kill, partner: b, delay: 1s, together: true }\n",
            "steps[1].delay", "together"
        ),
        ("  - { do: cut, together: maybe, at: 1s }\n", "steps[0].together", "true or false"),
    ])
    func aMistakeIsNamedWithItsField(_ steps: String, _ field: String, _ words: String) {
        let text = HistoryBuilder.minimal + "steps:\n" + steps
        do {
            _ = try ScenarioParser.parse(text, file: "bad.yaml")
            Issue.record("it was read")
        } catch {
            #expect(
                error.problems.contains { $0.field == field && $0.text.contains(words) }, "\(error)")
        }
    }

    @Test func stepsThatBelongTogetherBeginTogether() throws {
        let scenario = try Self.scenario(
            "steps: [ { do: stop, partner: a, at: 1s }, { do: stop, partner: b, together: true } ]\n")
        let start = HistoryBuilder.instant(0)
        var director = Director(scenario, start: start)
        _ = director.orders(at: start)
        #expect(director.orders(at: start + .seconds(1)) == [.perform(0), .perform(1)])
        #expect(director.orders(at: start + .seconds(1)).isEmpty)
    }
}

/// A sweep makes a run for each combination of its values.
struct SweepAxisTests {
    private static let base = HistoryBuilder.minimal + "partners: { b: { lab: { killAfter: connected } } }\n"

    @Test func severalThingsAreVariedTogether() throws {
        let scenario = try ScenarioParser.parse(
            Self.base + "sweep: { failAfter: [firstRead, established], failDelay: [0ms, 1ms] }\n",
            file: "test.yaml")
        #expect(
            scenario.variants.map(\.label) == [
                "failAfter=firstRead failDelay=0ms", "failAfter=firstRead failDelay=1ms",
                "failAfter=established failDelay=0ms", "failAfter=established failDelay=1ms",
            ])
        #expect(
            scenario.variants.last?.scenario.partners[.b]?.failpoint
                == Failpoint(.kill, after: .established, delay: .milliseconds(1)))
    }

    @Test func settingsAreVariedByTheirPathsForBothPartners() throws {
        let scenario = try ScenarioParser.parse(
            HistoryBuilder.minimal
                + "partners: { a: { settings: { heartbeat: { interval: 7ms } } } }\n"
                + "sweep: { skew: [1ms], settings: { heartbeat.interval: [5ms, 20ms], heartbeat.missLimit: [9] } }\n",
            file: "test.yaml")
        #expect(
            scenario.variants.map(\.label) == [
                "skew=1ms heartbeat.interval=5ms heartbeat.missLimit=9",
                "skew=1ms heartbeat.interval=20ms heartbeat.missLimit=9",
            ])
        for (variant, interval) in zip(scenario.variants, [TimeSpan.milliseconds(5), .milliseconds(20)]) {
            for plan in variant.scenario.partners.values {
                #expect(plan.settings.heartbeatInterval == interval && plan.settings.missLimit == 9)
            }
        }
    }

    @Test func valuesThatDoNotGoTogetherAreRefusedAndThoseThatDoAreNot() {
        func found(_ caps: String, _ starts: String) -> [String] {
            problems(
                of: HistoryBuilder.minimal
                    + "sweep: { settings: { connect.backoffCap: [\(caps)], connect.backoffStart: [\(starts)] } }\n"
            ).map(\.text)
        }
        let refused = found("10ms, 1s", "5ms, 20ms")
        #expect(refused.count == 1, "\(refused)")
        #expect(refused.allSatisfy { $0.contains("“20ms” beside connect.backoffCap=10ms") }, "\(refused)")
        // More than the cap that the file leaves as it is.
        #expect(found("2s", "1s") == [])
    }

    @Test func theFailpointsOfStepsAreVariedToo() throws {
        let scenario = try ScenarioParser.parse(
            HistoryBuilder.minimal
                + "partners: { b: { bootAt: never } }\nsteps: [ { do: boot, partner: b, at: 1s, freezeAfter: connected } ]\n"
                + "sweep: { failAfter: [portsMade] }\n", file: "test.yaml")
        #expect(
            scenario.variants.first?.scenario.steps.first?.failpoint == Failpoint(.freeze, after: .portsMade))
    }

    @Test(arguments: [
        ("sweep: { failAfter: [firstRaed] }\n", "sweep.failAfter", "did you mean “firstRead”"),
        ("sweep: { failAfter: [] }\n", "sweep.failAfter", "at least one"),
        ("sweep: { failDelay: [1ms, 1ms] }\n", "sweep.failDelay", "twice"),
        ("sweep: {}\n", "sweep", "what to vary"),
        ("sweep: { settings: {} }\n", "sweep.settings", "heartbeat.interval: [5ms, 10ms]"),
        (
            "sweep: { settings: { heartbeat.intervall: [5ms] } }\n", "sweep.settings.heartbeat.intervall",
            "did you mean “interval”?"
        ),
        (
            "sweep: { settings: { heartbeat.interval: [5ms, 5] } }\n", "sweep.settings.heartbeat.interval",
            "“5”: expected a duration"
        ),
        ("sweep: { settings: { clients: [none] } }\n", "sweep.settings.clients", "expected a list"),
    ])
    func aMistakeIsNamedWithItsField(_ sweep: String, _ field: String, _ words: String) {
        #expect(problems(of: Self.base + sweep).contains { $0.field == field && $0.text.contains(words) })
    }

    @Test func thereMustBeAFailpointToVary() {
        let found = problems(of: HistoryBuilder.minimal + "sweep: { failAfter: [firstRead] }\n")
        #expect(found.contains { $0.field == "sweep.failAfter" && $0.text.contains("killAfter") })
    }

    private func problems(of text: String) -> [InputProblem] {
        do {
            _ = try ScenarioParser.parse(text, file: "bad.yaml")
            return []
        } catch {
            return error.problems
        }
    }
}
