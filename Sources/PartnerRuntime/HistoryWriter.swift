import CProcessor
import ClusterConnection
import Glibc

/// Writes a partner's history as JSON lines (RFC 8259).
///
/// What the connection manager records is put down at most `Configuration.writeDelay` later.
struct HistoryWriter: ~Copyable {
    private var outlet: HistoryOutlet
    private let partner: String
    private let incarnation: Incarnation
    private var line = JSONLine()
    private var waiting: [(record: HistoryRecord, time: Instant)] = []
    /// Lines that nobody took, because the reader was too slow or gone.
    private(set) var dropped: UInt64 = 0
    private var retry: Instant?
    /// How long a record may wait.
    private let delay: TimeSpan

    /// After which the rest of a line is tried again that its reader had no room for.
    static let pause = TimeSpan.milliseconds(100)
    private static let capacity = 64

    /// Writes to the file at `path`, which is made or added to; to standard output for `-`.
    init(
        path: String, partner: String, incarnation: Incarnation, delay: TimeSpan
    ) throws(RuntimeError) {
        self.init(
            outlet: path == "-" ? HistoryOutlet(descriptor: STDOUT_FILENO) : try HistoryOutlet(path: path),
            partner: partner, incarnation: incarnation, delay: delay)
    }

    init(outlet: consuming HistoryOutlet, partner: String, incarnation: Incarnation, delay: TimeSpan) {
        self.outlet = outlet
        self.partner = partner
        self.incarnation = incarnation
        self.delay = delay
        waiting.reserveCapacity(Self.capacity)
    }

    /// Keeps a record until it is due.
    mutating func note(_ record: HistoryRecord, at now: Instant) {
        mark(record.event)
        if waiting.count == Self.capacity { flush(at: now) }
        waiting.append((record, now))
    }

    /// When what waits has to be written; nil when nothing does.
    var due: Instant? { waiting.first.map { $0.time + delay } ?? retry }

    /// Writes what waits.
    mutating func flush(at now: Instant) {
        for index in waiting.indices {
            put(waiting[index].record, at: waiting[index].time) { _ in }
        }
        waiting.removeAll(keepingCapacity: true)
        outlet.finish()
        retry = outlet.hasRest ? now + Self.pause : nil
    }

    /// Writes a record at once, and what `more` adds to it.
    mutating func write(
        _ record: HistoryRecord, at now: Instant, more: (inout JSONLine) -> Void = { _ in }
    ) {
        mark(record.event)
        flush(at: now)
        put(record, at: now, more)
    }

    private mutating func put(
        _ record: HistoryRecord, at now: Instant, _ more: (inout JSONLine) -> Void
    ) {
        put(record.event, at: now) { line in
            if let name = record.name { line.field(name.label, text: name.name.text) }
            for index in 0..<record.count {
                guard let field = record[index] else { break }
                switch field.value {
                case .number(let value): line.field(field.name, value)
                case .incarnation(let value): line.field(field.name, sixteenDigits: value.value)
                case .hexadecimal(let value): line.field(field.name, hexadecimal: value)
                case .text(let value): line.field(field.name, name: value)
                case .ownVersions(let value):
                    line.field("lowest", UInt64(value.lowest))
                    line.field("highest", UInt64(value.highest))
                case .partnerVersions(let value):
                    line.field("partnerLowest", UInt64(value.lowest))
                    line.field("partnerHighest", UInt64(value.highest))
                }
            }
            more(&line)
        }
    }

    /// Writes an event of the process itself, at once.
    mutating func write(_ event: EventName, at now: Instant, _ fields: (inout JSONLine) -> Void) {
        mark(event)
        flush(at: now)
        put(event, at: now, fields)
    }

    /// What was counted up to here belongs to what led to the event (`ccmlab perf`).
    private func mark(_ event: EventName) { event.rawValue.withCString { ccm_count_mark($0) } }

    private mutating func put(_ event: EventName, at now: Instant, _ fields: (inout JSONLine) -> Void) {
        line.begin()
        line.field("time", now.nanoseconds)
        line.field("partner", text: partner)
        line.field("incarnation", sixteenDigits: incarnation.value)
        line.field("event", text: event.rawValue)
        fields(&line)
        if dropped > 0 { line.field("droppedBefore", dropped) }
        line.end()
        if outlet.put(line.bytes) { dropped = 0 } else { dropped += 1 }
        if outlet.hasRest { retry = now + Self.pause }
    }
}
