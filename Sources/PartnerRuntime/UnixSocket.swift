import CLinux
import Glibc

/// Addresses of local sockets (unix(7)).
enum UnixSocket {
    /// A connection to `path`; nil with `errno` set when there is none to be had.
    static func connect(to path: String) -> OwnedDescriptor? {
        let number = socket(AF_UNIX, Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue), 0)
        guard let descriptor = try? OwnedDescriptor(number, call: "socket", subject: path) else { return nil }
        guard withAddress(path, { Glibc.connect(descriptor.number, $0, $1) }) == 0 else { return nil }
        return descriptor
    }

    /// Lends the address of a path, or with `isAbstract` of the abstract name behind its first character.
    static func withAddress(
        _ path: String, isAbstract: Bool = false, _ body: (UnsafePointer<sockaddr>, socklen_t) -> Int32
    ) -> Int32 {
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        guard path.utf8.count < MemoryLayout.size(ofValue: address.sun_path) else {
            errno = ENAMETOOLONG
            return -1
        }
        withUnsafeMutableBytes(of: &address.sun_path) { bytes in
            bytes.copyBytes(from: path.utf8)
            if isAbstract { bytes[0] = 0 }
        }
        // The length of an abstract name is part of it.
        let unused = isAbstract ? MemoryLayout.size(ofValue: address.sun_path) - path.utf8.count : 0
        return withUnsafePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                body($0, socklen_t(MemoryLayout<sockaddr_un>.size - unused))
            }
        }
    }
}
