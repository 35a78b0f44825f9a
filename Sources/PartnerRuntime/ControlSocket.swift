import CLinux
import Glibc

/// Where a running partner is asked: a stream socket (unix(7)) that takes one line of a request on each connection,
/// answers it with one JSON object, and closes it.
struct ControlSocket: ~Copyable {
    private let path: String
    private let descriptor: OwnedDescriptor
    private var line = JSONLine()
    /// Those who were let in and have not been answered, the longest waiting first.
    private var askers: [Asker] = []

    /// Somebody who asks.
    fileprivate final class Asker {
        let descriptor: OwnedDescriptor

        init(_ descriptor: consuming OwnedDescriptor) { self.descriptor = descriptor }
    }

    /// A line that was asked, and who waits for the answer.
    struct Question {
        /// Nil for a line that is none of the requests.
        let request: ControlRequest?
        fileprivate let asker: Asker
    }

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

    /// How many may be let in and say nothing. One more, and who waited longest is sent away.
    static let patience = 8

    /// Lets in everyone who waits at the door.
    ///
    /// - Parameter wait: has the descriptor of each waited for; who cannot be is sent away again.
    mutating func admit(_ wait: (Int32) throws(RuntimeError) -> Void) {
        while let descriptor = try? OwnedDescriptor(
            accept(self.descriptor.number, nil, nil), call: "accept", subject: "control \(path)")
        {
            _ = fcntl(descriptor.number, F_SETFL, O_NONBLOCK)
            guard (try? wait(descriptor.number)) != nil else { continue }
            if askers.count == Self.patience { askers.removeFirst() }
            askers.append(Asker(descriptor))
        }
    }

    /// The next question that has come; nil when all who are in have been heard.
    mutating func nextQuestion() -> Question? {
        var index = 0
        while index < askers.count {
            var count = 0
            let bytes = [UInt8](unsafeUninitializedCapacity: ControlRequest.limit) { buffer, initialized in
                count = recv(askers[index].descriptor.number, buffer.baseAddress, buffer.count, 0)
                initialized = max(0, count)
            }
            if count < 0, errno == EAGAIN {
                index += 1
                continue
            }
            let asker = askers.remove(at: index)
            // Who hung up gets nothing.
            guard count > 0 else { continue }
            return Question(
                request: ControlRequest(line: String(decoding: bytes, as: UTF8.self)), asker: asker)
        }
        return nil
    }

    /// Answers a question.
    mutating func answer(_ question: Question, _ describe: (inout JSONLine) -> Void) {
        line.begin()
        describe(&line)
        line.end()
        // Fits the socket's buffer whole; a client that hung up gets nothing.
        line.bytes.withUnsafeBytes { bytes in
            _ = send(
                question.asker.descriptor.number, bytes.baseAddress, bytes.count, Int32(MSG_NOSIGNAL))
        }
    }

    /// Takes the name away, at an orderly end.
    func remove() { unlink(path) }
}
