/// Sixteen counts side by side, one for each small number. Takes nothing from the heap.
public struct Tally: Hashable, Sendable {
    private var counts: InlineArray<16, UInt64> = InlineArray(repeating: 0)

    /// Where endings without a verdict are counted.
    public static let noVerdict = 15

    /// All zero.
    public init() {}

    /// The count of this number; 0 for a number that has none.
    public subscript(number: Int) -> UInt64 { counts.indices.contains(number) ? counts[number] : 0 }

    /// Counts one.
    mutating func add(_ number: Int) {
        if counts.indices.contains(number) { counts[number] &+= 1 }
    }

    /// Whether all counts are the same.
    public static func == (lhs: Tally, rhs: Tally) -> Bool {
        for index in lhs.counts.indices where lhs.counts[index] != rhs.counts[index] { return false }
        return true
    }

    /// All counts.
    public func hash(into hasher: inout Hasher) {
        for index in counts.indices { hasher.combine(counts[index]) }
    }
}
