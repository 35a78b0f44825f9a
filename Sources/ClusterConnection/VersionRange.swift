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

    private init(only version: UInt16) {
        lowest = version
        highest = version
    }

    /// What this implementation speaks.
    public static let supported = VersionRange(only: 1)

    /// The highest version in both ranges; nil when they have none in common.
    public func highestCommon(with other: VersionRange) -> UInt16? {
        let candidate = min(highest, other.highest)
        return candidate >= max(lowest, other.lowest) ? candidate : nil
    }
}
