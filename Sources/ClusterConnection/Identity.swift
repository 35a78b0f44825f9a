/// One life of a partner's CCM. Never used twice: a reboot is a new incarnation.
///
/// Drawn at random by the driver, because a partner that boots has nothing it could count on: no clock that
/// is right, no storage that is up. Zero stands for "none".
public struct Incarnation: Hashable, Sendable {
    /// The 64 bits; zero is no incarnation.
    public let value: UInt64

    /// The incarnation of this value.
    public init(value: UInt64) { self.value = value }

    /// No incarnation: what a status block shows before it saw a partner.
    public static let none = Incarnation(value: 0)
}

/// A partner within its cluster. The lower of a pair's two identities initiates the transport.
public struct NodeIdentity: Hashable, Sendable {
    /// The 64 bits; zero names no node.
    public let value: UInt64

    /// The node of this value.
    public init(value: UInt64) { self.value = value }
}

extension NodeIdentity: Comparable {
    /// The lower identity connects, the higher one accepts.
    public static func < (lhs: NodeIdentity, rhs: NodeIdentity) -> Bool { lhs.value < rhs.value }
}

/// The cluster both partners belong to: 128 bits, written as a UUID (RFC 9562, section 4).
public struct ClusterIdentity: Hashable, Sendable {
    /// Bytes 0 to 7 of the UUID, the first one lowest.
    public let low: UInt64
    /// Bytes 8 to 15 of the UUID, the first one lowest.
    public let high: UInt64

    /// The identity whose wire words are these.
    public init(low: UInt64, high: UInt64) {
        self.low = low
        self.high = high
    }

    /// Reads the 8-4-4-4-12 form; nil when `text` is not of that form.
    public init?(_ text: String) {
        var words: (UInt64, UInt64) = (0, 0)
        var digits = 0
        for (offset, character) in text.utf8.enumerated() {
            if [8, 13, 18, 23].contains(offset) {
                guard character == UInt8(ascii: "-") else { return nil }
                continue
            }
            guard let digit = hexDigit(character), digits < 32 else { return nil }
            let byte = digits / 2
            let nibble = UInt64(digit) << UInt64((byte % 8) * 8 + (digits % 2 == 0 ? 4 : 0))
            if byte < 8 { words.0 |= nibble } else { words.1 |= nibble }
            digits += 1
        }
        guard digits == 32 else { return nil }
        self.init(low: words.0, high: words.1)
    }
}

extension ClusterIdentity: CustomStringConvertible {
    /// The 8-4-4-4-12 form, lower case.
    public var description: String {
        var text = ""
        for byte in 0..<16 {
            if [4, 6, 8, 10].contains(byte) { text += "-" }
            let value = UInt8(truncatingIfNeeded: (byte < 8 ? low : high) >> UInt64((byte % 8) * 8))
            if value < 16 { text += "0" }
            text += String(value, radix: 16)
        }
        return text
    }
}

private func hexDigit(_ character: UInt8) -> UInt8? {
    switch character {
    case UInt8(ascii: "0")...UInt8(ascii: "9"): character - UInt8(ascii: "0")
    case UInt8(ascii: "a")...UInt8(ascii: "f"): character - UInt8(ascii: "a") + 10
    case UInt8(ascii: "A")...UInt8(ascii: "F"): character - UInt8(ascii: "A") + 10
    default: nil
    }
}
