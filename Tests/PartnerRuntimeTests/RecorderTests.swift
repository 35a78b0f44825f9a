import ClusterConnection
import Glibc
import Recording
import Testing

@testable import PartnerRuntime

@Suite("Recorder")
struct RecorderTests {
    private let path = "/tmp/ccm-lab-test-\(getpid())-\(UInt32.random(in: 0...UInt32.max)).ccmrec"
    private let start = RecordedStart(
        settings: Settings(
            node: NodeIdentity(value: 1), partnerNode: NodeIdentity(value: 2),
            cluster: ClusterIdentity(low: 1, high: 2), role: .storageSystem),
        incarnation: Incarnation(value: 7), seed: 8, at: Instant(nanoseconds: 9))

    /// Has a manager live for two events.
    private func live(_ recorder: inout Recorder) {
        var manager = start.manager
        for (index, event) in [Event.bootPhase(.ccmStarting), .stop].enumerated() {
            let now = start.instant + .milliseconds(UInt64(index))
            recorder.note(event, at: now, manager.handle(event, at: now))
        }
    }

    private func file() throws -> [UInt8] {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC)
        defer { close(descriptor) }
        var bytes = [UInt8](repeating: 0, count: 65_536)
        let count = read(descriptor, &bytes, bytes.count)
        #expect(count >= 0)
        return Array(bytes.prefix(max(0, count)))
    }

    @Test("a life that ends in good order is recorded whole")
    func whole() throws {
        defer { unlink(path) }
        var recorder = try Recorder(path: path, start, delay: .milliseconds(2))
        live(&recorder)
        recorder.end()
        #expect(recorder.failure == nil)
        let replay = try Replay(of: file())
        #expect(replay.ending == .whole)
        #expect(replay.difference == nil)
        #expect(replay.events == 2)
        #expect(replay.incarnation == start.incarnation)
    }

    @Test(
        "what waits is written when it is due, 2 ms after the first of it, and what was written stays after a kill"
    )
    func due() throws {
        defer { unlink(path) }
        var recorder = try Recorder(path: path, start, delay: .milliseconds(2))
        #expect(recorder.due == nil)
        live(&recorder)
        #expect(recorder.due == start.instant + .milliseconds(2))
        #expect(try Replay(of: file()).events == 0)
        recorder.flush()
        #expect(recorder.due == nil)
        let replay = try Replay(of: file())
        #expect(replay.events == 2)
        #expect(replay.ending == .cut(remainder: 0))
    }

    @Test("the recording of an earlier life is replaced")
    func replaces() throws {
        defer { unlink(path) }
        var first = try Recorder(path: path, start, delay: .milliseconds(2))
        live(&first)
        first.end()
        var second = try Recorder(path: path, start, delay: .milliseconds(2))
        second.end()
        #expect(try Replay(of: file()).events == 0)
    }

    @Test("a disk that is full ends the recording and says so, and nothing waits any more")
    func fullDisk() throws {
        var recorder = try Recorder(path: "/dev/full", start, delay: .milliseconds(2))
        #expect(recorder.failure == "write to the recording /dev/full: No space left on device")
        live(&recorder)
        #expect(recorder.due == nil)
    }

    @Test("a file that cannot be made is refused with its name")
    func refused() {
        do throws(RuntimeError) {
            _ = try Recorder(path: "/nonexistent/a.ccmrec", start, delay: .milliseconds(2))
            Issue.record("it was made")
        } catch {
            #expect(
                error.description == "open the recording /nonexistent/a.ccmrec: No such file or directory")
        }
    }
}
