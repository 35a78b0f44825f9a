/// Takes fields out of bytes that a partner sent, one after the other, little-endian; trusts no length of theirs.
package struct MessageReader {
    private let bytes: [UInt8]
    /// Where the next field begins.
    package private(set) var offset: Int
    private let start: Int
    private let end: Int

    /// Reads the bytes of `range`, which MUST lie in `bytes`.
    package init(_ bytes: [UInt8], _ range: Range<Int>) {
        self.bytes = bytes
        start = range.lowerBound
        offset = start
        end = range.upperBound
    }

    /// How many bytes are left.
    package var remaining: Int { end - offset }

    /// The byte that was read last; nil before the first one.
    package var last: UInt8? { offset > start ? bytes[offset - 1] : nil }

    package mutating func byte() throws(WireError) -> UInt8 {
        UInt8(truncatingIfNeeded: try integer(byteCount: 1))
    }

    package mutating func half() throws(WireError) -> UInt16 {
        UInt16(truncatingIfNeeded: try integer(byteCount: 2))
    }

    package mutating func word() throws(WireError) -> UInt32 {
        UInt32(truncatingIfNeeded: try integer(byteCount: 4))
    }

    package mutating func long() throws(WireError) -> UInt64 { try integer(byteCount: 8) }

    /// Leaves bytes out: reserved ones, or those that a newer version added.
    package mutating func skip(_ count: Int) throws(WireError) {
        guard count >= 0, count <= remaining else { throw .tooShort }
        offset += count
    }

    /// The name in the first `length` of `capacity` bytes.
    package mutating func name(length: UInt8, capacity: Int) throws(WireError) -> Name {
        guard capacity <= remaining, Int(length) <= capacity else { throw .tooShort }
        guard let name = Name(utf8: bytes[offset..<offset + Int(length)]) else { throw .badField }
        offset += capacity
        return name
    }

    private mutating func integer(byteCount: Int) throws(WireError) -> UInt64 {
        guard byteCount <= remaining else { throw .tooShort }
        var value: UInt64 = 0
        for index in 0..<byteCount { value |= UInt64(bytes[offset + index]) << UInt64(index * 8) }
        offset += byteCount
        return value
    }
}
