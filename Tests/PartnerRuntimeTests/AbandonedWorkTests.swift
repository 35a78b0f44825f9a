import ClusterConnection
import Testing

@testable import PartnerRuntime

/// Work that a client had under way when its ports went is counted for what it came to.
struct AbandonedWorkTests {
    @Test func onlyAWriteThatEndedWellHasArrived() {
        var work = AbandonedWork()
        #expect(work.isEmpty)
        for kind in [PortWork.Kind.send, .read] { work.count(kind, .success) }
        #expect(work.isEmpty, "what ended well and left nothing at the counterpart is no matter")
        work.count(.write, .success)
        #expect(work == AbandonedWork(arrived: 1, refused: 0, unfinished: 0))
    }

    @Test func whateverDidNotEndWellWasRefused() {
        var work = AbandonedWork()
        let failures = Outcome.allCases.filter { $0 != .success }
        for outcome in failures {
            for kind in [PortWork.Kind.send, .read, .write] { work.count(kind, outcome) }
        }
        #expect(work == AbandonedWork(arrived: 0, refused: UInt64(3 * failures.count), unfinished: 0))
    }
}
