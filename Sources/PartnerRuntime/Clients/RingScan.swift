import ClusterConnection

/// What lies in the memory that the partner keeps its log in, taken while no port leads there.
struct RingScan: Equatable {
    /// A checksum of the whole memory, also of what is no record: a change of any one word changes it for certain.
    var checksum: UInt64
    /// Records that are whole.
    var records: UInt64
    /// The number of the last whole record; 0 for none.
    var highest: UInt64
    /// Records of a writer that another one had followed before: a life of the partner that was over, and wrote all
    /// the same.
    var outOfTurn: UInt64

    /// Looks a ring over.
    ///
    /// - Parameters:
    ///   - memory: all of the memory; what is behind the last slot counts for the checksum alone.
    ///   - byteCount: of the ring, as agreed with the partner.
    ///   - recordByteCount: of a record; those of any other size count for the checksum alone.
    init(_ memory: RawSpan, byteCount: Int, recordByteCount: Int) {
        checksum = Self.checksum(of: memory)
        let slots = min(byteCount, memory.byteCount) / recordByteCount
        var found: [(number: UInt64, writer: UInt64)] = []
        for slot in 0..<slots {
            let content = LogRecord.content(
                memory, ringAt: 0, slot: slot, of: slots, byteCount: recordByteCount)
            if case .record(let number, let writer) = content { found.append((number, writer)) }
        }
        found.sort { $0.number < $1.number }
        records = UInt64(found.count)
        highest = found.last?.number ?? 0
        outOfTurn = Self.outOfTurn(found.map(\.writer))
    }

    /// A fifth of the work of a CRC, and as good for telling whether anything has changed: each step can be undone,
    /// so that two memories which differ in one word never come to the same.
    private static func checksum(of memory: RawSpan) -> UInt64 {
        var state: UInt64 = 0
        var offset = 0
        while offset + 8 <= memory.byteCount {
            let word = memory.unsafeLoadUnaligned(fromByteOffset: offset, as: UInt64.self)
            state = (state ^ word) &* 0x9e37_79b9_7f4a_7c15
            state ^= state >> 29
            offset += 8
        }
        while offset < memory.byteCount {
            let byte = memory.unsafeLoad(fromByteOffset: offset, as: UInt8.self)
            state = (state ^ UInt64(byte)) &* 0x9e37_79b9_7f4a_7c15
            offset += 1
        }
        return state
    }

    /// How many in a row of writers come back after another one has followed them.
    static func outOfTurn(_ writers: [UInt64]) -> UInt64 {
        var former: Set<UInt64> = []
        var present: UInt64?
        var count: UInt64 = 0
        for writer in writers where writer != present {
            if former.contains(writer) {
                count += 1
                continue
            }
            if let present { former.insert(present) }
            present = writer
        }
        return count
    }
}
