import ClusterConnection
import Testing

@testable import Simulation

struct OrdealTests {
    @Test func theSameNumberIsTheSameOrdeal() {
        for seed in 1...20 as ClosedRange<UInt64> {
            #expect(Ordeal(seed: seed) == Ordeal(seed: seed))
            #expect(Ordeal(seed: seed).run().digest == Ordeal(seed: seed).run().digest)
        }
    }

    @Test func theDigestOfASeriesDoesNotDependOnItsOrder() {
        var forwards = OrdealSeries()
        for seed in 1...50 as ClosedRange<UInt64> { forwards.run(seed) }
        var parts = [OrdealSeries(), OrdealSeries()]
        for seed in (1...50 as ClosedRange<UInt64>).reversed() { parts[Int(seed % 2)].run(seed) }
        var together = OrdealSeries()
        for part in parts { together.add(part) }
        #expect(together.digest == forwards.digest && together.count == 50)
    }

    /// What is left of an ordeal that fails whenever somebody is killed is a kill.
    @Test func whatFailsIsMadeSmall() throws {
        func fails(_ ordeal: Ordeal) -> Bool {
            ordeal.steps.contains { if case .kill = $0.act { true } else { false } }
        }
        let seed = try #require(
            (1...200 as ClosedRange<UInt64>).first {
                fails(Ordeal(seed: $0)) && Ordeal(seed: $0).steps.count > 1
            })
        let short = Ordeal(seed: seed).shrunk(while: fails)
        #expect(fails(short) && short.steps.count == 1 && short.clients == 0 && short.rails == 1)
        #expect(short.boots == [.zero, .zero])
    }
}
