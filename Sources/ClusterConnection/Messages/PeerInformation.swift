/// Who speaks: the first message of each side on a connection (claims C3 and C4).
///
/// | byte | field |
/// | --- | --- |
/// | 0 | lowest protocol version, 16 bits |
/// | 2 | highest protocol version, 16 bits |
/// | 4 | `Role`, 8 bits |
/// | 5 | zero |
/// | 6 | number of capabilities, 16 bits |
/// | 8 | capabilities: flags (bit 0: required), length of the name, name |
///
/// Capabilities are names, so that a side can say which one it does not know. Bytes behind them are a newer
/// version's.
public struct PeerInformation: Hashable, Sendable {
    /// Something that a side can do beyond the protocol version.
    public struct Capability: Hashable, Sendable {
        /// What it is called.
        public var name: Name
        /// Whether a partner that does not know it cannot work with this side.
        public var isRequired: Bool

        /// A capability of this name.
        public init(name: Name, isRequired: Bool) {
            self.name = name
            self.isRequired = isRequired
        }
    }

    /// The most capabilities a side may name.
    public static let capabilityLimit = 32

    /// The versions the sender speaks.
    public var versions: VersionRange
    /// What the sender is to the cluster.
    public var role: Role
    /// What it can do besides.
    public var capabilities: [Capability]

    /// Information with these fields.
    public init(versions: VersionRange, role: Role, capabilities: [Capability]) {
        self.versions = versions
        self.role = role
        self.capabilities = capabilities
    }

    var payload: [UInt8] {
        var writer = MessageWriter()
        writer.append(versions.lowest)
        writer.append(versions.highest)
        writer.append(role.rawValue)
        writer.append(UInt8(0))
        writer.append(UInt16(truncatingIfNeeded: capabilities.count))
        for capability in capabilities {
            writer.append(UInt8(capability.isRequired ? 1 : 0))
            writer.append(UInt8(truncatingIfNeeded: capability.name.count))
            writer.append(capability.name, capacity: 0)
        }
        return writer.bytes
    }

    /// Reads what a partner sent; trusts nothing of it.
    init(payload: [UInt8]) throws(WireError) {
        var reader = MessageReader(payload, 0..<payload.count)
        guard let versions = VersionRange(lowest: try reader.half(), highest: try reader.half()),
            let role = Role(rawValue: try reader.byte())
        else { throw .badField }
        try reader.skip(1)
        let count = Int(try reader.half())
        guard count <= Self.capabilityLimit else { throw .tooLong }
        var capabilities: [Capability] = []
        for _ in 0..<count {
            let flags = try reader.byte()
            let length = try reader.byte()
            capabilities.append(
                Capability(
                    name: try reader.name(length: length, capacity: Int(length)), isRequired: flags & 1 != 0))
        }
        self.init(versions: versions, role: role, capabilities: capabilities)
    }
}
