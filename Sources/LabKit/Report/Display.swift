import Glibc

/// The lab's standard output: lines that stay, and on a terminal one that shows what is going on.
package struct Display {
    /// How to show what is going on.
    package enum Progress: Sendable {
        /// On a line that the next one overwrites.
        case transient
        /// On lines of its own that begin with `~ `, for a program that reads them.
        case marked
        /// Not at all.
        case none
        /// Nor any other line.
        case silent
    }

    /// Shows nothing at all.
    package static var nowhere: Display { Display(progress: .silent, colours: false) }

    /// What a marked line of progress begins with.
    package static let mark = "~ "

    package let colours: Bool
    private let progress: Progress
    private var shown = false

    package init(progress: Progress, colours: Bool) {
        self.progress = progress
        self.colours = colours
    }

    /// Whether anything of what goes on is shown.
    package var showsProgress: Bool {
        switch progress {
        case .transient, .marked: true
        case .none, .silent: false
        }
    }

    /// Whether standard output is a terminal that can overwrite a line.
    package static var isTerminal: Bool { isatty(STDOUT_FILENO) == 1 && environmentValue("TERM") != "dumb" }

    /// Whether colours are wanted: on a terminal, unless `NO_COLOR` says otherwise.
    package static var wantsColours: Bool { isTerminal && (environmentValue("NO_COLOR") ?? "").isEmpty }

    /// Prints lines that stay.
    package mutating func lines(_ lines: [String]) {
        clear()
        guard !lines.isEmpty, progress != .silent else { return }
        Self.write(lines.map { $0 + "\n" }.joined(), to: STDOUT_FILENO)
    }

    /// Says what is going on now.
    package mutating func status(_ text: String) {
        switch progress {
        case .transient:
            Self.write("\r\u{1B}[K" + text.prefix(Table.width - 1), to: STDOUT_FILENO)
            shown = true
        case .marked: Self.write(Self.mark + text + "\n", to: STDOUT_FILENO)
        case .none, .silent: break
        }
    }

    /// Takes away what was shown last.
    package mutating func clear() {
        if shown { Self.write("\r\u{1B}[K", to: STDOUT_FILENO) }
        shown = false
    }

    /// Writes text to a descriptor, all of it; gives up when nobody reads any more.
    package static func write(_ text: String, to descriptor: CInt) { write(Array(text.utf8), to: descriptor) }

    /// Writes bytes as they are.
    static func write(_ bytes: [UInt8], to descriptor: CInt) {
        var offset = 0
        while offset < bytes.count {
            let count = bytes[offset...].withUnsafeBytes { Glibc.write(descriptor, $0.baseAddress, $0.count) }
            if count < 0 && (errno == EINTR || errno == EAGAIN) { continue }
            guard count > 0 else { return }
            offset += count
        }
    }
}
