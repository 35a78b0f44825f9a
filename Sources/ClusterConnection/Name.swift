/// A name that travels: of a client or of a capability. 1 to 32 of the characters A to Z, a to z, 0 to 9, `.`,
/// `-` and `_`, so that whoever prints it need not fear it. Plain bytes, so that a record that holds one is quickly
/// copied.
public struct Name: Sendable {
    private var characters: InlineArray<32, UInt8> = InlineArray(repeating: 0)
    /// How many characters it has.
    package let count: Int

    /// How many characters a name may have.
    public static let capacity = 32

    /// The name of these characters; nil when they are none or too many, or one of them is not allowed.
    public init?(_ text: String) { self.init(utf8: text.utf8) }

    init?(utf8 characters: some Collection<UInt8>) {
        guard (1...Self.capacity).contains(characters.count), characters.allSatisfy(Self.isAllowed) else {
            return nil
        }
        count = characters.count
        for (index, character) in characters.enumerated() { self.characters[index] = character }
    }

    /// The name.
    public var text: String {
        String(unsafeUninitializedCapacity: count) { buffer in
            for index in 0..<count { buffer[index] = characters[index] }
            return count
        }
    }

    /// The character at this place, as it travels.
    package subscript(index: Int) -> UInt8 { characters[index] }

    private static func isAllowed(_ character: UInt8) -> Bool {
        switch character {
        case UInt8(ascii: "A")...UInt8(ascii: "Z"), UInt8(ascii: "a")...UInt8(ascii: "z"),
            UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "."), UInt8(ascii: "-"), UInt8(ascii: "_"):
            true
        default: false
        }
    }
}

extension Name: Hashable {
    /// Whether all characters are the same.
    public static func == (lhs: Name, rhs: Name) -> Bool {
        guard lhs.count == rhs.count else { return false }
        for index in 0..<lhs.count where lhs.characters[index] != rhs.characters[index] { return false }
        return true
    }

    /// All characters.
    public func hash(into hasher: inout Hasher) {
        for index in 0..<count { hasher.combine(characters[index]) }
    }
}

extension Name: CustomStringConvertible {
    /// The name.
    public var description: String { text }
}
