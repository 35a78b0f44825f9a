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

    @Test func theMachinesTimeIsBusyWhereItIsNotIdle() {
        let text = "cpu  100 5 40 700 50 2 3 100 9 9\ncpu0 1 2 3 4 5 6 7 8 9 9\n"
        #expect(BusyLoops.times(in: text) == (1_000, 750))
        #expect(BusyLoops.times(in: "nonsense") == (0, 0))
        #expect(BusyLoops.busyPercent(from: (1_000, 750), to: (2_000, 800)) == 95)
        #expect(BusyLoops.busyPercent(from: (1_000, 750), to: (1_000, 750)) == 0)
    }

    @Test func processorsThatWereIdleOrALoopThatNeverRanAreNoLoad() {
        func problem(_ busy: Int, had seconds: UInt64 = 3, loops: Int, processors: Int) -> String? {
            BusyLoops.problem(busyPercent: busy, .seconds(seconds), loops: loops, processors: processors)
        }
        #expect(problem(95, loops: 2, processors: 2) == nil)
        #expect(problem(80, loops: 2, processors: 2)?.contains("did not take effect") == true)
        #expect(problem(50, loops: 2, processors: 4) == nil)
        #expect(problem(40, loops: 2, processors: 4) != nil)
        #expect(problem(100, had: 0, loops: 2, processors: 2) != nil)
    }
}
