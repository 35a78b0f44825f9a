/// What an end of a rail is called in a configuration: an IP address, a GID or a Fibre Channel identifier.
///
/// Each stands for exactly one GID, and on RoCE a GID is an IP address: that is what the connection manager of
/// the kernel takes. Whether anything has that address is not asked here.
///
/// | kind | written | its GID |
/// | --- | --- | --- |
/// | IPv4 | `10.77.0.1` | the address in its mapped form, `::ffff:10.77.0.1` |
/// | IPv6 | `fd77:cc::1`, link-local `fe80::1%eth0` | the address |
/// | GID | `gid:` and the GID as the kernel or `ip address` writes it | itself |
/// | WWN | `50:01:43:80:12:34:56:78`, also behind `wwn:` | see `WorldWideName` |
public struct RailAddress: Hashable, Sendable {
    /// How it was written.
    public enum Kind: String, CaseIterable, Sendable {
        case ipv4, ipv6, gid, wwn
    }

    /// As it stands in the configuration.
    public let text: String
    /// How it was written.
    public let kind: Kind
    /// The GID that it stands for.
    public let gid: GID
    /// The interface of a link-local address; nil for all others.
    public let interface: String?

    /// What completes "expected ..." where none of the forms was met.
    public static let form =
        "an IPv4 or IPv6 address, a GID (gid:fd77:00cc:0000:0000:0000:0000:0000:0001) or a WWN"
        + " (50:01:43:80:12:34:56:78)"

    /// Reads any of the forms. Names are not looked up, and neither is the interface of a link-local address.
    public init(_ text: String) throws(AddressProblem) {
        self.text = text
        let rest: Substring
        if text.hasPrefix("wwn:") || WorldWideName.resembles(text) {
            kind = .wwn
            gid = try WorldWideName(text.hasPrefix("wwn:") ? String(text.dropFirst(4)) : text).gid
            interface = nil
            return
        }
        let isGID = text.hasPrefix("gid:")
        rest = isGID ? text.dropFirst(4) : text[...]
        if !isGID, let address = GID(internetText: text) {
            kind = .ipv4
            gid = address
            interface = nil
        } else {
            let parts = rest.split(separator: "%", maxSplits: 1, omittingEmptySubsequences: false)
            guard let first = parts.first, let address = GID(internet6Text: String(first)) else {
                throw AddressProblem(
                    isGID
                        ? "holds no GID behind “gid:”: expected eight groups of hexadecimal digits, or an IPv4"
                            + " address in its mapped form, gid:::ffff:10.77.0.1"
                        : "is no address: expected \(Self.form)")
            }
            kind = isGID ? .gid : .ipv6
            gid = address
            interface = parts.count == 2 ? String(parts[1]) : nil
            try Self.check(address, interface)
        }
        if let problem = gid.problem { throw AddressProblem(problem) }
    }

    private static func check(_ gid: GID, _ interface: String?) throws(AddressProblem) {
        guard gid.isLinkLocal else {
            if interface == nil { return }
            throw AddressProblem("names an interface behind %, which only a link-local address (fe80::) has")
        }
        guard let interface else {
            throw AddressProblem("is link-local: expected the interface behind it, such as \(gid)%eth0")
        }
        // IFNAMSIZ with its null byte; the characters are those that the kernel refuses in a name.
        guard (1...15).contains(interface.utf8.count), !interface.contains("/"),
            !interface.contains(where: \.isWhitespace)
        else { throw AddressProblem("names no possible interface behind %: expected one such as eth0") }
    }

    /// The IP address that the kernel's connection manager knows this end by: `10.77.0.1`, `fd77:cc::1`,
    /// `fe80::1%eth0`.
    public var socketText: String {
        if let address = gid.internetAddress {
            return (0..<4).map { "\(address >> (24 - 8 * $0) & 0xff)" }.joined(separator: ".")
        }
        return interface.map { "\(gid)%\($0)" } ?? "\(gid)"
    }

    /// Why the two cannot be the ends of one rail; nil when they can.
    public func problem(asPartnerOf own: RailAddress) -> String? {
        if gid == own.gid { return "expected another address than the own one: both are the GID \(gid)" }
        if (gid.internetAddress == nil) != (own.gid.internetAddress == nil) {
            return "expected the family of the own address: one of them is IPv4 and the other is not"
        }
        if let interface, let other = own.interface, interface != other {
            return
                "names the interface \(interface), and the own address \(other): a rail has one at each side"
        }
        if gid.isLinkLocal != own.gid.isLinkLocal {
            return "expected both addresses to be link-local, or neither"
        }
        return nil
    }
}
