/// What travels in the private data of a connection request and of its acceptance: 56 bytes, all that
/// rdma_connect(3) has room for.
///
/// | byte | field |
/// | --- | --- |
/// | 0 | magic `CCMR` |
/// | 4 | lowest protocol version, 16 bits |
/// | 6 | highest protocol version, 16 bits |
/// | 8 | cluster identity, 16 bytes |
/// | 24 | node identity |
/// | 32 | incarnation |
/// | 40 | remote key of the status block, 32 bits |
/// | 44 | remote key of the mailbox, 32 bits |
/// | 48 | `Role`, 8 bits |
/// | 49 | `Kind`, 8 bits |
/// | 50 | number of the attempt, 16 bits, wraps around |
/// | 52 | CRC-32C of bytes 0 to 51 |
public struct ConnectionPrivateData: Hashable, Sendable {
    /// What the sender wants.
    public enum Kind: UInt8, CaseIterable, Sendable {
        /// To be connected: only the lower node identity asks this.
        case connect = 1
        /// To be called: the higher node identity tells that it is there, and expects to be refused.
        case knock = 2
        /// The answer to `connect`.
        case acceptance = 3
    }

    /// The data as it travels.
    public typealias Words = InlineArray<7, UInt64>

    /// How many bytes it takes.
    public static let byteCount = 56

    static let magicNumber = magic("C", "C", "M", "R")

    /// The protocol versions the sender speaks.
    public var versions: VersionRange
    /// The sender's cluster.
    public var cluster: ClusterIdentity
    /// The sender's identity.
    public var node: NodeIdentity
    /// The sender's life.
    public var incarnation: Incarnation
    /// The key with which the sender's status block can be read.
    public var statusBlockKey: UInt32
    /// The key with which the sender's mailbox can be written.
    public var mailboxKey: UInt32
    /// What the sender is to the cluster.
    public var role: Role
    /// What the sender wants.
    public var kind: Kind
    /// Tells an attempt from the one that the sender gave up before it.
    public var attempt: UInt16

    /// Data with these fields.
    public init(
        versions: VersionRange, cluster: ClusterIdentity, node: NodeIdentity, incarnation: Incarnation,
        statusBlockKey: UInt32, mailboxKey: UInt32, role: Role, kind: Kind, attempt: UInt16
    ) {
        self.versions = versions
        self.cluster = cluster
        self.node = node
        self.incarnation = incarnation
        self.statusBlockKey = statusBlockKey
        self.mailboxKey = mailboxKey
        self.role = role
        self.kind = kind
        self.attempt = attempt
    }

    /// The data as it travels, checksum included.
    public var words: Words {
        var words: Words = InlineArray(repeating: 0)
        words[0] =
            UInt64(Self.magicNumber) | UInt64(versions.lowest) << 32 | UInt64(versions.highest) << 48
        words[1] = cluster.low
        words[2] = cluster.high
        words[3] = node.value
        words[4] = incarnation.value
        words[5] = word(low: statusBlockKey, high: mailboxKey)
        words[6] = UInt64(role.rawValue) | UInt64(kind.rawValue) << 8 | UInt64(attempt) << 16
        seal(&words)
        return words
    }

    /// Reads what a partner, or a stranger, sent; trusts nothing of it.
    public init(words: Words) throws(WireError) {
        guard lowHalf(words[0]) == Self.magicNumber else { throw .badMagic }
        guard isWhole(words) else { throw .badChecksum }
        guard
            let versions = VersionRange(
                lowest: field16(words[0], byte: 4), highest: field16(words[0], byte: 6)),
            let role = Role(rawValue: field8(words[6], byte: 0)),
            let kind = Kind(rawValue: field8(words[6], byte: 1)), words[3] != 0, words[4] != 0
        else { throw .badField }
        self.init(
            versions: versions, cluster: ClusterIdentity(low: words[1], high: words[2]),
            node: NodeIdentity(value: words[3]), incarnation: Incarnation(value: words[4]),
            statusBlockKey: lowHalf(words[5]), mailboxKey: highHalf(words[5]), role: role, kind: kind,
            attempt: field16(words[6], byte: 2))
    }
}
