import Simulation
import Testing

@testable import LabKit

/// The scenarios of the field's bugs hold, and each of them fails when there is something to find.
struct FieldBugTests {
    private static let folder =
        "\(#filePath)".components(before: "/Tests/") + "/Lab/scenarios/field"
    /// How many seeds there are to find one in.
    private static let budget: UInt64 = 3

    /// A run in which something is broken often goes on to its deadline, which need not be as long as on real verbs.
    private static func short(_ variant: ScenarioVariant) -> ScenarioVariant {
        var variant = variant
        variant.scenario.deadline = min(variant.scenario.deadline, .seconds(12))
        return variant
    }

    private static func scenarios() throws -> [Scenario] { try ScenarioLibrary.load([folder]) }

    @Test func eachHoldsInTheSimulator() throws {
        for scenario in try Self.scenarios() where SimulatedRun.obstacle(scenario) == nil {
            for variant in scenario.variants {
                for seed in 1...2 as ClosedRange<UInt64> {
                    let judgement = Checker.judge(try SimulatedRun.run(variant, seed: seed))
                    #expect(judgement.result == .held, "\(variant.title), seed \(seed): \(judgement.broken)")
                }
            }
        }
    }

    @Test(arguments: FieldBug.all) func eachFindsABugOfItsKind(bug: FieldBug) throws {
        let scenario = try #require(try Self.scenarios().first { $0.name == bug.scenario })
        var otherwise: [String] = []
        for seed in 1...Self.budget {
            for variant in scenario.variants.map(Self.short) {
                let run = try SimulatedRun.run(variant, seed: seed, tamper: bug.mutant)
                let broken = Checker.judge(run).broken
                let found = broken.first { $0.rule == bug.rule && $0.explanation.contains(bug.words) }
                if let found {
                    print(
                        "field | \(variant.title) | \(bug.mutant.name) | \(found.rule.rawValue) | \(found.explanation)"
                    )
                    return
                }
                otherwise += broken.map { "\(variant.title): \($0.rule.rawValue): \($0.explanation)" }
            }
        }
        Issue.record("\(bug.mutant.name) was not found; \(otherwise.prefix(6))")
    }

    /// What the simulator cannot run is proven on real verbs (docs/field-bugs.md).
    @Test func eachHasABugToFind() throws {
        let known = Set(FieldBug.all.map(\.scenario))
        for scenario in try Self.scenarios() where SimulatedRun.obstacle(scenario) == nil {
            #expect(known.contains(scenario.name), "\(scenario.name)")
        }
    }
}

extension String {
    /// What stands in front of a part.
    fileprivate func components(before part: String) -> String {
        guard let place = ranges(of: part).last else { return self }
        return String(self[..<place.lowerBound])
    }
}
