import ClusterConnection
import Testing

@testable import LabKit

/// A load that had no effect is found out.
struct BusyLoopTests {
    @Test func processorTimeIsThatOfUserAndKernel() {
        let stat = "77 (sh (x) y) R 1 77 77 0 -1 4194304 90 0 0 0 1234 56 0 0 20 0 1 0 300 2 3"
        #expect(BusyLoops.ticks(in: stat) == 1_290)
        #expect(BusyLoops.ticks(in: "") == 0)
        #expect(BusyLoops.ticks(in: "77 (sh) R 1") == 0)
    }

    @Test func aLoopThatHadLessThanHalfOfItsShareIsNoLoad() {
        func problem(_ had: UInt64, loops: Int, processors: Int) -> String? {
            BusyLoops.problem(.seconds(had), of: .seconds(10), loops, processors: processors)
        }
        #expect(problem(6, loops: 2, processors: 2) == nil)
        #expect(problem(4, loops: 2, processors: 2)?.contains("did not take effect") == true)
        #expect(problem(3, loops: 2, processors: 1) == nil)
        #expect(problem(2, loops: 2, processors: 1) != nil)
        #expect(problem(0, loops: 1, processors: 8) != nil)
    }
}
