import Testing

@testable import LabKit

struct DryRunTests {
    private static func scenario(_ text: String) throws -> Scenario {
        try ScenarioParser.parse("name: test\nsummary: A test.\n" + text, file: "test.yaml")
    }

    @Test func everyRunIsToldWithItsBootsAndSteps() throws {
        let scenario = try Self.scenario(
            """
            sweep: { skew: [-5ms, 0ms] }
            steps:
              - { do: kill, partner: b, after: { partner: a, event: verdict }, delay: 100ms }
              - { do: boot, partner: b, at: 2s }

            """)
        let lines = DryRun([scenario], shard: .whole, repetitions: 3, place: "the simulator").lines
        #expect(lines.contains("test skew=-5ms") && lines.contains("test skew=0ms"))
        #expect(lines.contains { $0.contains("power-on-a: 5ms after the start") })
        #expect(lines.contains { $0.contains("kill-b: 100ms after a verdict") })
        #expect(lines.contains { $0.contains("boot-b: 2s after the start of the run") })
        #expect(lines.last == "6 runs would be done in the simulator; nothing was")
    }

    @Test func ofPartsOnlyTheOwnIsTold() throws {
        let scenario = try Self.scenario(
            "sweep: { skew: [0ms, 1ms, 2ms, 3ms, 4ms, 5ms, 6ms, 7ms, 8ms, 9ms] }\n")
        let counts = try ["1/2", "2/2"].map { text in
            let shard = try #require(Shard(text: text))
            return DryRun([scenario], shard: shard, repetitions: 1, place: "here").lines.count {
                $0.hasPrefix("test ")
            }
        }
        #expect(counts.reduce(0, +) == 10 && !counts.contains(0))
    }
}
