/// The protocol versions that a partner speaks, both ends included (claim C4).
public struct VersionRange: Hashable, Sendable {
    /// The lowest version spoken.
    public let lowest: UInt16
    /// The highest version spoken.
    public let highest: UInt16

    /// The range from `lowest` to `highest`; nil when it would be empty.
    public init?(lowest: UInt16, highest: UInt16) {
        guard lowest <= highest else { return nil }
        self.lowest = lowest
        self.highest = highest
    }

    private init(from lowest: UInt16, upTo highest: UInt16) {
        self.lowest = lowest
        self.highest = highest
    }

    /// What this implementation speaks. Version 1 knows one set of clients in a connection's life; version 2
    /// takes a new set at any time.
    public static let supported = VersionRange(from: 1, upTo: 2)

    /// The highest version in both ranges; nil when they have none in common.
    public func highestCommon(with other: VersionRange) -> UInt16? {
        let candidate = min(highest, other.highest)
        return candidate >= max(lowest, other.lowest) ? candidate : nil
    }
}
