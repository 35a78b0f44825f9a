import ClusterConnection
import Testing

@testable import PartnerRuntime

@Suite("Timers")
struct TimerTableTests {
    private func instant(_ milliseconds: UInt64) -> Instant { Instant(nanoseconds: milliseconds * 1_000_000) }

    @Test("what came due first is taken first, each once")
    func order() throws {
        var timers = try TimerTable(rails: 1)
        timers.set(.tick, of: .first, instant(20))
        timers.set(.attempt, of: .first, instant(10))
        timers.set(.poll, of: .first, instant(40))
        #expect(timers.takeDue(at: instant(5)) == nil)
        #expect(timers.takeDue(at: instant(30))?.name == .attempt)
        #expect(timers.takeDue(at: instant(30))?.name == .tick)
        #expect(timers.takeDue(at: instant(30)) == nil)
        #expect(timers.takeDue(at: instant(40))?.name == .poll)
    }

    @Test("a timer that is set again moves, and one that is cancelled never comes")
    func moveAndCancel() throws {
        var timers = try TimerTable(rails: 1)
        timers.set(.tick, of: .first, instant(10))
        timers.set(.tick, of: .first, instant(30))
        timers.set(.backoff, of: .first, instant(10))
        timers.cancel(.backoff, of: .first)
        #expect(timers.takeDue(at: instant(20)) == nil)
        #expect(timers.takeDue(at: instant(30))?.name == .tick)
    }

    @Test("each rail has timers of its own")
    func rails() throws {
        var timers = try TimerTable(rails: RailID.limit)
        let last = RailID(index: UInt8(RailID.limit - 1))
        timers.set(.tick, of: .first, instant(20))
        timers.set(.tick, of: last, instant(10))
        timers.set(.stall, of: last, instant(15))
        let first = timers.takeDue(at: instant(30))
        #expect(first?.name == .tick && first?.rail == last)
        let second = timers.takeDue(at: instant(30))
        #expect(second?.name == .stall && second?.rail == last)
        timers.cancel(.tick, of: .first)
        #expect(timers.takeDue(at: instant(30)) == nil)
    }

    @Test("the boot schedule has its own turn")
    func boot() throws {
        var timers = try TimerTable(rails: 1)
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
