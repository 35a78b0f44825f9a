/// A name that travels: of a client or of a capability. 1 to 32 of the characters A to Z, a to z, 0 to 9, `.`,
/// `-` and `_`, so that whoever prints it need not fear it.
public struct Name: Hashable, Sendable {
    /// The name.
    public let text: String

    /// How many characters a name may have.
    public static let capacity = 32

    /// The name of these characters; nil when they are none or too many, or one of them is not allowed.
    public init?(_ text: String) { self.init(utf8: text.utf8) }

    init?(utf8 characters: some Collection<UInt8>) {
        guard (1...Self.capacity).contains(characters.count), characters.allSatisfy(Self.isAllowed) else {
            return nil
        }
        text = String(decoding: characters, as: UTF8.self)
    }

    private static func isAllowed(_ character: UInt8) -> Bool {
        switch character {
        case UInt8(ascii: "A")...UInt8(ascii: "Z"), UInt8(ascii: "a")...UInt8(ascii: "z"),
            UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "."), UInt8(ascii: "-"), UInt8(ascii: "_"):
            true
        default: false
        }
    }
}

extension Name: Comparable {
    /// In the order of their characters.
    public static func < (lhs: Name, rhs: Name) -> Bool { lhs.text < rhs.text }
}

extension Name: CustomStringConvertible {
    /// The name.
    public var description: String { text }
}
