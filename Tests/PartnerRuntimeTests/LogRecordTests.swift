import Testing

@testable import PartnerRuntime

/// What lies in the mirrored log was written by the partner, or by whoever wrote into its memory.
struct LogRecordTests {
    private static let byteCount = 64
    private static let slots = 4

    private func memory(_ change: (inout MutableRawSpan) -> Void) -> [UInt8] {
        var bytes = [UInt8](repeating: 0, count: 24 + Self.slots * Self.byteCount)
        var span = bytes.mutableSpan
        var raw = span.mutableBytes
        change(&raw)
        return bytes
    }

    private func content(_ bytes: [UInt8], slot: Int) -> LogRecord.Content {
        LogRecord.content(
            bytes.span.bytes, ringAt: 24, slot: slot, of: Self.slots, byteCount: Self.byteCount)
    }

    private func filled(_ number: UInt64, slot: Int, writer: UInt64 = 7) -> [UInt8] {
        memory {
            LogRecord.fill(
                &$0, at: 24 + slot * Self.byteCount, byteCount: Self.byteCount, number: number,
                writer: writer)
        }
    }

    @Test func aRecordComesBackAsItWasFilled() {
        for number: UInt64 in [1, 2, 7, 4_000_000_001, LogRecord.highestNumber] {
            let slot = Int((number - 1) % UInt64(Self.slots))
            #expect(content(filled(number, slot: slot), slot: slot) == .record(number, writer: 7))
        }
        #expect(content(memory { _ in }, slot: 0) == .empty)
    }

    @Test func aRecordWithAnySingleBitTurnedIsDamaged() {
        let whole = filled(2, slot: 1)
        for bit in (24 + Self.byteCount) * 8..<(24 + 2 * Self.byteCount) * 8 {
            var bytes = whole
            bytes[bit / 8] ^= 1 << UInt8(bit % 8)
            #expect(content(bytes, slot: 1) == .damaged, "bit \(bit)")
        }
    }

    /// A number from which no log could count on, and one that belongs elsewhere.
    @Test func aWholeRecordWithANumberThatCannotBeIsDamaged() {
        for number: UInt64 in [.max, .max - 3, LogRecord.highestNumber + 1, 1 << 63] {
            let slot = Int((number - 1) % UInt64(Self.slots))
            #expect(content(filled(number, slot: slot), slot: slot) == .damaged, "\(number)")
        }
        #expect(content(filled(2, slot: 0), slot: 0) == .damaged)
        #expect(content(filled(6, slot: 1), slot: 1) == .record(6, writer: 7))
    }
}
