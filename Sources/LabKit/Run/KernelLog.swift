import Glibc

/// The kernel's log from one moment on: /dev/kmsg, read without waiting.
struct KernelLog: ~Copyable {
    private let descriptor: CInt

    /// Begins behind the last line that is there now. Reads nothing where the log is not to be had.
    init() {
        descriptor = open("/dev/kmsg", O_RDONLY | O_NONBLOCK | O_CLOEXEC)
        if descriptor >= 0 { lseek(descriptor, 0, SEEK_END) }
    }

    deinit { if descriptor >= 0 { close(descriptor) } }

    /// The lines that came since the last call.
    func newLines() -> [String] {
        guard descriptor >= 0 else { return [] }
        var lines: [String] = []
        var record = [UInt8](repeating: 0, count: 8_192)
        while lines.count < 10_000 {
            let count = read(descriptor, &record, record.count)
            if count < 0 && (errno == EPIPE || errno == EINTR) { continue }  // Overwritten meanwhile: go on.
            guard count > 0 else { break }
            // "level,sequence,time,flags;text\n continuation..."
            let text = String(decoding: record[..<count], as: UTF8.self)
            let parts = text.split(separator: ";", maxSplits: 1, omittingEmptySubsequences: false)
            guard parts.count == 2, let line = parts[1].split(separator: "\n").first else { continue }
            lines.append(String(line))
        }
        return lines
    }

    /// What the kernel says when it has found a fault in itself.
    private static let faults = [
        "BUG:", "WARNING:", "Oops", "Call Trace", "general protection fault", "refcount_t:", "Kernel panic",
        "UBSAN:", "KASAN:", "KCSAN:", "possible recursive locking", "circular locking", "soft lockup",
        "hung_task:", "rcu_sched self-detected stall", "list_del corruption", "blocked for more than",
    ]

    /// The lines that report such a fault.
    static func faults(in lines: [String]) -> [String] {
        lines.filter { line in faults.contains { line.contains($0) } }
    }
}
