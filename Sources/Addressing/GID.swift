import Glibc

/// The 128 bits that a port of an RDMA device is addressed by. On RoCE an IP address, IPv4 in its mapped form.
public struct GID: Hashable, Sendable {
    /// The first eight bytes on the wire.
    public let high: UInt64
    /// The last eight bytes on the wire.
    public let low: UInt64

    /// The GID of these two halves.
    public init(high: UInt64, low: UInt64) {
        self.high = high
        self.low = low
    }

    /// The form in which the kernel maps IPv4 addresses: `::ffff:10.77.0.1` (RFC 4291, section 2.5.5.2).
    init(internet address: UInt32) { self.init(high: 0, low: 0xffff_0000_0000 | UInt64(address)) }

    /// The IPv4 address, where this is one in its mapped form.
    var internetAddress: UInt32? {
        high == 0 && low >> 32 == 0xffff ? UInt32(truncatingIfNeeded: low) : nil
    }

    /// Whether it is good on one link only: fe80::/10 (RFC 4291, section 2.5.6).
    var isLinkLocal: Bool { high >> 54 == 0xfe80 >> 6 }

    /// Why it can be no end of a rail; nil when it can.
    var problem: String? {
        if high == 0, low == 0 { return "stands for every address, and a rail has one end of its own" }
        if high >> 56 == 0xff { return "is a multicast address, and a rail has one end of its own" }
        guard let internetAddress else { return nil }
        if internetAddress == 0 { return "stands for every address, and a rail has one end of its own" }
        if internetAddress >> 28 >= 0xe {
            return "is a multicast, reserved or broadcast address, and a rail has one end of its own"
        }
        return nil
    }

    init?(internetText text: String) {
        var address = in_addr()
        guard !text.utf8.contains(0), inet_pton(AF_INET, text, &address) == 1 else { return nil }
        self.init(internet: UInt32(bigEndian: address.s_addr))
    }

    init?(internet6Text text: String) {
        var address = in6_addr()
        guard !text.utf8.contains(0), inet_pton(AF_INET6, text, &address) == 1 else { return nil }
        let words = withUnsafeBytes(of: &address) { bytes in
            (bytes.loadUnaligned(as: UInt64.self), bytes.loadUnaligned(fromByteOffset: 8, as: UInt64.self))
        }
        self.init(high: UInt64(bigEndian: words.0), low: UInt64(bigEndian: words.1))
    }
}

extension GID: CustomStringConvertible {
    /// The one way of writing it that is the same for all: that of IPv6 addresses (RFC 5952), as `ip address`
    /// prints it. IPv4 addresses keep their dots: `::ffff:10.77.0.1`.
    public var description: String {
        var words = (high.bigEndian, low.bigEndian)
        return withUnsafeTemporaryAllocation(of: CChar.self, capacity: Int(INET6_ADDRSTRLEN)) { buffer in
            buffer.initialize(repeating: 0)
            return withUnsafeBytes(of: &words) { bytes in
                inet_ntop(AF_INET6, bytes.baseAddress, buffer.baseAddress, socklen_t(buffer.count))
                    .map { String(cString: $0) }
            }
        } ?? "?"
    }
}
