import Testing

@testable import ClusterConnection

/// What a pair goes through, and that it comes out established again with the verdicts that were due.
struct FaultTests {
    private func established(_ name: String, seed: UInt64 = 1) -> TwoPartners {
        let pair = TwoPartners(name, seed: seed)
        pair.boot(0)
        pair.boot(1)
        pair.runUntilEstablished(within: .milliseconds(5))
        pair.run(for: .milliseconds(30))
        return pair
    }

    @Test(arguments: [0, 1])
    func aKilledPartnerIsDeadAndComesBack(node: Int) {
        let pair = established("kill \(node + 1)")
        pair.kill(node)
        pair.run(for: .milliseconds(1))
        #expect(pair.verdicts(by: 1 - node) == ["alive", "dead"])
        pair.boot(node, after: .seconds(1))
        pair.run(for: .seconds(1))
        pair.runUntilEstablished(within: .milliseconds(8))
        #expect(pair.verdicts(by: 1 - node) == ["alive", "dead", "alive"])
    }

    @Test(
        arguments: [0, 1],
        [EventName.firstReadCompleted, .firstWriteCompleted, .secondReadCompleted, .secondWriteCompleted])
    func aPartnerKilledRightAfterAnOperationComesBack(node: Int, operation: EventName) {
        for reboot: UInt64 in [0, 1, 100, 1_000] {
            let pair = TwoPartners("\(node + 1) killed after \(operation), booted again after \(reboot) ms")
            pair.killAfter = (node, operation)
            pair.boot(0)
            pair.boot(1)
            pair.run(for: .milliseconds(5))
            #expect(pair.lives[node] == nil, "the failpoint was reached")
            pair.run(for: .milliseconds(reboot))
            pair.boot(node)
            pair.runUntilEstablished(within: TwoPartners.bound)
            pair.run(for: .milliseconds(400))
            #expect(pair.areEstablished, "and stays so")
            #expect(pair.lives[1 - node]?.manager.verdict == .alive)
        }
    }

    /// The survivor neither got a farewell nor missed a heartbeat yet.
    @Test(arguments: [0, 1])
    func aRebootFasterThanNoticedIsRebootedAndEstablishedAgain(node: Int) {
        let pair = established("fast reboot of \(node + 1)")
        pair.powerOff(node)
        pair.boot(node, after: .milliseconds(5))
        pair.run(for: .milliseconds(5))
        pair.runUntilEstablished(within: .milliseconds(100))
        #expect(pair.verdicts(by: 1 - node) == ["alive", "rebooted", "alive"])
    }

    @Test func aCutRailIsUnreachableOnBothSidesAndHeals() {
        let pair = established("cut")
        pair.cut()
        pair.run(for: .seconds(1))
        #expect(pair.verdicts(by: 0) == ["alive", "unreachable"])
        #expect(pair.verdicts(by: 1) == ["alive", "unreachable"])
        pair.heal()
        pair.runUntilEstablished(within: TwoPartners.bound)
        #expect(pair.verdicts(by: 0) == ["alive", "unreachable", "alive"])
        #expect(pair.verdicts(by: 1) == ["alive", "unreachable", "alive"])
    }

    @Test func aCutShorterThanTheRetriesCostsNothing() {
        let pair = established("short cut")
        pair.cut()
        pair.run(for: .milliseconds(30))
        pair.heal()
        pair.run(for: .seconds(1))
        #expect(pair.verdicts(by: 0) == ["alive"])
        #expect(pair.verdicts(by: 1) == ["alive"])
    }

    @Test(arguments: [0, 1])
    func aFrozenPartnerIsHungAndTheThawedOneDoesNotBlameTheOther(node: Int) {
        let pair = established("freeze \(node + 1)")
        pair.freeze(node)
        // The miss limit's intervals, one to find the counter where it was for the first time, one of phase.
        pair.run(for: .milliseconds(220))
        #expect(pair.verdicts(by: 1 - node) == ["alive", "hung"])
        pair.run(for: .seconds(3))
        pair.thaw(node)
        pair.runUntilEstablished(within: TwoPartners.bound)
        #expect(pair.verdicts(by: 1 - node) == ["alive", "hung", "alive"])
        #expect(pair.verdicts(by: node) == ["alive", "none", "alive"])
    }

    @Test(arguments: [0, 1])
    func aFreezeShorterThanTheMissLimitCostsNothing(node: Int) {
        let pair = established("freeze \(node + 1) for a moment")
        pair.freeze(node)
        pair.run(for: .milliseconds(150))
        pair.thaw(node)
        pair.run(for: .seconds(1))
        #expect(pair.verdicts(by: 0) == ["alive"])
        #expect(pair.verdicts(by: 1) == ["alive"])
        #expect(pair.areEstablished)
    }

    @Test(arguments: [0, 1])
    func aPartnerThatLosesPowerIsUnreachableAndComesBackAsAnother(node: Int) {
        let pair = established("power off \(node + 1)")
        pair.powerOff(node)
        pair.run(for: .seconds(2))
        #expect(pair.verdicts(by: 1 - node) == ["alive", "unreachable"])
        pair.boot(node)
        pair.runUntilEstablished(within: .milliseconds(8))
        #expect(pair.verdicts(by: 1 - node) == ["alive", "unreachable", "rebooted", "alive"])
    }

    /// The rail is cut while this side stands still, so that the loss came with no verdict.
    @Test func aPartnerCutOffWhileThisSideStoodStillIsFoundAfterAll() {
        let pair = established("cut while frozen")
        pair.freeze(0)
        pair.run(for: .milliseconds(100))
        pair.cut()
        pair.run(for: .milliseconds(400))
        pair.thaw(0)
        pair.run(for: .milliseconds(500))
        #expect(pair.lives[0]?.manager.verdict == .unreachable)
    }

    @Test func fiftyRebootsLeaveNothingBehind() {
        let pair = established("fifty reboots")
        for _ in 0..<50 {
            pair.kill(1)
            pair.boot(1, after: .milliseconds(3))
            pair.run(for: .milliseconds(3))
            pair.runUntilEstablished(within: TwoPartners.bound)
            pair.run(for: .milliseconds(20))
        }
        #expect(pair.lives[0]?.wires.count == 1)
        #expect(pair.lives[0]?.requests.count == 0)
        #expect(pair.lives[0]?.manager.counters.established == 51)
    }

    @Test func anOrderlyStopOfBothEndsBothAndTheNextBootIsEstablished() {
        let pair = established("orderly stop")
        for _ in 0..<20 {
            for life in pair.lives { if let life { pair.feed(.stop, to: life) } }
            pair.run(for: .milliseconds(40))
            #expect(pair.lives[0] == nil && pair.lives[1] == nil, "both said goodbye")
            pair.boot(0)
            pair.boot(1)
            pair.runUntilEstablished(within: .milliseconds(8))
        }
    }

    @Test func incompatiblePartnersTellBothSidesAndDoNotStorm() {
        var newer = Settings.acceptor
        newer.versions = .of(3, 4)
        let pair = TwoPartners("incompatible", settings: [.initiator, newer])
        pair.noteFault()
        pair.boot(0)
        pair.boot(1)
        pair.run(for: .seconds(60))
        #expect(pair.verdicts(by: 0) == ["incompatible"])
        #expect(pair.verdicts(by: 1) == ["incompatible"])
        #expect(pair.history.count < 600, "\(pair.history.count) lines in a minute")
    }
}
