import ClusterConnection
import Testing

@testable import PartnerRuntime

@Suite("Timers")
struct TimerTableTests {
    private func instant(_ milliseconds: UInt64) -> Instant { Instant(nanoseconds: milliseconds * 1_000_000) }

    @Test("what came due first is taken first, each once")
    func order() throws {
        var timers = try TimerTable()
        timers.set(.tick, instant(20))
        timers.set(.attempt, instant(10))
        timers.set(.poll, instant(40))
        #expect(timers.takeDue(at: instant(5)) == nil)
        #expect(timers.takeDue(at: instant(30)) == .attempt)
        #expect(timers.takeDue(at: instant(30)) == .tick)
        #expect(timers.takeDue(at: instant(30)) == nil)
        #expect(timers.takeDue(at: instant(40)) == .poll)
    }

    @Test("a timer that is set again moves, and one that is cancelled never comes")
    func moveAndCancel() throws {
        var timers = try TimerTable()
        timers.set(.tick, instant(10))
        timers.set(.tick, instant(30))
        timers.set(.backoff, instant(10))
        timers.cancel(.backoff)
        #expect(timers.takeDue(at: instant(20)) == nil)
        #expect(timers.takeDue(at: instant(30)) == .tick)
    }

    @Test("the boot schedule has its own turn")
    func boot() throws {
        var timers = try TimerTable()
        timers.setBoot(instant(10))
        #expect(timers.takeDue(at: instant(20)) == nil)
        let early = timers.takeBoot(at: instant(5))
        #expect(!early)
        let due = timers.takeBoot(at: instant(10))
        #expect(due)
        let again = timers.takeBoot(at: instant(10))
        #expect(!again)
    }
}
