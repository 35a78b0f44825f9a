/// One of the two partners of a pair.
package enum PartnerID: String, CaseIterable, Hashable, Sendable, Comparable {
    /// The partner with the lower node identity: it connects.
    case a
    /// The partner with the higher node identity: it accepts.
    case b

    /// The one at the other end.
    package var other: PartnerID { self == .a ? .b : .a }

    package static func < (lhs: PartnerID, rhs: PartnerID) -> Bool { lhs.rawValue < rhs.rawValue }
}
