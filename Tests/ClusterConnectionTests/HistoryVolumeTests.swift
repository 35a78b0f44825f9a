import Testing

@testable import ClusterConnection

/// A partner that stays away, or is refused for ever, must not fill the log.
struct HistoryVolumeTests {
    @Test func ofManyEqualLinesTheFirstSixtyFourAreWrittenAndThenTheDoublings() {
        var row = Repetition()
        let written = (1...1024).filter { _ in row.isWorthALine(for: "nobodyListens") }
        #expect(written == Array(1...64) + [128, 256, 512, 1024])
        #expect(!row.isNextWorthALine)
        let isNews = row.isWorthALine(for: "unanswered")
        #expect(isNews, "another reason")
        for _ in 0..<100 { _ = row.isWorthALine(for: "unanswered") }
        #expect(!row.isNextWorthALine)
        row.end()
        #expect(row.isNextWorthALine)
    }

    @Test func aPartnerThatIsAwayForHoursTakesAFewHundredLines() {
        var bench = Bench(.initiator)
        _ = bench.listen()
        var lines = 0
        for _ in 0..<50_000 {
            lines += records(bench.handle(.connectFailed(bench.connection, .nobodyListens)))
            lines += records(bench.handle(.timer(.backoff), after: .milliseconds(100)))
        }
        #expect(lines < 200)
        #expect(bench.manager.counters.attempts == 50_001)
        #expect(records(bench.handle(.connectFailed(bench.connection, .unanswered))) == 1, "that is news")
    }

    @Test func aPartnerThatIsRefusedForHoursTakesAFewHundredLines() {
        var bench = Bench(.acceptor)
        _ = bench.listen()
        var lines = 0
        for _ in 0..<10_000 {
            lines += records(bench.requested(bench.data(.connect, versions: .of(7, 9)), after: .seconds(2)))
        }
        #expect(lines < 200)
        #expect(bench.manager.counters.partnerRejected == 10_000)
    }

    @Test func aConnectionThatCarriesHeartbeatsEndsTheRow() {
        var bench = Bench(.initiator)
        _ = bench.listen()
        for _ in 0..<1000 {
            bench.handle(.connectFailed(bench.connection, .nobodyListens))
            bench.handle(.timer(.backoff), after: .milliseconds(100))
        }
        bench.reachHandshake()
        bench.handle(.disconnected(bench.connection))
        #expect(!bench.handle(.timer(.backoff)).contains("record connectStarted"))
        bench.establish()
        bench.beat()
        bench.handle(.disconnected(bench.connection))
        #expect(bench.handle(.timer(.backoff)).contains("record connectStarted"))
    }

    @Test func anAttemptThatThePartnerCalledForIsAlwaysWritten() {
        var bench = Bench(.initiator)
        _ = bench.listen()
        for _ in 0..<1000 {
            bench.handle(.connectFailed(bench.connection, .nobodyListens))
            bench.handle(.timer(.backoff), after: .milliseconds(100))
        }
        bench.handle(.connectFailed(bench.connection, .nobodyListens))
        #expect(bench.requested(bench.data(.knock)).contains("record connectStarted"))
    }

    private func records(_ actions: [String]) -> Int { actions.count { $0.hasPrefix("record") } }
}
