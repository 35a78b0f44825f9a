import Simulation
import Testing

@testable import ClusterConnection

/// A checker that cannot fail is worthless.
struct MutantTests {
    /// How many ordeals there are to find one in.
    private static let budget: UInt64 = 3_000

    @Test(arguments: Mutant.all) func isFoundByTheInvariantThatItBreaks(mutant: Mutant) {
        for seed in 1...Self.budget {
            let ordeal = Ordeal(seed: seed)
            var world = ordeal.world()
            world.tamper = mutant
            let outcome = ordeal.run(in: &world)
            guard let violation = outcome.violations.first else { continue }
            print(
                "mutant | \(mutant.name) | \(violation.invariant.rawValue) | \(seed) | \(outcome.events) | \(violation.finding)"
            )
            #expect(
                mutant.breaks.contains(violation.invariant), "\(mutant.name): ordeal \(seed): \(violation)")
            return
        }
        Issue.record("\(mutant.name) was not found in \(Self.budget) ordeals")
    }

    @Test func thereAreAtLeastThirty() { #expect(Mutant.all.count >= 30) }

    @Test func nothingIsFoundInTheManagerAsItIs() {
        var series = OrdealSeries()
        for seed in 1...1_000 { series.run(UInt64(seed)) }
        #expect(series.broken == 0, "\(series.failures)")
    }
}
