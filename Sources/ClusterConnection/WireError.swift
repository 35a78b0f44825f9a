/// Why bytes of the partner's were not what the protocol says. Nothing of them is used then.
public enum WireError: Error, Hashable, Sendable {
    /// Fewer bytes than the layout has.
    case tooShort
    /// The first four bytes are another protocol's.
    case badMagic
    /// The CRC-32C does not fit: torn by a concurrent writer, or garbage.
    case badChecksum
    /// The layout version is none that this implementation reads.
    case unknownVersion
    /// A field holds a value that the protocol does not define.
    case badField

    /// The name in event lines.
    public var name: StaticString {
        switch self {
        case .tooShort: "tooShort"
        case .badMagic: "badMagic"
        case .badChecksum: "badChecksum"
        case .unknownVersion: "unknownVersion"
        case .badField: "badField"
        }
    }
}
