/// CRC-32C (Castagnoli), as RFC 3720 section 12.1 and appendix B.4 use it: reflected, polynomial 0x1EDC6F41,
/// initial value and final inversion all ones.
struct CRC32C {
    private var state: UInt32 = .max

    /// The checksum of all bytes taken so far.
    var checksum: UInt32 { ~state }

    /// Takes the eight bytes of a little-endian word, the lowest first.
    mutating func update(word: UInt64) {
        update(halfWord: UInt32(truncatingIfNeeded: word))
        update(halfWord: UInt32(truncatingIfNeeded: word >> 32))
    }

    /// Takes bytes in their order.
    mutating func update(_ bytes: some Sequence<UInt8>) {
        for byte in bytes { state = (state >> 8) ^ castagnoliTable[Int((state ^ UInt32(byte)) & 0xff)] }
    }

    /// Takes the four bytes of a little-endian half word, the lowest first.
    mutating func update(halfWord: UInt32) {
        for shift in stride(from: UInt32(0), to: 32, by: 8) {
            let index = Int((state ^ (halfWord >> shift)) & 0xff)
            state = (state >> 8) ^ castagnoliTable[index]
        }
    }
}

/// The effect of each byte value on the checksum; a reflected table of the Castagnoli polynomial.
private let castagnoliTable: InlineArray<256, UInt32> = InlineArray { index in
    var value = UInt32(index)
    for _ in 0..<8 { value = (value >> 1) ^ (value & 1 == 1 ? 0x82f6_3b78 : 0) }
    return value
}
