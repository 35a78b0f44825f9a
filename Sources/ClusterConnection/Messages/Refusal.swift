/// Why a connection comes to nothing, told to the partner before it is ended.
///
/// | byte | field |
/// | --- | --- |
/// | 0 | `Reason`, 16 bits |
/// | 2 | zero |
/// | 3 | length of the name, 8 bits |
/// | 4 | the refusing side's lowest and highest version, 16 bits each |
/// | 8 | name of the capability that is not known, where that is the reason |
struct Refusal: Hashable, Sendable {
    enum Reason: UInt16, CaseIterable, Sendable {
        /// No protocol version in common.
        case noCommonVersion = 1
        /// A required capability is not known here.
        case unknownCapability = 2

        /// The name in event lines.
        var name: StaticString {
            switch self {
            case .noCommonVersion: "noCommonVersion"
            case .unknownCapability: "unknownCapability"
            }
        }
    }

    var reason: Reason
    var versions: VersionRange
    var capability: Name?

    var payload: [UInt8] {
        var writer = MessageWriter()
        writer.append(reason.rawValue)
        writer.append(UInt8(0))
        writer.append(UInt8(truncatingIfNeeded: capability?.count ?? 0))
        writer.append(versions.lowest)
        writer.append(versions.highest)
        if let capability { writer.append(capability, capacity: 0) }
        return writer.bytes
    }

    init(reason: Reason, versions: VersionRange, capability: Name? = nil) {
        self.reason = reason
        self.versions = versions
        self.capability = capability
    }

    /// Reads what a partner sent; trusts nothing of it.
    init(payload: [UInt8]) throws(WireError) {
        var reader = MessageReader(payload, 0..<payload.count)
        guard let reason = Reason(rawValue: try reader.half()) else { throw .badField }
        try reader.skip(1)
        let length = try reader.byte()
        guard let versions = VersionRange(lowest: try reader.half(), highest: try reader.half()) else {
            throw .badField
        }
        self.init(
            reason: reason, versions: versions,
            capability: length == 0 ? nil : try reader.name(length: length, capacity: Int(length)))
    }
}
