import ClusterConnection
import Glibc
import Recording

/// Records a life of the connection manager in a file, for a replay.
///
/// What it is told is put into its form and written `Configuration.writeDelay` later, or together with the lines of history
/// that wait then. A SIGKILL can cost twice that delay at most.
struct Recorder: ~Copyable {
    private let path: String
    private let descriptor: OwnedDescriptor
    private var recording: RecordingWriter
    /// Events that wait, each with the number of its actions.
    private var events: [(event: Event, instant: Instant, actionCount: Int)] = []
    /// Their actions, one event's behind the other's.
    private var actions: [Action] = []
    /// Why nothing is recorded any more; nil while it is.
    private(set) var failure: String?
    /// How long an event may wait.
    private let delay: TimeSpan

    private static let eventCapacity = 64
    private static let actionCapacity = 256

    /// Records into the file at `path`, in the place of one that is there.
    init(path: String, _ start: RecordedStart, delay: TimeSpan) throws(RuntimeError) {
        self.path = path
        self.delay = delay
        descriptor = try OwnedDescriptor(
            open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o644), call: "open",
            subject: "the recording \(path)")
        recording = RecordingWriter(start)
        // Touched once, so that no page of it is taken from the kernel in a handshake.
        events = Array(repeating: (.stop, start.instant, 0), count: Self.eventCapacity)
        events.removeAll(keepingCapacity: true)
        actions = Array(repeating: .finished, count: Self.actionCapacity)
        actions.removeAll(keepingCapacity: true)
        write()
    }

    /// Keeps an event, with what the manager wanted done about it, until it is due.
    mutating func note(_ event: Event, at now: Instant, _ actions: [Action]) {
        guard failure == nil else { return }
        let isFull =
            events.count == Self.eventCapacity || self.actions.count + actions.count > Self.actionCapacity
        if isFull { flush() }
        events.append((event, now, actions.count))
        self.actions.append(contentsOf: actions)
    }

    /// When what waits has to be written; nil when nothing does.
    var due: Instant? { events.first.map { $0.instant + delay } }

    /// Writes what waits.
    mutating func flush() {
        var next = 0
        for index in events.indices {
            let step = events[index]
            recording.note(step.event, at: step.instant, actions[next..<next + step.actionCount])
            next += step.actionCount
            if recording.isAmplyFilled { write() }
        }
        events.removeAll(keepingCapacity: true)
        actions.removeAll(keepingCapacity: true)
        write()
    }

    /// Writes what waits, and that nothing follows.
    mutating func end() {
        flush()
        recording.end()
        write()
    }

    /// Writes a block. After a failure the file ends where it failed, and nothing is added to it.
    private mutating func write() {
        guard failure == nil, !recording.isEmpty else { return }
        failure = recording.takeBlock { [path, number = descriptor.number] block in
            let taken = Glibc.write(number, block.baseAddress, block.count)
            guard taken != block.count else { return nil }
            let reason = taken < 0 ? String(cString: strerror(errno)) : "no room for all of it"
            return "write to the recording \(path): \(reason)"
        }
    }
}
