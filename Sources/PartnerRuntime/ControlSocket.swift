import CLinux
import Glibc

/// Where a running partner tells its state: a stream socket that answers every connection with one JSON
/// object and closes it (unix(7)).
struct ControlSocket: ~Copyable {
    private let path: String
    private let descriptor: OwnedDescriptor
    private var line = JSONLine()

    /// Listens at `path`. A socket that a killed process left there is replaced; one that is answered is not.
    init(path: String) throws(RuntimeError) {
        try Self.makeRoom(at: path)
        let descriptor = try OwnedDescriptor(
            socket(AF_UNIX, Int32(SOCK_STREAM.rawValue | SOCK_NONBLOCK.rawValue | SOCK_CLOEXEC.rawValue), 0),
            call: "socket", subject: "for control \(path)")
        let mask = umask(0o077)
        let bound = UnixSocket.withAddress(path) { bind(descriptor.number, $0, $1) }
        let number = errno
        umask(mask)
        guard bound == 0, listen(descriptor.number, 8) == 0 else {
            throw RuntimeError(
                call: "bind", subject: "control \(path)", errno: bound == 0 ? errno : number,
                advice: "the folder has to exist and be writable")
        }
        self.path = path
        self.descriptor = descriptor
    }

    private static func makeRoom(at path: String) throws(RuntimeError) {
        guard UnixSocket.connect(to: path) == nil else {
            throw RuntimeError(
                "control \(path): another partner process answers there; stop it or set another control path")
        }
        // A plain file refuses just as an abandoned socket does, and is not ours to take away.
        var information = stat()
        guard errno == ECONNREFUSED, lstat(path, &information) == 0, information.st_mode & S_IFMT == S_IFSOCK
        else { return }
        unlink(path)
    }

    var fileDescriptor: Int32 { descriptor.number }

    /// Answers everyone who waits.
    mutating func answer(_ describe: (inout JSONLine) -> Void) {
        while true {
            let client = accept(descriptor.number, nil, nil)
            guard client >= 0 else { return }
            _ = fcntl(client, F_SETFL, O_NONBLOCK)
            line.begin()
            describe(&line)
            line.end()
            // Fits the socket's buffer whole; a client that hung up gets nothing.
            line.bytes.withUnsafeBytes { bytes in _ = write(client, bytes.baseAddress, bytes.count) }
            Glibc.close(client)
        }
    }

    /// Takes the name away, at an orderly end.
    func remove() { unlink(path) }
}
