import Testing

@testable import PartnerRuntime

/// A ring that gets another number of slots, because other memory was agreed.
struct LogRingTests {
    private static let byteCount = 64
    private static let room = 16

    /// A ring of so many slots with the records up to the last, and as much free memory behind it.
    private static func ring(slots: Int, upTo last: UInt64) -> [UInt8] {
        var bytes = [UInt8](repeating: 0, count: 2 * room * byteCount)
        var span = bytes.mutableSpan
        var memory = span.mutableBytes
        for number in 0..<last {
            LogRecord.fill(
                &memory, at: Int(number % UInt64(slots)) * byteCount, byteCount: byteCount,
                number: number + 1,
                writer: 7)
        }
        return bytes
    }

    private static func lay(_ bytes: inout [UInt8], upTo last: UInt64, from old: Int, to new: Int) {
        var span = bytes.mutableSpan
        var memory = span.mutableBytes
        LogRing.lay(
            &memory, upTo: last, from: old, to: new, byteCount: byteCount, scratch: room * byteCount)
    }

    /// The number of the whole record in each slot.
    private static func numbers(_ bytes: [UInt8], slots: Int) -> [UInt64?] {
        (0..<slots).map {
            LogRecord.content(bytes.span.bytes, ringAt: 0, slot: $0, of: slots, byteCount: byteCount).number
        }
    }

    @Test func aSmallerRingHoldsTheLastRecordsAndNoOthersInTheirPlaces() {
        var bytes = Self.ring(slots: 16, upTo: 20)
        Self.lay(&bytes, upTo: 20, from: 16, to: 8)
        #expect(Self.numbers(bytes, slots: 8) == [17, 18, 19, 20, 13, 14, 15, 16])
    }

    @Test func aLargerRingHoldsAllThatTheSmallerHeldAndClaimsNoMore() {
        var bytes = Self.ring(slots: 4, upTo: 10)
        Self.lay(&bytes, upTo: 10, from: 4, to: 16)
        let numbers = Self.numbers(bytes, slots: 16)
        #expect(Array(numbers[6..<10]) == [7, 8, 9, 10])
        #expect(numbers.compactMap { $0 }.filter { $0 < 7 }.allSatisfy { numbers[Int($0 - 1)] == $0 })
    }

    /// A recovery writes no more anew than the ring vouches for; the gap before that is no damage.
    @Test func aKeptRingThatIsLaidOutAnewHoldsNothingBehindAGapThatNobodyVouchedFor() {
        let numbers: [UInt64] = [1, 9, 11, 12]
        var kept = [UInt8](repeating: 0, count: Self.room * Self.byteCount)
        var span = kept.mutableSpan
        var memory = span.mutableBytes
        for number in numbers {
            LogRecord.fill(
                &memory, at: Int((number - 1) % 12) * Self.byteCount, byteCount: Self.byteCount,
                number: number, writer: 7)
        }
        for (vouched, left) in [(1, [11, 12]), (2, [11, 12]), (4, [9, 11, 12])] as [(UInt64, [UInt64])] {
            var laid = [UInt8](repeating: 0xaa, count: Self.room * Self.byteCount)
            var span = laid.mutableSpan
            var memory = span.mutableBytes
            LogRing.lay(
                kept.span.bytes, ringAt: 0, of: 12, vouched: vouched, into: &memory, to: 16,
                byteCount: Self.byteCount)
            #expect(Self.numbers(laid, slots: 16).compactMap { $0 } == left)
        }
    }

    @Test func aRingThatIsNotFullYetIsLaidOutAnewAsWell() {
        var bytes = Self.ring(slots: 16, upTo: 3)
        Self.lay(&bytes, upTo: 3, from: 16, to: 2)
        #expect(Self.numbers(bytes, slots: 2) == [3, 2])
    }
}
