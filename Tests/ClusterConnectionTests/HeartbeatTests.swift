import Testing

@testable import ClusterConnection

struct HeartbeatTests {
    @Test func raisesTheOwnCounterAndReadsThePartners() {
        var bench = Bench(.initiator)
        bench.establish()
        let beat = bench.handle(.timer(.tick), after: .milliseconds(10))
        #expect(
            beat == ["publish ccmListening beat 1 seen b", "post 1 heartbeatRead key 11", "set tick 10000us"])
    }

    @Test func aMovingCounterIsAlive() {
        var bench = Bench(.initiator)
        bench.establish()
        for _ in 0..<1000 { bench.beat() }
        #expect(bench.manager.verdict == .alive)
        #expect(bench.manager.counters.beats == 1000)
        #expect(bench.manager.counters.misses == 0)
        #expect(bench.manager.rails[0].block.heartbeat == 1000)
    }

    @Test func aCounterThatStandsStillIsHungAfterExactlyTheMissLimit() {
        var bench = Bench(.initiator)
        bench.establish()
        bench.beat()
        for miss in 1..<20 {
            bench.beat(moving: false)
            #expect(bench.manager.verdict == .alive, "after \(miss) misses")
        }
        let last = bench.beat(moving: false)
        #expect(
            last.dropFirst(3).prefix(10) == [
                "retire 1", "record retired counterStandsStill", "cancel exchange", "cancel tick",
                "cancel stall",
                "cancel handshake", "cancel poll",
                "clear mailbox", "publish ccmListening beat 21 seen none",
                "record verdict hung counterStandsStill",
            ])
        #expect(bench.manager.counters.misses == 20)
    }

    @Test func oneMovementForgivesTheMissesBeforeIt() {
        var bench = Bench(.initiator)
        bench.establish()
        for _ in 0..<10 {
            for _ in 0..<19 { bench.beat(moving: false) }
            bench.beat()
        }
        #expect(bench.manager.verdict == .alive)
    }

    @Test func aBlockThatStaysTornIsHung() {
        var bench = Bench(.initiator)
        bench.establish()
        for _ in 0..<20 {
            bench.handle(.timer(.tick), after: .milliseconds(10))
            bench.handle(
                .completed(
                    bench.connection, .heartbeatRead, .success, flipping(bit: 400, of: bench.partner.words)))
        }
        #expect(bench.manager.verdict == .hung)
        #expect(bench.manager.counters.tornReads == 20)
    }

    @Test(arguments: [
        (Outcome.retryExceeded, Verdict.unreachable), (.flushed, .unreachable), (.failed, .unreachable),
        (.refusedByPartner, .dead),
    ])
    func aReadThatFailsIsJudgedByWhatItBroughtBack(outcome: Outcome, verdict: Verdict) {
        var bench = Bench(.initiator)
        bench.establish()
        let actions = bench.beat(outcome)
        #expect(actions.dropFirst(3).first == "retire 1", "retired before the verdict is out")
        #expect(actions.contains("record verdict \(verdict) \(outcome)"))
        #expect(bench.state == "waiting")
    }

    @Test func anotherIncarnationIsRebooted() {
        var bench = Bench(.initiator)
        bench.establish()
        bench.partner.incarnation = .b2
        #expect(bench.beat().contains("record verdict rebooted incarnationChanged"))
    }

    @Test func anotherClustersBlockIsAStrangers() {
        var bench = Bench(.initiator)
        bench.establish()
        bench.partner.cluster = .foreign
        #expect(bench.beat().contains("record verdict stranger strangersBlock"))
    }

    @Test func aDisconnectIsDead() {
        var bench = Bench(.acceptor)
        bench.establish()
        let actions = bench.handle(.disconnected(bench.connection))
        #expect(actions.first == "retire 2")
        #expect(actions.contains("record verdict dead disconnected"))
    }

    @Test(arguments: [Settings.initiator, .acceptor])
    func aDeadPartnerThatAsksAgainIsUnreachable(settings: Settings) {
        var bench = Bench(settings)
        bench.establish()
        bench.handle(.disconnected(bench.connection))
        let actions = bench.requested(
            bench.data(settings.isInitiator ? .knock : .connect, attempt: 7), after: .milliseconds(5))
        #expect(actions.contains("record verdict unreachable asksAgain"))
    }

    @Test func anotherLifeThatAsksDoesNotTakeTheDeathBack() {
        var bench = Bench(.acceptor)
        bench.establish()
        bench.handle(.disconnected(bench.connection))
        bench.rebootPartner()
        let actions = bench.requested(bench.data(.connect, attempt: 7), after: .milliseconds(5))
        #expect(!actions.contains { $0.contains("asksAgain") })
    }

    @Test func aReadThatIsNeverAnsweredIsUnreachableAfterTheDeadline() {
        var bench = Bench(.initiator)
        bench.establish()
        bench.handle(.timer(.tick), after: .milliseconds(10))
        for _ in 0..<100 {
            #expect(
                bench.handle(.timer(.tick), after: .milliseconds(10)).count == 2, "no second read meanwhile")
            #expect(bench.manager.verdict == .alive)
        }
        let actions = bench.handle(.timer(.tick), after: .milliseconds(10))
        #expect(actions.contains("record verdict unreachable readDeadline"))
        #expect(!actions.contains { $0.hasPrefix("set tick") }, "no connection, no ticks")
    }

    @Test func thePartnersBootPhaseIsToldOnceForEachStep() {
        var bench = Bench(.initiator)
        bench.establish()
        for phase in [BootPhase.storageOSLoading, .storageOSActive] {
            bench.partner.phase = phase
            #expect(bench.beat().contains("record partnerPhase \(phase)"))
            #expect(bench.manager.partnerPhase == phase)
            #expect(bench.beat().count == 3)
        }
    }

    @Test func theOwnBootPhaseOnlyRises() {
        var bench = Bench(.initiator)
        #expect(
            bench.handle(.bootPhase(.storageOSLoading)).first?.hasPrefix("publish storageOSLoading") == true)
        #expect(bench.handle(.bootPhase(.ccmStarting)) == [])
        #expect(bench.handle(.bootPhase(.storageOSLoading)) == [])
        #expect(bench.manager.rails[0].block.phase == .storageOSLoading)
    }

    /// The driver reuses its array, so what a heartbeat appends must stay within a capacity once reached.
    @Test func tenThousandHeartbeatsNeverAppendMoreThanThreeActions() {
        var bench = Bench(.initiator)
        bench.establish()
        var actions: [Action] = []
        actions.reserveCapacity(8)
        let capacity = actions.capacity
        var most = 0
        for _ in 0..<10_000 {
            bench.now = bench.now + .milliseconds(10)
            bench.manager.handle(.timer(.tick), at: bench.now, into: &actions)
            bench.partner.heartbeat += 1
            bench.manager.handle(
                .completed(bench.connection, .heartbeatRead, .success, bench.partner.words), at: bench.now,
                into: &actions)
            most = max(most, actions.count)
            actions.removeAll(keepingCapacity: true)
        }
        #expect(most == 3)
        #expect(actions.capacity == capacity)
    }
}
