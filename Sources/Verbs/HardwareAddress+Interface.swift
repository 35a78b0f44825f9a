import CRDMA
import Glibc

extension HardwareAddress {
    /// The network interface of this network namespace that has the address, or is named in it; nil when none
    /// has (getifaddrs(3)).
    public var networkInterface: String? {
        if scope != 0 { return NetworkInterface.name(index: scope) }
        var first: UnsafeMutablePointer<ifaddrs>?
        guard getifaddrs(&first) == 0 else { return nil }
        defer { freeifaddrs(first) }
        var next = first
        while let entry = next {
            next = entry.pointee.ifa_next
            guard let socketAddress = entry.pointee.ifa_addr,
                let address = HardwareAddress(socketAddress), address.family == family,
                address.bytes == bytes
            else { continue }
            return String(cString: entry.pointee.ifa_name)
        }
        return nil
    }
}
