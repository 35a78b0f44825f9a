import Testing

@testable import ClusterConnection
@testable import Simulation

struct ExplorationTests {
    private static let nodes = Ordeal(seed: 1).plain.world().nodes

    @Test func everyOrderOfTwoBootsHolds() {
        let report = Exploration.run(Self.nodes, Exploration.Bound())
        #expect(report.isComplete && report.failure == nil, "\(String(describing: report.failure))")
        #expect(report.states > 500 && report.leaves > 10)
    }

    @Test func aSearchThatMeetsItsLimitIsNotComplete() {
        let report = Exploration.run(Self.nodes, Exploration.Bound(crashes: 1, reboots: 1, states: 200))
        #expect(!report.isComplete && report.failure == nil)
    }

    /// With nothing but the order of packets, and not a single fault.
    @Test(arguments: [
        "skips read 2", "is established without the partner's confirmation", "writes no confirmation",
    ])
    func aMutantOfTheHandshakeIsFoundWithTheOrderThatShowsIt(_ name: String) throws {
        let mutant = try #require(Mutant.all.first { $0.name == name })
        let report = Exploration.run(Self.nodes, Exploration.Bound(), tamper: mutant)
        let failure = try #require(report.failure)
        #expect(
            failure.violations.first.map { mutant.breaks.contains($0.invariant) } == true,
            "\(failure.violations)")
        #expect(!failure.history.isEmpty && !failure.trace.isEmpty)
    }
}

extension Ordeal {
    /// The same with nothing special about it.
    var plain: Ordeal {
        var ordeal = self
        ordeal.clients = 0
        ordeal.rails = 1
        ordeal.versions = [.supported, .supported]
        ordeal.steps = []
        return ordeal
    }
}
