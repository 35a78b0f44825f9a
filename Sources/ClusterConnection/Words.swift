/// Memory that two partners share is laid out in 64-bit words, little-endian on the wire and in memory, so
/// that a publisher can store whole words and a reader never sees half of one.

/// Sixteen bits of a word, counted from byte `byte` of it.
func field16(_ word: UInt64, byte: UInt64) -> UInt16 { UInt16(truncatingIfNeeded: word >> (byte * 8)) }

/// Eight bits of a word, counted from byte `byte` of it.
func field8(_ word: UInt64, byte: UInt64) -> UInt8 { UInt8(truncatingIfNeeded: word >> (byte * 8)) }

/// The first four bytes of a word.
func lowHalf(_ word: UInt64) -> UInt32 { UInt32(truncatingIfNeeded: word) }

/// The last four bytes of a word.
func highHalf(_ word: UInt64) -> UInt32 { UInt32(truncatingIfNeeded: word >> 32) }

/// The word with these first and last four bytes.
func word(low: UInt32, high: UInt32) -> UInt64 { UInt64(low) | UInt64(high) << 32 }

/// Four ASCII characters as they lie in memory, the first one lowest.
func magic(_ a: Unicode.Scalar, _ b: Unicode.Scalar, _ c: Unicode.Scalar, _ d: Unicode.Scalar) -> UInt32 {
    (a.value & 0x7f) | (b.value & 0x7f) << 8 | (c.value & 0x7f) << 16 | (d.value & 0x7f) << 24
}

/// The checksum over all of `words` but its last four bytes, which hold it.
func checksum<let count: Int>(of words: InlineArray<count, UInt64>) -> UInt32 {
    var crc = CRC32C()
    for index in 0..<(count - 1) { crc.update(word: words[index]) }
    crc.update(halfWord: lowHalf(words[count - 1]))
    return crc.checksum
}

/// Puts the checksum of `words` into its last four bytes.
func seal<let count: Int>(_ words: inout InlineArray<count, UInt64>) {
    words[count - 1] = word(low: lowHalf(words[count - 1]), high: checksum(of: words))
}

/// Whether the last four bytes of `words` are the checksum of the others.
func isWhole<let count: Int>(_ words: InlineArray<count, UInt64>) -> Bool {
    highHalf(words[count - 1]) == checksum(of: words)
}
