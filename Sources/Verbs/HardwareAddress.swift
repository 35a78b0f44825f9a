// Which of the two modules owns a socket address's fields depends on which the compiler happens to load first.
import CRDMA
import Glibc

/// What a rail is addressed by: an IPv4 or IPv6 address with a port, stored inline.
///
/// On RoCE the address is the device's GID. The port belongs to the RDMA port space, not to TCP.
public struct HardwareAddress: Hashable, Sendable {
    /// The kind of address. A bare GID (`AF_IB`) would be a third.
    enum Family: UInt8, Sendable {
        case internet
        case internet6
    }

    /// Decides how many of the bytes count: the first 4, or all 16.
    let family: Family
    /// The address as on the wire, first byte first.
    let bytes: SixteenBytes
    /// The scope of a link-local IPv6 address: an interface index, 0 for none.
    let scope: UInt32
    /// The port, in host byte order; 0 lets the kernel choose.
    public var port: UInt16

    /// Parses `10.77.0.1`, `fd00::1` or `fe80::1%eth0`. Names are not looked up.
    ///
    /// Throws `EINVAL` (of `inet_pton`) for anything else, and `ENODEV` (of `if_nametoindex`) for an
    /// interface that does not exist.
    public init(_ text: String, port: UInt16) throws(VerbsError) {
        self.port = port
        var version4 = in_addr()
        // C would take the text up to a null byte for all of it.
        let isWhole = !text.utf8.contains(0)
        if isWhole, inet_pton(AF_INET, text, &version4) == 1 {
            family = .internet
            bytes = withUnsafeBytes(of: version4) { SixteenBytes($0) }
            scope = 0
            return
        }
        let parts = text.split(separator: "%", maxSplits: 1, omittingEmptySubsequences: false)
        var version6 = in6_addr()
        guard isWhole, let host = parts.first, inet_pton(AF_INET6, String(host), &version6) == 1 else {
            throw VerbsError(
                call: "inet_pton", errno: EINVAL,
                detail: "\"\(text)\", expected an IPv4 or IPv6 address such as 10.77.0.1 or fd00::1")
        }
        family = .internet6
        bytes = withUnsafeBytes(of: version6) { SixteenBytes($0) }
        guard parts.count == 2 else {
            scope = 0
            return
        }
        let index = if_nametoindex(String(parts[1]))
        guard index != 0 else {
            throw VerbsError(call: "if_nametoindex", errno: ENODEV, detail: "\"\(parts[1])\" in \"\(text)\"")
        }
        scope = index
    }

    /// The address in a socket address, which must be as long as its family says; nil for another family.
    init?(_ address: UnsafePointer<sockaddr>) {
        let raw = UnsafeRawPointer(address)
        switch Int32(address.pointee.sa_family) {
        case AF_INET:
            let version4 = raw.loadUnaligned(as: sockaddr_in.self)
            family = .internet
            bytes = withUnsafeBytes(of: version4.sin_addr) { SixteenBytes($0) }
            scope = 0
            port = UInt16(bigEndian: version4.sin_port)
        case AF_INET6:
            let version6 = raw.loadUnaligned(as: sockaddr_in6.self)
            family = .internet6
            bytes = withUnsafeBytes(of: version6.sin6_addr) { SixteenBytes($0) }
            scope = version6.sin6_scope_id
            port = UInt16(bigEndian: version6.sin6_port)
        default:
            return nil
        }
    }

    /// Whether it stands for every address of this system: `0.0.0.0` or `::`.
    public var isWildcard: Bool { bytes == SixteenBytes() }

    /// The same address with another port.
    public func with(port: UInt16) -> HardwareAddress {
        var copy = self
        copy.port = port
        return copy
    }

    /// Lends the address as C wants it. The pointer is good inside `body` only.
    func withSocketAddress<Result>(_ body: (UnsafeMutablePointer<sockaddr>) -> Result) -> Result {
        switch family {
        case .internet:
            var address = sockaddr_in()
            address.sin_family = sa_family_t(AF_INET)
            address.sin_port = port.bigEndian
            bytes.withBytes { source in
                withUnsafeMutableBytes(of: &address.sin_addr) { target in
                    target.copyMemory(from: UnsafeRawBufferPointer(rebasing: source.prefix(target.count)))
                }
            }
            return withUnsafeMutablePointer(to: &address) { pointer in
                body(UnsafeMutableRawPointer(pointer).assumingMemoryBound(to: sockaddr.self))
            }
        case .internet6:
            var address = sockaddr_in6()
            address.sin6_family = sa_family_t(AF_INET6)
            address.sin6_port = port.bigEndian
            address.sin6_scope_id = scope
            bytes.withBytes { source in
                withUnsafeMutableBytes(of: &address.sin6_addr) { $0.copyMemory(from: source) }
            }
            return withUnsafeMutablePointer(to: &address) { pointer in
                body(UnsafeMutableRawPointer(pointer).assumingMemoryBound(to: sockaddr.self))
            }
        }
    }
}

extension HardwareAddress: CustomStringConvertible {
    /// The address without the port: `10.77.0.1`, `fd00::1`, `fe80::1%eth0`.
    public var host: String {
        let family = self.family == .internet ? AF_INET : AF_INET6
        let host = withUnsafeTemporaryAllocation(of: CChar.self, capacity: Int(INET6_ADDRSTRLEN)) { buffer in
            buffer.initialize(repeating: 0)
            return bytes.withBytes { source in
                inet_ntop(family, source.baseAddress, buffer.baseAddress, socklen_t(buffer.count))
                    .map { String(cString: $0) }
            }
        }
        guard scope != 0 else { return host ?? "?" }
        return (host ?? "?") + "%" + (NetworkInterface.name(index: scope) ?? String(scope))
    }

    /// The address with the port: `10.77.0.1:17320`, `[fd00::1]:17320`.
    public var description: String {
        family == .internet ? "\(host):\(port)" : "[\(host)]:\(port)"
    }
}
