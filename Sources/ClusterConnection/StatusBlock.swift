/// The 64 bytes that a partner shows of itself, at `PresetAddress.statusBlock` (claims C2 and C19).
///
/// | byte | field |
/// | --- | --- |
/// | 0 | magic `CCMS` |
/// | 4 | layout version, 16 bits |
/// | 6 | boot-status variable: `BootPhase`, 8 bits |
/// | 7 | `Role`, 8 bits |
/// | 8 | incarnation |
/// | 16 | cluster identity, 16 bytes |
/// | 32 | node identity |
/// | 40 | heartbeat counter |
/// | 48 | the partner incarnation seen; 0 while none was |
/// | 56 | messages taken from the connection since it began, 32 bits |
/// | 60 | CRC-32C of bytes 0 to 59 |
public struct StatusBlock: Hashable, Sendable {
    /// How far the boot has come.
    public var phase: BootPhase
    /// What the partner is to the cluster.
    public var role: Role
    /// This life of the partner.
    public var incarnation: Incarnation
    /// The cluster it belongs to.
    public var cluster: ClusterIdentity
    /// Which node of the cluster it is.
    public var node: NodeIdentity
    /// Rises by one every heartbeat interval while the process runs.
    public var heartbeat: UInt64
    /// The incarnation whose greeting lies in its mailbox; `.none` while none does.
    public var partnerSeen: Incarnation
    /// How many messages this side has taken from the present connection: so many more may be sent to it.
    public var messagesTaken: UInt32

    /// A block with these fields.
    public init(
        phase: BootPhase, role: Role, incarnation: Incarnation, cluster: ClusterIdentity, node: NodeIdentity,
        heartbeat: UInt64, partnerSeen: Incarnation, messagesTaken: UInt32 = 0
    ) {
        self.phase = phase
        self.role = role
        self.incarnation = incarnation
        self.cluster = cluster
        self.node = node
        self.heartbeat = heartbeat
        self.partnerSeen = partnerSeen
        self.messagesTaken = messagesTaken
    }

    /// The block as it lies in memory.
    public typealias Words = InlineArray<8, UInt64>

    static let magicNumber = magic("C", "C", "M", "S")
    static let layoutVersion: UInt16 = 1

    /// The block as it lies in memory, checksum included.
    public var words: Words {
        var words: Words = InlineArray(repeating: 0)
        words[0] =
            UInt64(Self.magicNumber) | UInt64(Self.layoutVersion) << 32 | UInt64(phase.rawValue) << 48
            | UInt64(role.rawValue) << 56
        words[1] = incarnation.value
        words[2] = cluster.low
        words[3] = cluster.high
        words[4] = node.value
        words[5] = heartbeat
        words[6] = partnerSeen.value
        words[7] = UInt64(messagesTaken)
        seal(&words)
        return words
    }

    /// Reads a block that came from the partner's memory; trusts nothing of it.
    public init(words: Words) throws(WireError) {
        guard lowHalf(words[0]) == Self.magicNumber else { throw .badMagic }
        guard isWhole(words) else { throw .badChecksum }
        guard field16(words[0], byte: 4) == Self.layoutVersion else { throw .unknownVersion }
        guard let phase = BootPhase(rawValue: field8(words[0], byte: 6)),
            let role = Role(rawValue: field8(words[0], byte: 7)), words[1] != 0, words[4] != 0
        else { throw .badField }
        self.init(
            phase: phase, role: role, incarnation: Incarnation(value: words[1]),
            cluster: ClusterIdentity(low: words[2], high: words[3]), node: NodeIdentity(value: words[4]),
            heartbeat: words[5], partnerSeen: Incarnation(value: words[6]),
            messagesTaken: lowHalf(words[7]))
    }
}
