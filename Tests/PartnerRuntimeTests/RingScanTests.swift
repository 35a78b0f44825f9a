import Testing

@testable import PartnerRuntime

/// What is told of the memory that the partner keeps its log in is what lies there.
struct RingScanTests {
    private static let recordByteCount = 64
    private static let slots = 8

    /// A ring in which these lives of the partner wrote records, one number after the other from `first` on.
    private func ring(from first: UInt64 = 1, _ writers: [UInt64]) -> [UInt8] {
        var bytes = [UInt8](repeating: 0, count: Self.slots * Self.recordByteCount + 24)
        var span = bytes.mutableSpan
        var memory = span.mutableBytes
        for (index, writer) in writers.enumerated() {
            let number = first + UInt64(index)
            LogRecord.fill(
                &memory, at: Int((number - 1) % UInt64(Self.slots)) * Self.recordByteCount,
                byteCount: Self.recordByteCount, number: number, writer: writer)
        }
        return bytes
    }

    private func scan(_ bytes: [UInt8]) -> RingScan {
        RingScan(
            bytes.span.bytes, byteCount: Self.slots * Self.recordByteCount,
            recordByteCount: Self.recordByteCount)
    }

    @Test func anEmptyRingHoldsNothing() {
        let scan = scan(ring([]))
        #expect(scan.records == 0 && scan.highest == 0 && scan.outOfTurn == 0)
    }

    @Test func recordsAreCountedAlsoWhereTheRingHasGoneRound() {
        let scan = scan(ring(from: 5, [7, 7, 7, 7, 7, 9, 9, 9]))
        #expect(scan.records == 8 && scan.highest == 12 && scan.outOfTurn == 0)
    }

    @Test func aRecordOfAWriterThatWasFollowedByAnotherIsOutOfTurn() {
        #expect(scan(ring([7, 7, 9, 7])).outOfTurn == 1)
        #expect(scan(ring([7, 9, 7, 9, 7])).outOfTurn == 2)
        #expect(scan(ring([7, 9, 11, 7, 11, 9])).outOfTurn == 2)
        #expect(scan(ring([7, 9, 11])).outOfTurn == 0)
    }

    @Test func anyByteThatChangesChangesTheChecksum() {
        let before = ring([7, 7, 7])
        let checksum = scan(before).checksum
        for place in before.indices {
            var after = before
            after[place] ^= 0x40
            #expect(scan(after).checksum != checksum, "byte \(place)")
        }
    }

    @Test func aTornRecordIsNoRecord() {
        var torn = ring([7, 7, 7])
        torn[2 * Self.recordByteCount + 40] ^= 1
        #expect(scan(torn).records == 2)
        #expect(scan(torn).highest == 2)
    }
}
