/// Why bytes of the partner's were not what the protocol says. Nothing of them is used then.
public enum WireError: Error, Hashable, Sendable {
    /// Fewer bytes than the layout has.
    case tooShort
    /// More bytes, entries or ports than the layout allows.
    case tooLong
    /// The first four bytes are another protocol's.
    case badMagic
    /// The CRC-32C does not fit: torn by a concurrent writer, or garbage.
    case badChecksum
    /// The layout version is none that this implementation reads.
    case unknownVersion
    /// A field holds a value that the protocol does not define.
    case badField
    /// A message that the state of the exchange has no place for, or whose number is not the next.
    case outOfOrder
    /// A message that the sender could not know to find a receive.
    case tooMany
    /// A message between other incarnations than the connection's.
    case foreignIncarnation
    /// A message of a kind that this implementation does not know and must not skip.
    case unknownKind

    /// The name in event lines.
    public var name: StaticString {
        switch self {
        case .tooShort: "tooShort"
        case .tooLong: "tooLong"
        case .badMagic: "badMagic"
        case .badChecksum: "badChecksum"
        case .unknownVersion: "unknownVersion"
        case .badField: "badField"
        case .outOfOrder: "outOfOrder"
        case .tooMany: "tooMany"
        case .foreignIncarnation: "foreignIncarnation"
        case .unknownKind: "unknownKind"
        }
    }
}
