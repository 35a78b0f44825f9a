/// The bytes of words as they lie in memory, eight to a line, for comparison with annotated hex.
func hexLines<let count: Int>(_ words: InlineArray<count, UInt64>) -> [String] {
    words.indices.map { index in
        (0..<8).map { byte in
            let value = UInt8(truncatingIfNeeded: words[index] >> UInt64(byte * 8))
            return (value < 16 ? "0" : "") + String(value, radix: 16)
        }.joined(separator: " ")
    }
}

/// The words with one bit turned around.
func flipping<let count: Int>(
    bit: Int, of words: InlineArray<count, UInt64>
) -> InlineArray<count, UInt64> {
    var flipped = words
    flipped[bit / 64] ^= 1 << UInt64(bit % 64)
    return flipped
}

/// Words from a generator.
func randomWords<let count: Int>(using generator: inout some RandomNumberGenerator) -> InlineArray<
    count, UInt64
> {
    InlineArray { _ in generator.next() }
}

/// Bytes as they travel, eight to a line.
func hexLines(_ bytes: [UInt8]) -> [String] {
    stride(from: 0, to: bytes.count, by: 8).map { start in
        bytes[start..<min(start + 8, bytes.count)].map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }
            .joined(separator: " ")
    }
}
