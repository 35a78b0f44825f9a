import ClusterConnection
import StrictYAML
import Testing

@testable import LabKit

/// A step at every instant of a stretch becomes a run for each, which a probe tells.
struct InstantTests {
    private static func scenario(_ at: String, _ rest: String = "") throws -> Scenario {
        try ScenarioParser.parse(
            HistoryBuilder.minimal + "steps:\n  - { do: kill, partner: b, at: \(at) }\n" + rest,
            file: "test.yaml")
    }

    private static func problems(_ at: String, _ rest: String = "") throws -> [InputProblem] {
        try #require(throws: InputProblems.self) { _ = try Self.scenario(at, rest) }.problems
    }

    private static let boot =
        "{ from: { partner: a, event: connectStarted }, to: { partner: a, event: established }, every: 2us }"

    @Test func bothEndsAreMomentsOrTimes() throws {
        let scenario = try Self.scenario(Self.boot)
        let range = try #require(scenario.instants)
        let pattern = EventPattern(partner: .a, event: .connectStarted)
        #expect(range.from == .moment(.event(pattern, count: 1, since: .start)))
        #expect(range.every == .microseconds(2) && range.lead == .zero)
        #expect(scenario.hasInstants && scenario.steps[0].trigger == .instants(range))
        let timed = try Self.scenario("{ from: 10ms, to: 20ms, every: 1ms, lead: 1us }").instants
        #expect(
            timed
                == InstantRange(
                    from: .time(.milliseconds(10)), to: .time(.milliseconds(20)), every: .milliseconds(1),
                    lead: .microseconds(1)))
        #expect(try !Self.scenario("10ms").hasInstants)
    }

    @Test(arguments: [
        ("{ from: 1ms, to: 2ms }", "", "at.every", "is missing: expected a duration above 0"),
        ("{ from: 1ms, to: 2ms, every: 0us }", "", "at.every", "expected a duration above 0"),
        ("{ from: 1ms, to: 2ms, every: 1us, lead: 0ms }", "", "at.lead", "expected a duration above 0"),
        ("{ to: 2ms, every: 1us }", "", "at.from", "is missing"),
        ("{ from: 3ms, to: 2ms, every: 1us }", "", "at.to", "comes before 'from' (3ms)"),
        ("{ from: 3ms, to: 20s, every: 1s }", "", "at.to", "the run is over by then"),
        ("{ from: 3ms, to: { step: heal }, every: 1s }", "", "at.to.step", "“heal” is not"),
        (
            "{ from: 3ms, to: { event: establish }, every: 1s }", "", "at.to.event",
            "did you mean “established”?"
        ),
        ("{ from: 3ms, to: 4ms, evry: 1s, every: 1us }", "", "at.evry", "did you mean “every”?"),
        ("{ from: 1ms, to: 2ms, every: 1us }, after: { event: started }", "", "after", "stands beside 'at'"),
        ("{ from: 1ms, to: 2ms, every: 1us }, delay: 1ms", "", "delay", "stands beside 'at'"),
        (
            "{ from: 1ms, to: 2ms, every: 1us }", "sweep: { skew: [0ms, 1ms] }\n", "",
            "each instant is a run already"
        ),
        (
            "{ from: 1ms, to: 2ms, every: 1us }",
            "  - { do: boot, partner: b, at: { from: 5ms, to: 6ms, every: 1us } }\n", "",
            "kill-b is done at instants already"
        ),
    ])
    func whatCannotBeMeantIsRefused(_ at: String, _ rest: String, _ field: String, _ words: String) throws {
        let problems = try Self.problems(at, rest)
        #expect(problems.count == 1, "\(problems)")
        if !field.isEmpty { #expect(problems.first?.field == "steps[0].\(field)", "\(problems)") }
        #expect(problems.first?.text.contains(words) == true, "\(problems)")
    }

    @Test func whatRepeatsAStepCannotStandBesideItsInstants() throws {
        let instants = "{ from: 1ms, to: 2ms, every: 1us }"
        for (text, words) in [
            ("  - { do: cut, at: \(instants), times: 2, interval: 1ms }\n", "cannot stand beside instants"),
            (
                "  - { do: cut, at: 1ms }\n  - { do: freeze, partner: b, together: true, at: \(instants) }\n",
                "stands beside 'together'"
            ),
            (
                "  - cycles: 2\n    steps: [{ do: cut, at: \(instants) }, { do: heal }]\n",
                "each cycle is at another time"
            ),
        ] {
            let error = try #require(throws: InputProblems.self) {
                _ = try ScenarioParser.parse(HistoryBuilder.minimal + "steps:\n" + text, file: "test.yaml")
            }
            #expect(error.problems.contains { $0.text.contains(words) }, "\(error)")
        }
    }

    @Test func theProbeIsTheRunWithoutTheStepAndWhatFollowsIt() throws {
        let scenario = try ScenarioParser.parse(
            """
            name: test
            summary: A test.
            claims: [C1a]
            expectedToBreak: { rules: [expected], reason: "Why not." }
            steps:
              - { do: reboot, partner: a, at: 1s }
              - { do: kill, partner: b, at: { from: { step: reboot-a }, to: { event: established }, every: 2us } }
              - { do: boot, partner: b }
            expect:
              - { event: established, of: { step: boot-b } }

            """, file: "test.yaml")
        let probe = try #require(scenario.instantProbe)
        #expect(probe.steps.map(\.id) == ["reboot-a"] && !probe.hasInstants)
        #expect(probe.expectations.isEmpty && probe.claims.isEmpty && probe.expectedBreak == nil)
        let established = EventPattern(partner: nil, event: .established)
        #expect(probe.until == .anchor(.event(established, count: 1, since: .start)))
        #expect(
            try Self.scenario("{ from: 1ms, to: 2ms, every: 1us }").instantProbe?.until
                == .time(.milliseconds(2)))
        #expect(try Self.scenario("10ms").instantProbe == nil)
    }

    @Test func theInstantsAreCountedFromTheProbe() throws {
        // a asks for a connection at 131 ms and holds it established at 134 ms.
        let probe = try HistoryBuilder.goodRun()
        let start = HistoryBuilder.instant(0)
        func instants(_ text: String) throws -> [RunInstant] {
            try #require(try Self.scenario(text).instants).instants(in: probe.events, start: start)
        }
        let all = try instants(Self.boot)
        #expect(all.first == RunInstant(at: .milliseconds(131), offset: 0))
        let last = try #require(all.last)
        let established = try #require(
            probe.events.first { $0.partner == .a && $0.name == .established })
        #expect(last.at == established.time - start)
        #expect(all[1] == RunInstant(at: .microseconds(131_002), offset: 2_000))
        let timed = try instants("{ from: 10ms, to: 11ms, every: 300us, lead: 1ms }")
        #expect(
            timed.map(\.offset) == [
                -1_000_000, -700_000, -400_000, -100_000, 200_000, 500_000, 800_000, 1_000_000,
            ])
        #expect(timed.first?.at == .milliseconds(9))
        #expect(try instants("{ from: 10ms, to: 10ms, every: 1us }").map(\.offset) == [0])
    }

    @Test(arguments: [
        (
            "{ from: { event: verdict, count: 9 }, to: 5ms, every: 1us }",
            "did not come to verdict, seen 9 times ('at.from')"
        ),
        ("{ from: 1ms, to: { event: clientLost }, every: 1us }", "did not come to clientLost ('at.to')"),
        ("{ from: 5s, to: { event: established }, every: 1us }", "the end comes before the beginning"),
        ("{ from: 1ms, to: 10s, every: 1us }", "expected at most 20000"),
        ("{ from: 1ms, to: 2ms, every: 1us, lead: 1s }", "expected a 'lead' of at most 1ms"),
    ])
    func whatTheProbeDoesNotTellIsSaid(_ text: String, _ words: String) throws {
        let probe = try HistoryBuilder.goodRun()
        let range = try #require(try Self.scenario(text).instants)
        let error = try #require(throws: LabError.self) {
            _ = try range.instants(in: probe.events, start: HistoryBuilder.instant(0))
        }
        #expect(error.description.contains(words), "\(error)")
    }

    @Test func eachInstantIsARunOfItsOwn() throws {
        let scenario = try Self.scenario(
            Self.boot,
            "  - { do: cut, together: true }\n  - { do: heal, delay: 1s }\n  - { do: boot, partner: b }\n")
        let variant = scenario.variant(at: .microseconds(131_012), offset: 12_000)
        #expect(variant.title == "test at=+12us" && !variant.scenario.hasInstants)
        #expect(variant.scenario.steps[0].trigger == .at(.microseconds(131_012)))
        #expect(variant.scenario.steps[1].trigger == .at(.microseconds(131_012)))
        #expect(variant.scenario.steps[2].trigger == .after(.step("cut"), delay: .seconds(1)))
        for (offset, label) in [(-10_000, "at=-10us"), (0, "at=+0us"), (1_500, "at=+1500ns")]
            as [(Int64, String)]
        {
            #expect(scenario.variant(at: .zero, offset: offset).label == label)
            #expect(RunInstant.offset(of: label) == offset)
        }
        #expect(RunInstant.offset(of: "skew=+1us") == nil && RunInstant.offset(of: "at=1us") == nil)
    }

    @Test func anInstantBeforeAnEarlierStepIsRefused() throws {
        let scenario = try ScenarioParser.parse(
            HistoryBuilder.minimal + """
                steps:
                  - { do: cut, at: 50ms }
                  - { do: kill, partner: b, at: { from: 40ms, to: 60ms, every: 1ms } }

                """, file: "test.yaml")
        var probe = try HistoryBuilder.goodRun()
        probe.fault(.cut, nil, at: 50)
        let error = try #require(throws: LabError.self) {
            _ = try scenario.instantVariants(
                probe: probe.record.events, start: HistoryBuilder.instant(0))
        }
        #expect(error.description.contains("expected instants from cut on"), "\(error)")
    }

    @Test func aDryRunTellsThatTheNumberIsNotKnown() throws {
        let lines = DryRun([try Self.scenario(Self.boot)], shard: .whole, repetitions: 1, place: "here").lines
        let text = lines.joined(separator: " ").split(separator: " ").joined(separator: " ")
        #expect(
            text.contains(
                "kill-b: one run for each instant, every 2us from a connectStarted to a established: the number is known "
                    + "after a probe run"), "\(text)")
        #expect(
            lines.last
                == "0 runs, and those at the instants of 1 scenario, would be done in here; nothing was")
    }

    @Test func onlyRunsThatRepeatHaveInstants() throws {
        let scenario = try Self.scenario(Self.boot)
        #expect(scenario.reasonAgainst(.uml) == nil && scenario.reasonAgainst(.sim) == nil)
        for fabric in [FabricKind.vm, .netns] {
            #expect(scenario.reasonAgainst(fabric)?.contains("no two runs here are alike") == true)
        }
    }

    private static let goodbye = """
        steps:
          - { do: stop, partner: b, at: 100ms }
          - { do: kill, partner: b, at: { from: { step: stop-b }, to: { partner: b, event: processEnded }, every: 1ms } }
          - { do: boot, partner: b, delay: 100ms }

        """

    @Test func whoSaysGoodbyeCanBeKilledAtAnInstant() throws {
        let scenario = try ScenarioParser.parse(HistoryBuilder.minimal + Self.goodbye, file: "test.yaml")
        let variant = scenario.variant(at: .milliseconds(110), offset: 10_000_000)
        #expect(variant.scenario.steps.map(\.isAtInstant) == [false, true, false])
        var director = Director(variant.scenario, start: HistoryBuilder.instant(0))
        _ = director.orders(at: HistoryBuilder.instant(0))
        #expect(director.orders(at: HistoryBuilder.instant(100)) == [.perform(0)])
        #expect(director.orders(at: HistoryBuilder.instant(109)).isEmpty)
        #expect(director.orders(at: HistoryBuilder.instant(110)) == [.perform(1)])
        // Whoever comes behind it waits for it.
        #expect(director.orders(at: HistoryBuilder.instant(300)).isEmpty)
        let error = try #require(throws: InputProblems.self) {
            let plain = Self.goodbye.replacing(/\{ from: .* \} \}/, with: "110ms }")
            _ = try ScenarioParser.parse(HistoryBuilder.minimal + plain, file: "test.yaml")
        }
        #expect(error.problems.first?.text.contains("b does not run") == true, "\(error)")
    }

    @Test func aGoodbyeThatIsCutShortIsNoDisorderAndNoFalseAlarm() throws {
        let scenario = try ScenarioParser.parse(HistoryBuilder.minimal + Self.goodbye, file: "test.yaml")
        let probe = try SimulatedRun.run(
            ScenarioVariant(scenario: try #require(scenario.instantProbe), label: "probe"), seed: 7)
        let start = try #require(probe.events.first?.time)
        let variants = try scenario.instantVariants(probe: probe.events, start: start)
        #expect(variants.count > 2)
        for variant in variants {
            let outcome = try SimulatedRun.carryOut(variant, seed: 7)
            #expect(outcome.failure == nil, "\(variant.label)")
            let judgement = Checker.judge(outcome.record)
            #expect(judgement.result == .held, "\(variant.label): \(judgement.broken)")
        }
        let first = try SimulatedRun.run(variants[0], seed: 7).events
        let ended = try #require(first.first { $0.name == .processEnded })
        #expect(ended.text("told") == "kill" && ended.number("goodbyeBegan") == ended.number("began"))
    }
}
