/// Why a connection request was refused; travels in the private data of the refusal.
public enum RejectReason: UInt16, CaseIterable, Sendable {
    /// The request does not speak this protocol.
    case malformed = 1
    /// No protocol version in common.
    case incompatible = 2
    /// The request comes from another cluster.
    case foreignCluster = 3
    /// The request comes from this cluster, but not from the partner.
    case foreignNode = 4
    /// The request comes under this side's own identity.
    case ownIdentity = 5
    /// The request comes from an incarnation that a newer one has replaced.
    case staleIncarnation = 6
    /// The request belongs to an attempt older than the one that is connected.
    case staleAttempt = 7
    /// The knock was heard: this side connects.
    case initiating = 8
    /// The request runs against the rule that the lower node identity connects.
    case wrongDirection = 9
    /// This side is shutting down.
    case shuttingDown = 10

    /// The name in event lines.
    public var name: StaticString {
        switch self {
        case .malformed: "malformed"
        case .incompatible: "incompatible"
        case .foreignCluster: "foreignCluster"
        case .foreignNode: "foreignNode"
        case .ownIdentity: "ownIdentity"
        case .staleIncarnation: "staleIncarnation"
        case .staleAttempt: "staleAttempt"
        case .initiating: "initiating"
        case .wrongDirection: "wrongDirection"
        case .shuttingDown: "shuttingDown"
        }
    }
}

/// The 16 bytes of private data of a refusal.
///
/// | byte | field |
/// | --- | --- |
/// | 0 | magic `CCMX` |
/// | 4 | `RejectReason`, 16 bits |
/// | 6 | zero, 16 bits |
/// | 8 | the refusing side's lowest and highest protocol version, 16 bits each |
/// | 12 | CRC-32C of bytes 0 to 11 |
public struct Rejection: Hashable, Sendable {
    /// The refusal as it travels.
    public typealias Words = InlineArray<2, UInt64>

    /// How many bytes it takes.
    public static let byteCount = 16

    static let magicNumber = magic("C", "C", "M", "X")

    /// Why.
    public let reason: RejectReason
    /// What the refusing side speaks.
    public let versions: VersionRange

    /// A refusal for this reason.
    public init(reason: RejectReason, versions: VersionRange) {
        self.reason = reason
        self.versions = versions
    }

    /// The refusal as it travels, checksum included.
    public var words: Words {
        var words: Words = InlineArray(repeating: 0)
        words[0] = UInt64(Self.magicNumber) | UInt64(reason.rawValue) << 32
        words[1] = UInt64(versions.lowest) | UInt64(versions.highest) << 16
        seal(&words)
        return words
    }

    /// Reads what came back; trusts nothing of it.
    public init(words: Words) throws(WireError) {
        guard lowHalf(words[0]) == Self.magicNumber else { throw .badMagic }
        guard isWhole(words) else { throw .badChecksum }
        guard let reason = RejectReason(rawValue: field16(words[0], byte: 4)),
            let versions = VersionRange(
                lowest: field16(words[1], byte: 0), highest: field16(words[1], byte: 2))
        else { throw .badField }
        self.init(reason: reason, versions: versions)
    }
}
