import ClusterConnection
import Simulation
import Testing

@testable import LabKit

struct SimulatedRunTests {
    private static func run(_ text: String, seed: UInt64 = 1) throws -> RunRecord {
        let scenario = try ScenarioParser.parse("name: test\nsummary: A test.\n" + text, file: "test.yaml")
        return try SimulatedRun.run(try #require(scenario.variants.first), seed: seed)
    }

    private static func carryOut(_ text: String) throws -> SimulatedRun.Outcome {
        let scenario = try ScenarioParser.parse("name: test\nsummary: A test.\n" + text, file: "test.yaml")
        return try SimulatedRun.carryOut(try #require(scenario.variants.first), seed: 1)
    }

    @Test func theHistoryIsOneThatTheCheckerJudges() throws {
        let record = try Self.run(
            "settings: { clients: [ { kind: logMirror }, { kind: messenger }, { kind: failoverMonitor } ] }\n"
        )
        let judgement = Checker.judge(record)
        #expect(judgement.result == .held, "\(judgement.broken)")
        #expect(record.events.contains { $0.name == .mirrorAcknowledged })
        #expect(record.events.contains { $0.name == .firstReply })
    }

    /// Every line is one that the lab would take from a partner process.
    @Test func itsLinesAreThoseOfAPartner() throws {
        let record = try Self.run(
            "steps: [ { do: kill, partner: b, at: 1s }, { do: boot, partner: b, at: 2s } ]\n")
        for event in record.events
        where event.partner != nil && event.name != .fault && event.name != .processEnded {
            let partner = try #require(event.partner)
            #expect(throws: Never.self) {
                _ = try EventLine.event(Array(event.line.utf8)[...], of: partner)
            }
        }
    }

    @Test func aBoundThatIsTooTightBreaks() throws {
        let text = """
            bounds: { connect: 10ms }
            steps: [ { do: cut, at: 500ms }, { do: heal, at: 1500ms } ]

            """
        let judgement = Checker.judge(try Self.run(text))
        #expect(judgement.broken.map(\.rule).contains(.connectedAgain))
    }

    @Test func aRailThatIsCutOneWayIsFoundByBothAndHealed() throws {
        for seed: UInt64 in 1...20 {
            let record = try Self.run(
                "steps: [ { do: cut, partner: b, at: 500ms }, { do: heal, delay: 1s } ]\n", seed: seed)
            let judgement = Checker.judge(record)
            #expect(judgement.result == .held, "\(judgement.broken)")
            for partner in PartnerID.allCases {
                #expect(
                    record.events.contains {
                        $0.name == .verdict && $0.partner == partner
                            && $0.text("verdict") != Verdict.alive.word
                    })
            }
        }
    }

    @Test func aPartnerThatFreezesItselfIsHeldUntilItIsThawed() throws {
        let record = try Self.run(
            """
            partners: { b: { bootAt: never } }
            steps:
              - { do: boot, partner: b, freezeAfter: firstRead, after: { partner: a, event: listening } }
              - { do: thaw, partner: b, delay: 2s }

            """)
        let judgement = Checker.judge(record)
        #expect(judgement.result == .held, "\(judgement.broken)")
        #expect(record.events.contains { $0.name == .fault && $0.text("action") == "freeze" })
    }

    /// The history says how the run ended, as it does on real verbs.
    @Test func aRunThatNeverSettlesEndsByItsDeadline() throws {
        func reason(_ text: String) throws -> String? {
            try Self.run(text).events.last { $0.name == .runEnded }?.text("reason")
        }
        #expect(try reason("") == "done")
        let waiting = try reason(
            "deadline: 2s\nexpect: [ { partner: a, event: verdict, where: { verdict: dead } } ]\n")
        #expect(waiting?.hasPrefix("deadline, waiting for") == true, "\(waiting ?? "nothing")")
    }

    @Test func anotherSeedIsAnotherRun() throws {
        #expect(try Self.run("", seed: 1).events == Self.run("", seed: 1).events)
        #expect(try Self.run("", seed: 1).events != Self.run("", seed: 2).events)
    }

