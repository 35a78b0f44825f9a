/// A Fibre Channel identifier (claim C17): the 64-bit name of a port or node, `50:01:43:80:12:34:56:78`.
///
/// **Its GID** is the unique local IPv6 address (RFC 4193) whose first 64 bits are `fd63:636d:2d77:776e`, the
/// byte fd and the ASCII letters `ccm-wwn`, and whose last 64 bits are the name. No standard maps names to
/// GIDs; this rule is our own decision. It needs no table, loses nothing, and tells from the GID alone which
/// name it came from.
public struct WorldWideName: Hashable, Sendable {
    /// The name, its first pair of digits highest.
    public let value: UInt64

    /// What every GID of a name begins with: fd, then `ccm-wwn` in ASCII.
    public static let prefix: UInt64 = 0xfd63_636d_2d77_776e

    /// The GID that it stands for.
    public var gid: GID { GID(high: Self.prefix, low: value) }

    /// Reads `50:01:43:80:12:34:56:78`; letters of either case.
    public init(_ text: String) throws(AddressProblem) {
        let pairs = text.split(separator: ":", omittingEmptySubsequences: false)
        guard pairs.allSatisfy(Self.isPair) else {
            throw AddressProblem(
                "is no WWN: expected eight pairs of hexadecimal digits with colons between them, such as"
                    + " 50:01:43:80:12:34:56:78")
        }
        guard pairs.count == 8 else {
            let hint =
                switch pairs.count {
                case 6: ": that is an Ethernet MAC address"
                case 16: ": that is a 128-bit name (NAA 6), and a Fibre Channel port has one of 64 bits"
                default: ""
                }
            throw AddressProblem("has \(pairs.count) pairs of digits, and a WWN has eight\(hint)")
        }
        value = pairs.reduce(0) { $0 << 8 | (UInt64($1, radix: 16) ?? 0) }
        if let problem = Self.problem(ofAuthority: UInt8(value >> 60)) { throw AddressProblem(problem) }
    }

    /// Whether the text is made of pairs of digits, and so meant as a WWN: no IPv6 address in use is written
    /// that way, because its first group would be below 0100.
    static func resembles(_ text: String) -> Bool {
        let pairs = text.split(separator: ":", omittingEmptySubsequences: false)
        return pairs.count > 2 && pairs.allSatisfy(isPair)
    }

    private static func isPair(_ text: Substring) -> Bool {
        text.utf8.count == 2 && text.utf8.allSatisfy { Character(Unicode.Scalar($0)).isHexDigit }
    }

    /// The first digit says who assigned the name and how long it is (FC-FS, Name_Identifier, NAA).
    private static func problem(ofAuthority authority: UInt8) -> String? {
        switch authority {
        case 1, 2, 3, 5, 0xc...0xf: return nil
        case 6:
            return "is no whole WWN: its first digit 6 (NAA 6) begins a name of 128 bits, and expected are 64"
        case 0: return "is no WWN: its first digit 0 (NAA 0) says that it is to be ignored"
        default:
            return "is no 64-bit WWN: its first digit (NAA) is \(String(authority, radix: 16)); expected"
                + " 1, 2, 3 or 5, or c to f"
        }
    }
}

extension WorldWideName: CustomStringConvertible {
    /// `50:01:43:80:12:34:56:78`, in lower case.
    public var description: String {
        stride(from: 56, through: 0, by: -8).map { shift in
            let pair = String(UInt8(truncatingIfNeeded: value >> UInt64(shift)), radix: 16)
            return pair.utf8.count == 1 ? "0" + pair : pair
        }.joined(separator: ":")
    }
}
