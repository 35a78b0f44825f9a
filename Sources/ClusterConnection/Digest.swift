/// A running digest of 64 bits (FNV-1a by words, with a shift): the same on every machine and in every build.
package struct Digest: Hashable, Sendable {
    /// The digest so far.
    package private(set) var value: UInt64 = 0xcbf2_9ce4_8422_2325

    /// The digest of nothing.
    package init() {}

    package mutating func add(_ word: UInt64) {
        value = (value ^ word) &* 0x100_0000_01b3
        value ^= value >> 29
    }

    package mutating func add(_ flag: Bool) { add(flag ? 1 as UInt64 : 0) }

    package mutating func add(_ text: String) {
        let bytes = text.utf8.span.bytes
        var offset = 0
        while offset + 8 <= bytes.byteCount {
            add(UInt64(littleEndian: bytes.unsafeLoadUnaligned(fromByteOffset: offset, as: UInt64.self)))
            offset += 8
        }
        var word = UInt64(bytes.byteCount)
        while offset < bytes.byteCount {
            word = word << 8 | UInt64(bytes.unsafeLoad(fromByteOffset: offset, as: UInt8.self))
            offset += 1
        }
        add(word)
    }
}
