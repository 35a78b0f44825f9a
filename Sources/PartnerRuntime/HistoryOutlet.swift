import CLinux
import Glibc

/// Where the lines of a history go. Each is handed over with one call, so that readers meet whole lines.
///
/// A reader that stands still must not hold up a heartbeat, or the partner takes this side for hung while it only
/// waits for its journal: a pipe or a socket takes what it has room for. Of a line that it took in part the rest
/// goes before any other. A file, or a terminal, takes all or waits.
struct HistoryOutlet: ~Copyable {
    private let descriptor: Int32
    private let owned: OwnedDescriptor?
    private let isSocket: Bool
    private var rest: [UInt8] = []

    /// Standard output, or another descriptor that stays its owner's.
    init(descriptor: Int32) {
        self.descriptor = descriptor
        owned = nil
        var information = stat()
        let kind = fstat(descriptor, &information) == 0 ? information.st_mode & S_IFMT : 0
        isSocket = kind == S_IFSOCK
        // A socket is asked at each call, and a terminal's setting would be that of the shell on it, too.
        if kind == S_IFIFO { _ = fcntl(descriptor, F_SETFL, fcntl(descriptor, F_GETFL) | O_NONBLOCK) }
    }

    /// The file at `path`, which is made or added to.
    init(path: String) throws(RuntimeError) {
        let file = try OwnedDescriptor(
            open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0o644), call: "open",
            subject: "the events file \(path)")
        descriptor = file.number
        isSocket = false
        owned = consume file
    }

    /// Whether a line was taken in part.
    var hasRest: Bool { !rest.isEmpty }

    /// Hands a line over; false when it was not taken, and never will be.
    mutating func put(_ line: [UInt8]) -> Bool {
        finish()
        guard !hasRest else { return false }
        let taken = write(line)
        guard taken > 0 else { return false }
        rest.append(contentsOf: line[taken...])
        return true
    }

    /// Hands over what is left of a line.
    mutating func finish() {
        guard hasRest else { return }
        rest.removeFirst(max(0, write(rest)))
    }

    private func write(_ bytes: [UInt8]) -> Int {
        bytes.withUnsafeBytes { bytes in
            isSocket
                ? send(descriptor, bytes.baseAddress, bytes.count, Int32(MSG_DONTWAIT) | Int32(MSG_NOSIGNAL))
                : Glibc.write(descriptor, bytes.baseAddress, bytes.count)
        }
    }
}
