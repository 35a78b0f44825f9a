import Testing

@testable import ClusterConnection

struct FarewellTests {
    @Test func showsTheShutdownForTwoIntervalsBeforeItEndsTheConnection() {
        var bench = Bench(.initiator)
        bench.establish()
        #expect(
            bench.handle(.stop) == [
                "publish shuttingDown beat 0 seen b", "record bootPhase shuttingDown", "cancel attempt",
                "cancel backoff", "cancel handshake", "cancel poll", "cancel exchange", "cancel stall",
                "set farewell 20000us",
            ])
        #expect(
            bench.handle(.timer(.tick), after: .milliseconds(10)) == [
                "publish shuttingDown beat 1 seen b", "set tick 10000us",
            ])
        #expect(
            bench.handle(.timer(.farewell), after: .milliseconds(10)) == [
                "retire 1", "record retired farewellTimer", "cancel exchange", "cancel tick", "cancel stall",
                "cancel handshake", "cancel poll",
                "clear mailbox", "publish shuttingDown beat 1 seen none", "cancel farewell", "finished",
            ])
    }

    @Test func endsAtOnceWhenThePartnerEndsTheConnectionFirst() {
        var bench = Bench(.initiator)
        bench.establish()
        bench.handle(.stop)
        #expect(bench.handle(.disconnected(bench.connection)).last == "finished")
    }

    @Test func endsAtOnceWhenNobodyIsThere() {
        var closed = Bench(.initiator)
        #expect(closed.handle(.stop).last == "finished")
        var connecting = Bench(.initiator)
        _ = connecting.listen()
        let actions = connecting.handle(.stop)
        #expect(actions.contains("retire 1"))
        #expect(actions.last == "finished")
    }

    @Test func isSaidOnce() {
        var bench = Bench(.initiator)
        bench.establish()
        bench.handle(.stop)
        #expect(bench.handle(.stop) == [])
        bench.handle(.timer(.farewell))
        #expect(bench.handle(.timer(.farewell)) == [])
        #expect(bench.handle(.stop) == [])
    }

    @Test(arguments: StrangerTests.Stage.allCases)
    func canBeSaidFromEveryState(stage: StrangerTests.Stage) {
        var bench = stage.bench()
        var actions = bench.handle(.stop)
        if actions.last != "finished" { actions = bench.handle(.timer(.farewell)) }
        #expect(actions.last == "finished")
        #expect(bench.requested(bench.data(.connect)).last?.hasSuffix("shuttingDown") == true)
        #expect(bench.requested(bench.data(.knock)).last?.hasSuffix("shuttingDown") == true)
        for timer in TimerName.allCases { #expect(bench.handle(.timer(timer)) == []) }
    }

    @Test func isNoHeartbeatJudgement() {
        var bench = Bench(.initiator)
        bench.establish()
        bench.handle(.timer(.tick), after: .milliseconds(10))
        bench.handle(.stop)
        #expect(bench.complete(.heartbeatRead, .retryExceeded) == [])
        #expect(bench.manager.verdict == .alive)
    }
}
