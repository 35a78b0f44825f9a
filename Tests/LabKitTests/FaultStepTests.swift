import ClusterConnection
import StrictYAML
import Testing

@testable import LabKit

/// Faults are read with their units and bounds, follow each other as they can, and are undone by their opposites.
struct FaultStepTests {
    private static let start = "  - { do: boot, partner: b, id: first, at: 0s }\n"

    private static func scenario(_ steps: String) throws -> Scenario {
        try ScenarioParser.parse(HistoryBuilder.minimal + "steps:\n" + steps, file: "test.yaml")
    }

    private static func problems(_ steps: String) -> String {
        do {
            _ = try scenario(steps)
            return ""
        } catch { return "\(error)" }
    }

    @Test func aRailIsDegradedInAllWaysAtOnce() throws {
        let steps = try Self.scenario(
            """
              - do: degrade
                partner: b
                rail: 0
                at: 1s
                packets: { loss: 5%, delay: 2ms, jitter: 500us, reorder: 0.5%, duplicate: 1%, corrupt: 0.01%, rate: 10Mbit }
              - { do: restore, delay: 1s }

            """
        ).steps
        let degradation = try #require(steps[0].degradation)
        #expect(degradation.loss == 0.05)
        #expect(degradation.delay == .milliseconds(2))
        #expect(degradation.jitter == .microseconds(500))
        #expect(degradation.reorder == 0.005)
        #expect(degradation.duplicate == 0.01)
        #expect(degradation.corrupt == 0.0001)
        #expect(degradation.rate == 10_000_000)
        #expect(steps.map(\.id) == ["degrade-b", "restore"])
        #expect(
            degradation.words
                == "loss 5%, duplicate 1%, corrupt 0.01%, reorder 0.5%, delay 2ms, jitter 500us, rate 10000kbit"
        )
    }

    @Test(arguments: [
        ("{ loss: 100% }", "below 100%"), ("{ loss: 5 }", "a share above 0%"),
        ("{ loss: -1% }", "a share above 0%"),
        ("{ loss: 1e1% }", "a share above 0%"), ("{ loss: nan% }", "a share above 0%"),
        ("{ delay: 11s }", "to 10s"),
        ("{ delay: 1us }", "from 10us"), ("{ rate: 10mbit }", "bits a second"),
        ("{ rate: 1kbit }", "bits a second"),
        ("{ rate: 99999999999999999999Gbit }", "bits a second"), ("{ jitter: 1ms }", "is more than 'delay'"),
        ("{ reorder: 5% }", "stands without 'delay'"), ("{}", "expected how packets fare"),
        ("{ los: 5% }", "“loss”"),
        ("5%", "expected a mapping"),
    ])
    func aDegradationThatCannotBeIsRefused(_ packets: String, _ words: String) {
        let steps = "  - { do: degrade, at: 1s, packets: \(packets) }\n  - { do: restore, delay: 1s }\n"
        #expect(Self.problems(steps).contains(words), "\(Self.problems(steps))")
    }

    @Test(arguments: [
        ("  - { do: degrade, at: 1s }\n  - { do: restore }\n", "packets: is missing"),
        ("  - { do: degrade, at: 1s, packets: { loss: 1% } }\n", "never restore"),
        ("  - { do: restore, at: 1s }\n", "the rail is not degraded"),
        ("  - { do: cut, partner: b, at: 1s }\n  - { do: cut, partner: b }\n", "the rail is cut already"),
        ("  - { do: heal, partner: b, at: 1s }\n", "cannot stand here: heal is done to the rail"),
        ("  - { do: linkUp, partner: b, at: 1s }\n", "b has its link up"),
        (
            "  - { do: linkDown, partner: b, at: 1s }\n  - { do: linkDown, partner: b }\n",
            "b has its link down already"
        ),
        ("  - { do: restoreMac, partner: b, at: 1s }\n", "b has its own MAC address"),
        ("  - { do: starve, partner: b, at: 1s, quota: 1ms }\n", "never feed it"),
        ("  - { do: starve, partner: b, at: 1s }\n  - { do: feed, partner: b }\n", "quota: is missing"),
        (
            "  - { do: starve, partner: b, at: 1s, quota: 100us }\n  - { do: feed, partner: b }\n",
            "from 1ms to 1s"
        ),
        (
            "  - { do: starve, partner: b, at: 1s, quota: 100ms }\n  - { do: feed, partner: b }\n",
            "the whole period"
        ),
        ("  - { do: feed, partner: b, at: 1s }\n", "b is not starved"),
        (
            "  - { do: starve, partner: b, at: 1s, quota: 1ms }\n  - { do: kill, partner: b }\n  - { do: feed, partner: b }\n",
            "has to be fed first"
        ),
        ("  - { do: squeeze, partner: b, at: 1s, room: 4096 }\n", "never relieve it"),
        ("  - { do: squeeze, partner: b, at: 1s }\n  - { do: relieve, partner: b }\n", "room: is missing"),
        (
            "  - { do: squeeze, partner: b, at: 1s, room: 100 }\n  - { do: relieve, partner: b }\n",
            "whole pages of 4096 bytes"
        ),
        (
            "  - { do: squeeze, partner: b, at: 1s, room: -4096 }\n  - { do: relieve, partner: b }\n",
            "from 0 to 1073741824"
        ),
        ("  - { do: relieve, partner: b, at: 1s }\n", "b is not squeezed"),
        (
            "  - { do: squeeze, partner: b, at: 1s, room: 0 }\n  - { do: stop, partner: b }\n  - { do: relieve, partner: b }\n",
            "has to be relieved first"
        ),
        ("  - { do: kill, partner: b, at: 1s, room: 0 }\n", "room: is no field here"),
        ("  - { do: stepClock, at: 1s }\n", "by: is missing"),
        ("  - { do: stepClock, at: 1s, by: 0s }\n", "negative for back"),
        ("  - { do: stepClock, partner: b, at: 1s, by: 1s }\n", "is done to the machine"),
        ("  - { do: kill, partner: b, at: 1s, quota: 1ms }\n", "quota: is no field here"),
        (
            "  - { do: starve, partner: b, rail: 0, at: 1s, quota: 1ms }\n  - { do: feed, partner: b }\n",
            "rail: cannot stand"
        ),
        ("  - { do: linkDown, partner: b, at: 1s, times: 3 }\n", "stands without 'interval'"),
        ("  - { do: linkDown, partner: b, at: 1s, interval: 3s }\n", "stands without 'times'"),
        ("  - { do: linkDown, partner: b, at: 1s, times: 0, interval: 3s }\n", "from 1 to 1000"),
        ("  - { do: boot, partner: b, at: 1s, times: 2, interval: 3s }\n", "nothing undoes boot"),
    ])
    func whatCannotBeDoneIsRefused(_ steps: String, _ words: String) {
        #expect(Self.problems(steps).contains(words), "\(Self.problems(steps))")
    }

    @Test func aStepThatIsRepeatedIsAsIfItWereWrittenOut() throws {
        let steps = try Self.scenario(
            "  - { do: cut, partner: b, at: 1s, times: 2, interval: 50ms }\n  - { do: kill, partner: a }\n"
        ).steps
        #expect(steps.map(\.id) == ["cut-b", "heal", "cut-b-2", "heal-2", "kill-a"])
        #expect(steps.map(\.action) == [.cut, .heal, .cut, .heal, .kill])
        #expect(steps.map(\.partner) == [.b, nil, .b, nil, .a])
        #expect(steps[2].trigger == .after(.step("heal"), delay: .milliseconds(50)))
        #expect(steps[4].trigger == .after(.step("heal-2"), delay: .zero))
    }

    @Test func everyFaultThatHasAnOppositeIsUndoneByIt() {
        for action in StepAction.allCases {
            guard let opposite = action.opposite else { continue }
            #expect(opposite.opposite == nil)
            #expect(action.isFault && !opposite.isFault)
            #expect(action.taken == opposite.given)
        }
    }

    @Test func aConnectionNeedsBothDirectionsAndBothLinks() {
        var obstructions = Obstructions(rails: [0, 1])
        obstructions.take(.cut, .b, rail: 0)
        #expect(!obstructions.isEmpty && !obstructions.isEverywhere)
        obstructions.take(.linkDown, .a, rail: 1)
        #expect(obstructions.isEverywhere)
        obstructions.take(.heal, nil, rail: nil)
        #expect(!obstructions.isEverywhere)
        obstructions.take(.linkUp, .a, rail: nil)
        #expect(obstructions.isEmpty)
    }
}