    @Test(arguments: [
        (
            "steps: [ { do: removeDevice, partner: b, at: 1s }, { do: addDevice, partner: b, at: 2s } ]",
            "from the kernel"
        ),
        ("load: { busyLoops: 1 }", "real processors"),
        ("steps: [ { do: degrade, at: 1s, packets: { loss: 1% } }, { do: restore } ]", "the kernel's queues"),
        ("steps: [ { do: linkDown, partner: b, at: 1s } ]", "an interface of the kernel's"),
        ("steps: [ { do: changeMac, partner: b, at: 1s } ]", "an interface of the kernel's"),
        (
            "steps: [ { do: starve, partner: b, at: 1s, quota: 1ms }, { do: feed, partner: b } ]",
            "a real processor"
        ),
        (
            "steps: [ { do: squeeze, partner: b, at: 1s, room: 0 }, { do: relieve, partner: b } ]",
            "real memory"
        ),
        ("steps: [ { do: stepClock, at: 1s, by: 1s } ]", "a clock that the simulator does not have"),
        ("steps: [ { do: holdWrites, partner: b, at: 1s }, { do: releaseWrites, partner: b } ]", "packets"),
    ])
    func whatOnlyRealVerbsCanDoIsRefused(_ text: String, _ reason: String) {
        #expect {
            try Self.run(text + "\n")
        } throws: {
            "\($0)".contains(reason)
        }
    }

    /// As on real verbs: without clients there are no ports to be made, and the boot that is to strike itself then lives on.
    /// The history holds each life once.
    @Test(arguments: [
        ("boot, partner: b, delay: 2s", "step boot-b-2: b runs already"),
        ("boot, partner: b, delay: 2s, freezeAfter: firstRead", "step boot-b-2: b runs already"),
    ])
    func whoRunsIsNotBootedOnceMore(_ step: String, _ reason: String) throws {
        let outcome = try Self.carryOut(
            """
            steps:
              - { do: kill, partner: b, at: 1s }
              - { do: boot, partner: b, delay: 200ms, killAfter: portsMade }
              - { do: \(step) }

            """)
        #expect(outcome.failure == reason)
        let events = outcome.record.events
        #expect(events.last { $0.name == .runEnded }?.text("reason") == reason)
        let lives = events.filter { $0.name == .started && $0.partner == .b }.map(\.incarnation)
        #expect(lives.count == 2 && Set(lives).count == 2)
    }

    /// The boot has struck itself by then.
    @Test(arguments: ["kill", "reboot", "stop", "freeze", "powerOff"])
    func whoDoesNotRunIsDoneNothingTo(_ action: String) throws {
        let outcome = try Self.carryOut(
            """
            steps:
              - { do: kill, partner: b, at: 1s }
              - { do: boot, partner: b, delay: 200ms, killAfter: firstRead }
              - { do: \(action), partner: b, delay: 2s }

            """)
        let step = outcome.record.variant.scenario.steps[2].id
        #expect(outcome.failure == "step \(step): b does not run")
        #expect(!outcome.record.events.contains { $0.text("step") == step })
    }

    @Test func whatBothHoldIsCounted() throws {
        let record = try Self.run(
            "settings: { clients: [ { kind: messenger, ports: 3 } ] }\nsteps: [ { do: census, at: 1s } ]\n")
        let counts = record.events.filter { $0.name == .census }
        #expect(counts.map(\.partner) == [.a, .b])
        #expect(counts.map { $0.number("qp") } == [4, 4])
        #expect(counts.map { $0.number("cm_id") } == [1, 1])
    }

    /// As a process does that stops itself in the midst of its actions.
    @Test func whoFreezesItselfDoesTheRestWhenItGoesOn() throws {
        let record = try Self.run(
            """
            partners: { b: { bootAt: never } }
            steps:
              - { do: boot, partner: b, at: 100ms, freezeAfter: requestAccepted }
              - { do: thaw, partner: b, delay: 100ms }

            """)
        #expect(Checker.judge(record).result == .held, "\(Checker.judge(record).broken)")
        let thaw = try #require(record.events.first { $0.text("step") == "thaw-b" })
        let freeze = try #require(record.events.first { $0.text("action") == "freeze" })
        let accepted = try #require(record.events.first { $0.name == .requestAccepted })
        let connected = try #require(record.events.first { $0.name == .connected })
        #expect(accepted.time <= freeze.time)
        #expect(connected.time > thaw.time)
    }

    /// As on real verbs, where it takes its goodbye and its kernel's work to be gone.
    @Test(arguments: [0, 1, 10, 22, 30, 45, 100])
    func aStepAfterAStopWaitsUntilTheProcessIsGone(_ milliseconds: Int) throws {
        for seed: UInt64 in 1...20 {
            let record = try Self.run(
                """
                settings: { clients: [ { kind: logMirror }, { kind: messenger } ] }
                steps:
                  - { do: stop, partner: b, at: 1500ms }
                  - { do: boot, partner: b, delay: \(milliseconds)ms }

                """, seed: seed)
            let judgement = Checker.judge(record)
            #expect(judgement.result == .held, "seed \(seed): \(judgement.broken)")
            let own = record.events.filter { $0.partner == .b }
            let gone = try #require(own.first { $0.name == .processEnded })
            let next = try #require(own.last { $0.name == .started })
            #expect(gone.text("told") == "stop" && gone.time <= next.time, "seed \(seed)")
            #expect(gone.incarnation != next.incarnation)
            #expect(record.events.last { $0.name == .runEnded }?.text("reason") == "done")
        }
    }

    @Test func twoThatAreToldToStopTogetherAreToldAtOnce() throws {
        let record = try Self.run(
            """
            steps:
              - { do: stop, partner: a, at: 1500ms }
              - { do: stop, partner: b, together: true }
              - { do: boot, partner: a, delay: 1ms }
              - { do: boot, partner: b, together: true }

            """)
        #expect(Checker.judge(record).result == .held, "\(Checker.judge(record).broken)")
        let stops = record.events.filter { $0.name == .fault && $0.text("action") == "stop" }
        #expect(stops.count == 2)
        #expect(Set(stops.compactMap { $0.number("began") }).count == 1)
        let boots = record.events.filter { $0.name == .fault && $0.text("step")?.hasPrefix("boot-") == true }
        #expect(boots.count == 2)
        for boot in boots { #expect(stops.allSatisfy { $0.time <= boot.time }) }
    }

    @Test func everyOrdealIsAScenarioThatCanBeRead() throws {
        for seed in 1...200 as ClosedRange<UInt64> {
            let text = Ordeal(seed: seed).scenario(name: "ordeal-\(seed)", connect: .seconds(1))
            let scenario = try ScenarioParser.parse(text, file: "ordeal.yaml")
            #expect(scenario.name == "ordeal-\(seed)")
        }
    }

    @Test func aDiagramHasALaneForEachPartnerAndIsNotTooWide() throws {
        let lines = SequenceDiagram(try Self.run("").events).lines
        #expect(lines.allSatisfy { $0.count <= 100 })
        #expect(lines.contains { $0.contains("connectStarted connect") && $0.hasSuffix(">") })
        #expect(lines.contains { $0.contains("<-") && $0.contains("connectStarted knock") })
    }
}
