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
        var word: UInt64 = 0
        for byte in text.utf8 { word = word &* 31 &+ UInt64(byte) }
        add(word)
    }
}
