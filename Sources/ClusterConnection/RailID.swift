/// A rail of the pair: one path of the interconnect. Both partners number their rails alike, from 0 in the order of
/// their configurations.
public struct RailID: Hashable, Sendable {
    /// The number.
    public let index: UInt8

    /// The rail of this number.
    public init(index: UInt8) { self.index = index }

    /// The first rail, and the only one of a pair that has no other.
    public static let first = RailID(index: 0)

    /// The most rails that a pair may have.
    public static let limit = 4
}

extension RailID: Comparable {
    /// In the order of the configuration.
    public static func < (lhs: RailID, rhs: RailID) -> Bool { lhs.index < rhs.index }
}
