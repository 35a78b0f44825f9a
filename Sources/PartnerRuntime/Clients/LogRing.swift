/// How the records of a log lie in a ring: number n in slot (n - 1) modulo the slots.
enum LogRing {
    /// Lays the last records of a ring at the beginning of the memory out anew, for another number of slots. The oldest go
    /// where there are fewer, and what lay in the other slots stays there, to be known by its number.
    ///
    /// - Parameters:
    ///   - last: the number of the last record.
    ///   - scratch: where as many bytes as the old ring has are free.
    static func lay(
        _ memory: inout MutableRawSpan, upTo last: UInt64, from old: Int, to new: Int, byteCount: Int,
        scratch: Int
    ) {
        move(&memory, from: 0, to: scratch, byteCount: old * byteCount)
        for number in last - min(last, UInt64(min(old, new)))..<last {
            // Numbers begin with 1: this one lies behind `number` others.
            let source = scratch + Int(number % UInt64(old)) * byteCount
            move(&memory, from: source, to: Int(number % UInt64(new)) * byteCount, byteCount: byteCount)
        }
    }

    /// Lays a ring out for another number of slots of which nobody here knows more than what lies in it: the last of its
    /// records that are whole, and nothing else. What lies behind a gap that the old ring did not vouch for stays away: the
    /// larger one would vouch for the gap.
    ///
    /// - Parameters:
    ///   - vouched: how many of the last records the old ring vouched for.
    ///   - source: what holds the ring, from `start` on.
    ///   - target: where it is laid, at the beginning.
    static func lay(
        _ source: RawSpan, ringAt start: Int, of old: Int, vouched: UInt64, into target: inout MutableRawSpan,
        to new: Int, byteCount: Int
    ) {
        func number(in slot: Int) -> UInt64? {
            LogRecord.content(source, ringAt: start, slot: slot, of: old, byteCount: byteCount).number
        }
        let highest = (0..<old).reduce(0) { max($0, number(in: $1) ?? 0) }
        var lowest = highest - min(highest, vouched) + 1
        while lowest > 1, number(in: Int((lowest - 2) % UInt64(old))) == lowest - 1 { lowest -= 1 }
        for place in stride(from: 0, to: new * byteCount, by: 8) {
            target.storeBytes(of: UInt64(0), toByteOffset: place, as: UInt64.self)
        }
        for slot in 0..<old {
            guard let number = number(in: slot), number >= lowest, number + UInt64(new) > highest else {
                continue
            }
            let place = Int((number - 1) % UInt64(new)) * byteCount
            copy(source, from: start + slot * byteCount, into: &target, at: place, byteCount: byteCount)
        }
    }

    /// Copies from one memory to another; a multiple of 8 bytes.
    static func copy(
        _ source: RawSpan, from start: Int, into target: inout MutableRawSpan, at place: Int, byteCount: Int
    ) {
        for offset in stride(from: 0, to: byteCount, by: 8) {
            let word = source.unsafeLoadUnaligned(fromByteOffset: start + offset, as: UInt64.self)
            target.storeBytes(of: word, toByteOffset: place + offset, as: UInt64.self)
        }
    }

    /// Copies what lies in one place to another that has no byte in common with it; a multiple of 8 bytes.
    static func move(_ memory: inout MutableRawSpan, from source: Int, to target: Int, byteCount: Int) {
        for place in stride(from: 0, to: byteCount, by: 8) {
            let word = memory.unsafeLoadUnaligned(fromByteOffset: source + place, as: UInt64.self)
            memory.storeBytes(of: word, toByteOffset: target + place, as: UInt64.self)
        }
    }
}
