/// The 16 bytes of an IPv6 address or a GID as they stand in memory and on the wire, stored inline.
struct SixteenBytes: Hashable, Sendable {
    private var words: (UInt64, UInt64) = (0, 0)

    /// All zero.
    init() {}

    /// The first bytes of `source`, 16 at most; the rest is zero.
    init(_ source: UnsafeRawBufferPointer) {
        withUnsafeMutableBytes(of: &words) { target in
            target.copyMemory(from: UnsafeRawBufferPointer(rebasing: source.prefix(16)))
        }
    }

    /// Lends the bytes. The buffer is good inside `body` only.
    func withBytes<Result>(_ body: (UnsafeRawBufferPointer) -> Result) -> Result {
        withUnsafeBytes(of: words, body)
    }

    static func == (lhs: SixteenBytes, rhs: SixteenBytes) -> Bool { lhs.words == rhs.words }

    func hash(into hasher: inout Hasher) {
        hasher.combine(words.0)
        hasher.combine(words.1)
    }
}
