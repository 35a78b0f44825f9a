import ClusterConnection
import Glibc
import Recording

/// Records a life of the connection manager in a file, for a replay.
///
/// Like history, what it is told is put down at most `HistoryWriter.delay` later, with one write(2), so that it takes no
/// time from a handshake under way; a SIGKILL can cost no more than that.
struct Recorder: ~Copyable {
    private let path: String
    private let descriptor: OwnedDescriptor
    private var recording: RecordingWriter
    private var waitingSince: Instant?
    /// Why nothing is recorded any more; nil while it is.
    private(set) var failure: String?

    /// Records into the file at `path`, in the place of one that is there.
    init(path: String, _ start: RecordedStart) throws(RuntimeError) {
        self.path = path
        descriptor = try OwnedDescriptor(
            open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o644), call: "open",
            subject: "the recording \(path)")
        recording = RecordingWriter(start)
        flush()
    }

    /// Keeps an event, with what the manager wanted done about it, until it is due.
    mutating func note(_ event: Event, at now: Instant, _ actions: [Action]) {
        guard failure == nil else { return }
        if recording.isAmplyFilled { flush() }
        recording.note(event, at: now, actions)
        if waitingSince == nil { waitingSince = now }
    }

    /// When what waits has to be written; nil when nothing does.
    var due: Instant? { waitingSince.map { $0 + HistoryWriter.delay } }

    /// Writes what waits. After a failure the file ends where it failed, and nothing is added to it.
    mutating func flush() {
        waitingSince = nil
        guard failure == nil, !recording.isEmpty else { return }
        failure = recording.takeBlock { [path, number = descriptor.number] block in
            let taken = Glibc.write(number, block.baseAddress, block.count)
            guard taken != block.count else { return nil }
            let reason = taken < 0 ? String(cString: strerror(errno)) : "no room for all of it"
            return "write to the recording \(path): \(reason)"
        }
    }

    /// Writes what waits, and that nothing follows.
    mutating func end() {
        guard failure == nil else { return }
        recording.end()
        flush()
    }
}
