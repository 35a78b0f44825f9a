import CRDMA
import Glibc

/// A GID: the 128-bit address of a port of an RDMA device. On RoCE an IP address, IPv4 in its mapped form.
public struct GlobalIdentifier: Hashable, Sendable {
    /// The address as on the wire, first byte first.
    let bytes: SixteenBytes

    /// A GID as C holds it.
    init(_ gid: ibv_gid) {
        bytes = withUnsafeBytes(of: gid) { SixteenBytes($0) }
    }

    /// Whether no address is set.
    public var isZero: Bool { bytes == SixteenBytes() }

    /// Whether this is an IPv4 address in its mapped form, `::ffff:10.77.0.1`.
    public var isMappedIPv4: Bool {
        bytes.withBytes { $0.prefix(10).allSatisfy { $0 == 0 } && $0[10] == 0xff && $0[11] == 0xff }
    }
}

extension GlobalIdentifier: CustomStringConvertible {
    /// In the writing of IPv6: `::ffff:10.77.0.1`.
    public var description: String {
        withUnsafeTemporaryAllocation(of: CChar.self, capacity: Int(INET6_ADDRSTRLEN)) { buffer in
            buffer.initialize(repeating: 0)
            return bytes.withBytes { source in
                inet_ntop(AF_INET6, source.baseAddress, buffer.baseAddress, socklen_t(buffer.count))
                    .map { String(cString: $0) }
            }
        } ?? "?"
    }
}
