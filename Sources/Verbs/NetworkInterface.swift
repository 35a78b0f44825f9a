import Glibc

/// Names of network interfaces.
enum NetworkInterface {
    /// The name of the interface with that index in this network namespace; nil when there is none.
    static func name(index: UInt32) -> String? {
        withUnsafeTemporaryAllocation(of: CChar.self, capacity: Int(IF_NAMESIZE)) { buffer in
            buffer.initialize(repeating: 0)
            return if_indextoname(index, buffer.baseAddress).map { String(cString: $0) }
        }
    }
}
