import CLinux
import Glibc

/// Tells the service manager how far the process is (sd_notify(3)): datagrams to the socket that it names in
/// `NOTIFY_SOCKET`, and nothing where it names none.
final class ServiceManager {
    private let path: String
    /// Negative where nobody is to be told.
    private let number: Int32

    /// - Parameter socket: what the environment says; a leading `@` stands for the abstract namespace.
    init(socket path: String? = getenv("NOTIFY_SOCKET").map { String(cString: $0) }) {
        self.path = path ?? ""
        let isNamed = path.map { $0.hasPrefix("/") || $0.hasPrefix("@") } ?? false
        // Without a socket nobody is told, which is for the service manager to complain of.
        number =
            isNamed
            ? socket(
                AF_UNIX, Int32(SOCK_DGRAM.rawValue | SOCK_CLOEXEC.rawValue | SOCK_NONBLOCK.rawValue), 0) : -1
    }

    deinit { if number >= 0 { close(number) } }

    /// The boot port answers.
    func ready(_ status: String) { tell("READY=1\nSTATUS=\(status)") }

    /// What a person shall read in `systemctl status`.
    func status(_ text: String) { tell("STATUS=\(text)") }

    /// The goodbye has begun.
    func stopping() { tell("STOPPING=1") }

    private func tell(_ text: String) {
        guard number >= 0 else { return }
        let bytes = Array(text.utf8)
        _ = UnixSocket.withAddress(path, isAbstract: path.hasPrefix("@")) { address, length in
            Int32(
                truncatingIfNeeded: sendto(
                    number, bytes, bytes.count, Int32(MSG_NOSIGNAL), address, length))
        }
    }
}
