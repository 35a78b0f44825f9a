import ClusterConnection

/// A record of the mirrored log, as it lies in memory at both sides.
///
/// | byte | field |
/// | --- | --- |
/// | 0 | magic `CCML` |
/// | 4 | bytes of the record, 32 bits |
/// | 8 | number of the record, from 1 |
/// | 16 | CRC-32C of bytes 0 to 15 and of all from byte 24 on, 32 bits |
/// | 20 | zero, 32 bits |
/// | 24 | incarnation that wrote the record first |
/// | 32 | payload |
enum LogRecord {
    static let headerByteCount = 32
    /// Where the part begins that the checksum covers to the end.
    private static let bodyOffset = 24
    private static let magic: UInt64 = 0x4c4d_4343
    /// No log ever comes to so many records. What lies at the partner may claim so, and counting on from there would
    /// run out of numbers.
    static let highestNumber = UInt64(1) << 62

    /// What lies in a slot.
    enum Content: Equatable {
        case empty
        case record(UInt64, writer: UInt64)
        case damaged

        /// The number of the record; nil where there is none that is whole.
        var number: UInt64? {
            if case .record(let number, _) = self { number } else { nil }
        }
    }

    /// How far apart the words of a payload are that differ from record to record.
    private static let stampSpacing = 256

    /// Builds the record of this number in its slot. Of its payload, a word in every 256 bytes is of no other number, so
    /// that no packet of the least size that RDMA has can be missing unseen; the rest is what the slot held before. The
    /// log stands for that of a storage OS, whose records are there already: making them must not be what takes the time.
    ///
    /// - Parameters:
    ///   - byteCount: of the whole record, a multiple of 8.
    ///   - writer: the incarnation that writes it.
    static func fill(
        _ memory: inout MutableRawSpan, at offset: Int, byteCount: Int, number: UInt64, writer: UInt64
    ) {
        var random = SplitMix64(seed: number)
        let stamp = random.next()
        precondition(offset >= 0 && byteCount % 8 == 0 && byteCount <= memory.byteCount - offset)
        // Checked as a whole: one by one would take as long as half of the checksum.
        memory.withUnsafeMutableBytes { bytes in
            for place in stride(from: headerByteCount, to: byteCount, by: stampSpacing) {
                bytes.storeBytes(of: stamp.littleEndian, toByteOffset: offset + place, as: UInt64.self)
            }
        }
        let first = magic | UInt64(byteCount) << 32
        memory.storeBytes(of: first.littleEndian, toByteOffset: offset, as: UInt64.self)
        memory.storeBytes(of: number.littleEndian, toByteOffset: offset + 8, as: UInt64.self)
        memory.storeBytes(of: writer.littleEndian, toByteOffset: offset + bodyOffset, as: UInt64.self)
        let checksum = checksum(memory.bytes.extracting(offset..<offset + byteCount))
        memory.storeBytes(of: UInt64(checksum).littleEndian, toByteOffset: offset + 16, as: UInt64.self)
    }

    /// The checksum of a record, of all but the word that holds it.
    private static func checksum(_ record: RawSpan) -> UInt32 {
        LongChecksum.of(record.extracting(0..<16), record.extracting(bodyOffset..<record.byteCount))
    }

    /// Reads what lies in a slot, the one of this index in a ring of `slots` that begins at `start`; trusts nothing of
    /// it. A whole record of another slot is as damaged as one that is not whole.
    static func content(
        _ memory: RawSpan, ringAt start: Int, slot: Int, of slots: Int, byteCount: Int
    ) -> Content {
        let offset = start + slot * byteCount
        func word(_ place: Int) -> UInt64 {
            UInt64(
                littleEndian: memory.unsafeLoadUnaligned(fromByteOffset: offset + place, as: UInt64.self))
        }
        let first = word(0)
        let number = word(8)
        if first == 0, number == 0 { return .empty }
        guard first == magic | UInt64(byteCount) << 32, (1...highestNumber).contains(number),
            (number - 1) % UInt64(slots) == UInt64(slot)
        else { return .damaged }
        let checksum = checksum(memory.extracting(offset..<offset + byteCount))
        return word(16) == UInt64(checksum) ? .record(number, writer: word(bodyOffset)) : .damaged
    }
}
