import ClusterConnection
import Glibc

/// The way into a machine of `scripts/vm --door`: three consoles, each a socket of this machine.
struct Door {
    private let folder: String

    /// How long to wait for the turn: a busy host is slow.
    private let patience: TimeSpan

    init(_ folder: String, patience: TimeSpan = .seconds(30)) {
        self.folder = folder
        self.patience = patience
    }

    /// What the machine writes when a shell has ended: the record separator.
    private static let end: UInt8 = 0x1E
    /// What leaves a shell to itself: Ctrl-], as with telnet.
    private static let leave: UInt8 = 0x1D

    /// Runs a command there, to its end, however long that takes.
    ///
    /// - Parameter command: one line for a shell.
    /// - Throws: `LabError` when the machine is gone, or when others have it run something for too long; `CancellationError`.
    func ask(_ command: String) throws -> (output: String, status: Int32) {
        guard !command.utf8.contains(UInt8(ascii: "\n")) else {
            throw LabError(
                "the machine takes a command of one line, and this one has a line break: put a semicolon there, or write "
                    + "the lines into a file that is not below /tmp, and run that")
        }
        let socket = try connect("commands")
        defer { close(socket) }
        // Whoever asked before may have left without hearing the answer: ours bears our word.
        let word = "ask-\(UInt64.random(in: .min ... .max))"
        Self.say(Array("\(word) \(command)\n".utf8), to: socket)
        let limit = MonotonicClock.now + patience
        var hasBegun = false
        var heard: [UInt8] = []
        var chunk = [UInt8](repeating: 0, count: 65_536)
        while true {
            if let answer = try Self.answer(to: word, in: heard) { return answer }
            hasBegun = hasBegun || Self.hasBegun(word, in: heard)
            guard hasBegun || MonotonicClock.now < limit else { throw busy("commands") }
            try Task.checkCancellation()
            // A while, because neither the limit nor a cancellation ends a poll(2).
            var ready = pollfd(fd: socket, events: Int16(POLLIN), revents: 0)
            guard poll(&ready, 1, 100) > 0 else { continue }
            let count = read(socket, &chunk, chunk.count)
            if count < 0 && errno == EINTR { continue }
            guard count > 0 else { throw LabError("the machine is gone; “ccmlab run --keep” starts another") }
            heard += chunk[..<count]
        }
    }

