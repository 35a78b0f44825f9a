import ClusterConnection
import Glibc

/// Writes a partner's history as JSON lines, each with one write(2), so that a SIGKILL loses none of them.
struct HistoryWriter: ~Copyable {
    private let descriptor: Int32
    private let owned: OwnedDescriptor?
    private let partner: String
    private let incarnation: Incarnation
    private var line = JSONLine()
    /// Lines that nobody took, because the reader was too slow or gone.
    private(set) var dropped: UInt64 = 0

    /// Writes to the file at `path`, which is made or added to; to standard output for `-`.
    init(path: String, partner: String, incarnation: Incarnation) throws(RuntimeError) {
        self.partner = partner
        self.incarnation = incarnation
        if path == "-" {
            owned = nil
            descriptor = STDOUT_FILENO
            // A reader that stands still must not hold up a heartbeat: its lines are dropped and counted.
            _ = fcntl(descriptor, F_SETFL, fcntl(descriptor, F_GETFL) | O_NONBLOCK)
        } else {
            let file = try OwnedDescriptor(
                open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0o644), call: "open",
                subject: "the events file \(path)")
            descriptor = file.number
            owned = consume file
        }
    }

    /// Writes a record of the connection manager, and what `more` adds to it.
    mutating func write(
        _ record: HistoryRecord, at now: Instant, more: (inout JSONLine) -> Void = { _ in }
    ) {
        write(record.event, at: now) { line in
            for index in 0..<record.count {
                guard let field = record[index] else { break }
                switch field.value {
                case .number(let value): line.field(field.name, value)
                case .incarnation(let value): line.field(field.name, sixteenDigits: value.value)
                case .hexadecimal(let value): line.field(field.name, hexadecimal: value)
                case .text(let value): line.field(field.name, name: value)
                }
            }
            more(&line)
        }
    }

    /// Writes an event of the process itself.
    mutating func write(_ event: EventName, at now: Instant, _ fields: (inout JSONLine) -> Void) {
        line.begin()
        line.field("time", now.nanoseconds)
        line.field("partner", text: partner)
        line.field("incarnation", sixteenDigits: incarnation.value)
        line.field("event", text: event.rawValue)
        fields(&line)
        if dropped > 0 { line.field("droppedBefore", dropped) }
        line.end()
        let (taken, count) = line.bytes.withUnsafeBytes { bytes in
            (Glibc.write(descriptor, bytes.baseAddress, bytes.count), bytes.count)
        }
        if taken == count { dropped = 0 } else { dropped += 1 }
    }
}
