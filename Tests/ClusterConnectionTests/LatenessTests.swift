import Testing

@testable import ClusterConnection

/// A tick of one's own that came late is no evidence against the partner.
struct LatenessTests {
    @Test func aLateTickAloneNeverJudges() {
        for frozen: UInt64 in [60, 150, 1000, 100_000] {
            var bench = Bench(.initiator)
            bench.establish()
            bench.beat()
            let actions = bench.beat(after: .milliseconds(frozen))
            #expect(bench.manager.verdict == .alive, "frozen for \(frozen) ms")
            #expect(actions.contains("post 1 heartbeatRead key 11"), "it reads again first")
        }
    }

    @Test func isToldOnceForEachTimeOfStandingStill() {
        var bench = Bench(.initiator)
        bench.establish()
        bench.now = bench.now + .seconds(5)
        #expect(bench.handle(.mailbox(bench.mailbox)) == ["record lateTick"])
        #expect(!bench.handle(.timer(.tick)).contains("record lateTick"))
        #expect(bench.manager.counters.lateTicks == 1)
        for _ in 0..<100 { bench.beat() }
        #expect(bench.manager.counters.lateTicks == 1)
    }

    @Test func aMissedTickIsNotMadeUpFor() {
        var bench = Bench(.initiator)
        bench.establish()
        let actions = bench.handle(.timer(.tick), after: .milliseconds(1005))
        #expect(actions.last == "set tick 10000us")
        #expect(bench.manager.rails[0].block.heartbeat == 1)
    }

    @Test func aTickThatIsALittleLateKeepsTheRhythm() {
        var bench = Bench(.initiator)
        bench.establish()
        #expect(bench.handle(.timer(.tick), after: .milliseconds(13)).last == "set tick 7000us")
    }

    @Test func aDisconnectAfterStandingStillGivesNoVerdict() {
        var bench = Bench(.initiator)
        bench.establish()
        let actions = bench.handle(.disconnected(bench.connection), after: .milliseconds(300))
        #expect(actions.contains("record verdict none ownLateness"))
        #expect(bench.manager.verdict == nil)
    }

    @Test func aDisconnectRightAfterTheLateTickGivesNoVerdict() {
        var bench = Bench(.initiator)
        bench.establish()
        bench.handle(.timer(.tick), after: .milliseconds(300))
        bench.handle(.disconnected(bench.connection), after: .milliseconds(1))
        #expect(bench.manager.verdict == nil)
    }

    @Test(arguments: [Outcome.retryExceeded, .flushed, .failed, .refusedByPartner])
    func aReadPostedRightAfterStandingStillGivesNoVerdictWhenItFails(outcome: Outcome) {
        var bench = Bench(.initiator)
        bench.establish()
        bench.handle(.timer(.tick), after: .milliseconds(300))
        bench.now = bench.now + .milliseconds(130)
        _ = bench.complete(.heartbeatRead, outcome)
        #expect(bench.manager.verdict == nil, "the partner was right to give this side up")
    }

    /// The partner may have died after its confirmation: a disconnect that is still to be handed over.
    @Test func aSideThatStoodStillInTheHandshakeReadsAgainBeforeItIsEstablished() {
        var bench = Bench(.initiator)
        bench.reachConfirmation()
        bench.now = bench.now + .milliseconds(500)
        #expect(
            bench.write(.confirmation) == [
                "record lateTick", "record confirmationSeen", "post 1 secondRead key 11",
                "record secondReadPosted",
            ])
        bench.handle(.timer(.tick))
        #expect(bench.complete(.secondRead).first == "post 1 secondWrite confirmation a->b key 12")
        #expect(bench.complete(.secondWrite).contains("record established"))

        var late = Bench(.initiator)
        late.reach(.secondWrite)
        _ = late.write(.greeting)
        _ = late.write(.confirmation)
        late.now = late.now + .milliseconds(500)
        #expect(late.complete(.secondWrite).contains("post 1 secondRead key 11"))
        #expect(late.handle(.disconnected(late.connection)).contains("record handshakeFailed disconnected"))
        #expect(late.manager.counters.established == 0)
    }

    @Test func aLaterDisconnectIsDeadAgain() {
        var bench = Bench(.initiator)
        bench.establish()
        bench.beat(after: .milliseconds(300))
        for _ in 0..<5 { bench.beat() }
        bench.handle(.disconnected(bench.connection))
        #expect(bench.manager.verdict == .dead)
    }
}

extension Bench {
    /// A heartbeat whose tick comes after this long.
    @discardableResult
    mutating func beat(after span: TimeSpan) -> [String] {
        let tick = handle(.timer(.tick), after: span)
        partner.heartbeat += 1
        return tick + complete(.heartbeatRead)
    }
}