    /// Says it to the machine. When that is gone nobody hears it, and the next read tells: no SIGPIPE does.
    private static func say(_ bytes: some Collection<UInt8>, to socket: CInt) {
        var left = Array(bytes)[...]
        while !left.isEmpty {
            let count = left.withUnsafeBytes {
                Glibc.send(socket, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL))
            }
            if count < 0 && (errno == EINTR || errno == EAGAIN) { continue }
            guard count > 0 else { return }
            left = left.dropFirst(count)
        }
    }

    /// Whether the machine has said that it runs the command that bears a word: the word on a line of its own.
    static func hasBegun(_ word: String, in heard: [UInt8]) -> Bool {
        heard.firstRange(of: Array("\(word)\n".utf8)) != nil
    }

    private func busy(_ console: String) -> LabError {
        LabError(
            "\(folder)/\(console) is busy: for \(SpanText.rounded(patience)) the machine has been at what somebody else wants "
                + "there; wait for its end, or end the other “ccmlab shell” with Ctrl-C")
    }

    /// The answer that bears a word: `WORD LENGTH STATUS`, a newline, and the output; nil while it has not come whole.
    static func answer(to word: String, in heard: [UInt8]) throws(LabError) -> (
        output: String, status: Int32
    )? {
        guard let place = heard.firstRange(of: Array("\(word) ".utf8)),
            let newline = heard[place.upperBound...].firstIndex(of: UInt8(ascii: "\n"))
        else { return nil }
        let numbers = String(decoding: heard[place.upperBound..<newline], as: UTF8.self).split(separator: " ")
        guard numbers.count == 2, let length = Int(numbers[0]), let status = Int32(numbers[1]), length >= 0
        else {
            throw LabError("the machine's answer makes no sense; leave it, and run with --keep again")
        }
        let output = heard[(newline + 1)...]
        return output.count < length ? nil : (String(decoding: output.prefix(length), as: UTF8.self), status)
    }

    /// A shell in a partner's namespace, on this terminal, until it ends or is left.
    func shell(of partner: PartnerID) throws(LabError) -> Int32 {
        let socket = try connect("shell-\(partner.rawValue)")
        defer { close(socket) }
        var size = winsize()
        let isTerminal = isatty(STDIN_FILENO) == 1
        if ioctl(STDOUT_FILENO, UInt(TIOCGWINSZ), &size) != 0 || size.ws_row == 0 {
            size = winsize(ws_row: 24, ws_col: 80, ws_xpixel: 0, ws_ypixel: 0)
        }
        Self.say(
            Array("\(size.ws_row) \(size.ws_col) \(environmentValue("TERM") ?? "dumb")\n".utf8), to: socket)
        var before = termios()
        if isTerminal {
            Display.write("Ctrl-] leaves the shell to itself, exit ends it\n", to: STDERR_FILENO)
            tcgetattr(STDIN_FILENO, &before)
            var raw = before
            cfmakeraw(&raw)
            tcsetattr(STDIN_FILENO, TCSANOW, &raw)
        }
        defer { if isTerminal { tcsetattr(STDIN_FILENO, TCSANOW, &before) } }
        relay(socket)
        return 0
    }

    /// Carries bytes between this terminal and a console.
    private func relay(_ socket: CInt) {
        var descriptors = [
            pollfd(fd: STDIN_FILENO, events: Int16(POLLIN), revents: 0),
            pollfd(fd: socket, events: Int16(POLLIN), revents: 0),
        ]
        var chunk = [UInt8](repeating: 0, count: 4_096)
        while true {
            guard poll(&descriptors, 2, -1) >= 0 || errno == EINTR else { return }
            if descriptors[1].revents != 0 {
                let count = read(socket, &chunk, chunk.count)
                guard count > 0 else { return }
                let shown = chunk[..<count].prefix { $0 != Self.end }
                Display.write(Array(shown), to: STDOUT_FILENO)
                if shown.count < count { return }
            }
            if descriptors[0].revents != 0 {
                let count = read(STDIN_FILENO, &chunk, chunk.count)
                guard count > 0 else {
                    // What was to be typed is typed: the shell shall end after it, as at the end of a file.
                    Self.say([0x04], to: socket)
                    descriptors[0].fd = -1
                    continue
                }
                if chunk[..<count].contains(Self.leave) { return }
                Self.say(chunk[..<count], to: socket)
            }
        }
    }

    private func connect(_ name: String) throws(LabError) -> CInt {
        let path = "\(folder)/\(name)"
        let socket = Glibc.socket(AF_UNIX, Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue), 0)
        guard socket >= 0 else { throw LabError("no socket: \(String(cString: strerror(errno)))") }
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        let fits = withUnsafeMutableBytes(of: &address.sun_path) { field in
            guard path.utf8.count < field.count else { return false }
            field.copyBytes(from: path.utf8)
            return true
        }
        // A queue that is full keeps us waiting, too.
        var wait = timeval(
            tv_sec: Int(patience.nanoseconds / 1_000_000_000),
            tv_usec: Int(patience.nanoseconds % 1_000_000_000 / 1_000))
        setsockopt(socket, SOL_SOCKET, SO_SNDTIMEO, &wait, socklen_t(MemoryLayout<timeval>.size))
        let connected =
            fits
            && withUnsafePointer(to: &address) { pointer in
                pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                    Glibc.connect(socket, $0, socklen_t(MemoryLayout<sockaddr_un>.size)) == 0
                }
            }
        guard connected else {
            let code = errno
            close(socket)
            if fits && code == EAGAIN { throw busy(name) }
            let why = fits ? String(cString: strerror(code)) : "its path is too long"
            throw LabError(
                "\(path) does not answer (\(why)): the machine is gone; “ccmlab run --keep” starts another")
        }
        wait = timeval()
        setsockopt(socket, SOL_SOCKET, SO_SNDTIMEO, &wait, socklen_t(MemoryLayout<timeval>.size))
        return socket
    }
}
