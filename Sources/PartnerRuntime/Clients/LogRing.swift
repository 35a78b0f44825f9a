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

    /// Copies what lies in one place to another that has no byte in common with it; a multiple of 8 bytes.
    static func move(_ memory: inout MutableRawSpan, from source: Int, to target: Int, byteCount: Int) {
        for place in stride(from: 0, to: byteCount, by: 8) {
            let word = memory.unsafeLoadUnaligned(fromByteOffset: source + place, as: UInt64.self)
            memory.storeBytes(of: word, toByteOffset: target + place, as: UInt64.self)
        }
    }
}
