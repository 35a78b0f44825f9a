import Testing

@testable import PartnerRuntime

/// What is under way at a port is never lost count of, whatever of it is reported.
struct WorkRingTests {
    @Test func aReportEndsEverythingBeforeIt() {
        var ring = WorkRing(depth: 4)
        for token in 1...4 as ClosedRange<UInt32> {
            ring.post(token: token, isWrite: true, isReported: token % 2 == 0)
        }
        #expect(ring.free == nil && ring.count == 4)
        #expect(ring.end(1) == WorkRing.Ended(token: 2, silentWrites: 1))
        #expect(ring.count == 2 && ring.free == 0)
        ring.post(token: 5, isReported: true)
        #expect(ring.end(3) == WorkRing.Ended(token: 4, silentWrites: 1))
        #expect(ring.end(0) == WorkRing.Ended(token: 5, silentWrites: 0))
        #expect(ring.count == 0)
    }

    /// The third of six fails: the two before it ended well, and every one behind it is reported as flushed.
    @Test func aFailureIsReportedByItselfAndSoIsEverythingBehindIt() {
        var ring = WorkRing(depth: 8)
        for token in 1...6 as ClosedRange<UInt32> {
            ring.post(token: token, isWrite: true, isReported: token == 6)
        }
        let ended = (2...5).compactMap { ring.end($0) }
        #expect(ended.map(\.token) == [3, 4, 5, 6])
        #expect(ended.map(\.silentWrites) == [2, 0, 0, 0])
        #expect(ring.count == 0)
    }

    @Test func aReportOfNothingUnderWayIsNone() {
        var ring = WorkRing(depth: 4)
        #expect(ring.end(0) == nil && ring.end(-1) == nil && ring.end(4) == nil)
        ring.post(token: 1, isReported: true)
        #expect(ring.end(1) == nil && ring.end(3) == nil)
        #expect(ring.end(0)?.token == 1)
        #expect(ring.end(0) == nil)
    }

    /// Only writes leave something at the counterpart that can be counted there.
    @Test func amongWorkWithoutAReportOnlyWritesAreCountedAsSuch() {
        var ring = WorkRing(depth: 8)
        for token in 1...6 as ClosedRange<UInt32> {
            ring.post(token: token, isWrite: token % 2 == 0, isReported: token == 6)
        }
        #expect(ring.end(5) == WorkRing.Ended(token: 6, silentWrites: 2))
        #expect(ring.count == 0)
    }

    /// As much work as half the ring always finds room, however little of what ended was reported.
    @Test(arguments: [2, 3, 8, 32])
    func silenceTakesNoMoreThanHalfTheRing(_ depth: Int) {
        var ring = WorkRing(depth: depth)
        var lastReported: Int?
        for token in 0..<1_000 as Range<UInt32> {
            let isReported = ring.needsReport
            if let slot = ring.free, isReported { lastReported = slot }
            #expect(ring.free != nil)
            ring.post(token: token, isReported: isReported)
            // It ends at once, and is heard of with the next report.
            if isReported, let slot = lastReported { #expect(ring.end(slot) != nil) }
            #expect(2 * ring.count <= depth)
        }
    }

    @Test(arguments: [1, 2, 3, 16])
    func aFullRingHoldsAReportHoweverLittleIsAskedFor(_ depth: Int) {
        var ring = WorkRing(depth: depth)
        var reported: [Int] = []
        for token in 0..<1_000 as Range<UInt32> {
            guard let slot = ring.free else {
                #expect(!reported.isEmpty, "a full ring and nothing that will be reported")
                guard let slot = reported.first else { return }
                reported.removeFirst()
                #expect(ring.end(slot) != nil)
                continue
            }
            let isReported = ring.needsReport
            ring.post(token: token, isReported: isReported)
            if isReported { reported.append(slot) }
        }
    }
}
