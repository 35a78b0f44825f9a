import Testing

@testable import ClusterConnection

/// What a loss leaves behind, and what is held of the partner until it comes back.
struct LossTests {
    @Test func leavesNoTimerArmedButThePause() {
        for settings in [Settings.initiator, .acceptor] {
            var bench = Bench(settings)
            var armed: Set<TimerName> = []
            bench.establish()
            armed = [.tick]
            for action in bench.handled(.disconnected(bench.connection)) {
                if case .setTimer(let name, _, _) = action { armed.insert(name) }
                if case .cancelTimer(let name, _) = action { armed.remove(name) }
            }
            #expect(armed == [.backoff])
        }
    }

    @Test func aPartnerOfWhichNothingListensAnyMoreIsDead() {
        var bench = Bench(.initiator)
        bench.establish()
        _ = bench.beat(.retryExceeded)
        #expect(bench.manager.verdict == .unreachable)
        bench.handle(.timer(.backoff))
        let actions = bench.handle(.connectFailed(bench.connection, .nobodyListens))
        #expect(actions.first == "record verdict dead nobodyListens")
    }

    @Test func aRebootedPartnerThatDiesAgainBeforeItIsEstablishedIsDead() {
        var bench = Bench(.initiator)
        bench.establish()
        bench.rebootPartner()
        _ = bench.requested(bench.data(.knock))
        #expect(bench.manager.verdict == .rebooted)
        bench.handle(.connectFailed(bench.connection, .nobodyListens))
        #expect(bench.manager.verdict == .dead)
    }

    @Test func aPartnerThatOnlyReconnectsIsNotHeldForAliveWithoutAConnection() {
        for settings in [Settings.initiator, .acceptor] {
            var bench = Bench(settings)
            bench.establish()
            _ = bench.requested(
                bench.data(settings.isInitiator ? .knock : .connect, attempt: 9), after: .seconds(1))
            let cut: Event = settings.isInitiator ? .timer(.attempt) : .timer(.handshake)
            bench.handle(cut, after: .seconds(1))
            #expect(bench.state == "waiting")
            #expect(bench.manager.verdict != .alive)
        }
    }

    @Test func aPartnerThatWasThereAndAnswersNoMoreIsUnreachable() {
        var bench = Bench(.initiator)
        bench.establish()
        // This side stood still, so that the loss itself says nothing of the partner.
        bench.handle(.disconnected(bench.connection), after: .milliseconds(300))
        #expect(bench.manager.verdict == nil)
        bench.handle(.timer(.backoff))
        let actions = bench.handle(.timer(.attempt), after: .milliseconds(300))
        #expect(actions.contains("record verdict unreachable unansweredInTime"))
    }

    @Test func aPartnerThatWasNeverThereIsNotJudgedForItsSilence() {
        var bench = Bench(.initiator)
        _ = bench.listen()
        bench.handle(.timer(.attempt), after: .milliseconds(300))
        #expect(bench.manager.verdict == nil)
    }

    @Test(arguments: [Verdict.hung, .unreachable])
    func aVerdictStandsWhileAttemptsStayUnanswered(verdict: Verdict) {
        var bench = Bench(.initiator)
        bench.establish()
        if verdict == .hung {
            for _ in 0..<20 { bench.beat(moving: false) }
        } else {
            bench.beat(.retryExceeded)
        }
        for _ in 0..<5 {
            bench.handle(.timer(.backoff), after: .milliseconds(100))
            bench.handle(.timer(.attempt), after: .milliseconds(300))
            #expect(bench.manager.verdict == verdict)
        }
    }

    @Test func aNewIncarnationAfterSilenceIsRebootedAndThenAlive() {
        var bench = Bench(.initiator)
        bench.establish()
        bench.beat(.retryExceeded)
        bench.rebootPartner()
        bench.reachHandshake()
        let read = bench.complete(.firstRead)
        #expect(read.contains("record verdict rebooted newIncarnation"))
        #expect(bench.manager.partnerIncarnation == .b2)
        _ = bench.complete(.firstWrite)
        bench.partner.partnerSeen = .a
        _ = bench.complete(.secondRead)
        _ = bench.write(.greeting)
        _ = bench.complete(.secondWrite)
        #expect(bench.write(.confirmation).contains("record verdict alive established"))
    }

    @Test func theSameIncarnationAfterSilenceIsAliveWithoutHavingRebooted() {
        var bench = Bench(.initiator)
        bench.establish()
        bench.beat(.retryExceeded)
        bench.partner.partnerSeen = .none
        bench.establish()
        #expect(bench.manager.verdict == .alive)
        #expect(bench.manager.counters.established == 2)
    }
}
