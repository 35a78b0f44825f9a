/// CRC-32C (Castagnoli), as RFC 3720 section 12.1 and appendix B.4 use it: reflected, polynomial 0x1EDC6F41,
/// initial value and final inversion all ones.
public struct CRC32C: Sendable {
    private var state: UInt32 = .max

    /// The checksum of nothing.
    public init() {}

    /// The checksum of all bytes taken so far.
    public var checksum: UInt32 { ~state }

    /// Takes the eight bytes of a little-endian word, the lowest first.
    public mutating func update(word: UInt64) { update(word: word, castagnoliTable.span) }

    private mutating func update(word: UInt64, _ table: Span<UInt32>) {
        let low = state ^ UInt32(truncatingIfNeeded: word)
        let high = UInt32(truncatingIfNeeded: word >> 32)
        state =
            table[7 << 8 | Int(low & 0xff)] ^ table[6 << 8 | Int(low >> 8 & 0xff)]
            ^ table[5 << 8 | Int(low >> 16 & 0xff)] ^ table[4 << 8 | Int(low >> 24)]
            ^ table[3 << 8 | Int(high & 0xff)] ^ table[2 << 8 | Int(high >> 8 & 0xff)]
            ^ table[1 << 8 | Int(high >> 16 & 0xff)] ^ table[Int(high >> 24)]
    }

    /// Takes the four bytes of a little-endian half word, the lowest first.
    mutating func update(halfWord: UInt32) {
        for shift in stride(from: UInt32(0), to: 32, by: 8) {
            update(byte: UInt8(truncatingIfNeeded: halfWord >> shift))
        }
    }

    /// Takes bytes in their order.
    public mutating func update(_ bytes: RawSpan) {
        var offset = 0
        let table = castagnoliTable.span
        while offset + 8 <= bytes.byteCount {
            let word = bytes.unsafeLoadUnaligned(fromByteOffset: offset, as: UInt64.self)
            update(word: UInt64(littleEndian: word), table)
            offset += 8
        }
        while offset < bytes.byteCount {
            update(byte: bytes.unsafeLoad(fromByteOffset: offset, as: UInt8.self))
            offset += 1
        }
    }

    private mutating func update(byte: UInt8) {
        state = (state >> 8) ^ castagnoliTable[Int((state ^ UInt32(byte)) & 0xff)]
    }
}

/// The effect of each byte value on the checksum, with 0 to 7 zero bytes behind it: eight bytes are taken at once
/// ("slicing by 8", Kounavis and Berry 2005). An array, because a build without optimisation copies an inline one
/// for every look into it.
private let castagnoliTable: [UInt32] = (0..<2_048).map { index in
    var value = UInt32(index & 0xff)
    for _ in 0..<(8 * ((index >> 8) + 1)) { value = (value >> 1) ^ (value & 1 == 1 ? 0x82f6_3b78 : 0) }
    return value
}
