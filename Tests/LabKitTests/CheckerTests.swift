import ClusterConnection
import Testing

@testable import LabKit

/// Every rule holds for a good history, and each has a history that breaks it and nothing else.
struct CheckerTests {
    @Test func aGoodRunHolds() throws {
        let run = try HistoryBuilder.goodRun()
        #expect(run.judgement.result == .held, "\(run.words)")
    }

    @Test func aGoodRunIsMeasured() throws {
        let measurements = try HistoryBuilder.goodRun().judgement.measurements
        // b listens at 130 ms, and is the last to establish, at 131 + 2.7 + 0.05 ms.
        #expect(measurements.established == [.microseconds(3_750)])
        #expect(measurements.initiator == [.microseconds(1_200)])
        #expect(measurements.acceptor == [.microseconds(1_200)])
        #expect(measurements.beatMedians == [.microseconds(97), .microseconds(97)])
    }

    // MARK: partner-runs, orderly-stop

    @Test func aPartnerThatCannotStartIsNotRunWithItsOwnReason() throws {
        var run = try HistoryBuilder.goodRun()
        run.remove { $0.partner == .b && $0.time > HistoryBuilder.instant(125) }
        run.remove { $0.partner == .a && $0.time > HistoryBuilder.instant(131) }
        run.add(128, .b, .failed, [("reason", .string("rail.address 10.77.0.9 is on no device"))])
        run.gone(.b, at: 129, ("status", 1))
        #expect(
            run.judgement.result
                == .notRun("partner b could not start: rail.address 10.77.0.9 is on no device"))
    }

    @Test func aPartnerThatDiesWithoutAWordIsNotRunWithItsComplaint() throws {
        var run = try HistoryBuilder.goodRun()
        run.remove { $0.partner == .b }
        run.remove { $0.partner == .a && $0.time > HistoryBuilder.instant(131) }
        run.gone(.b, at: 102, ("status", 64))
        var record = run.record
        record.complaints[.b] = "ccmd: config-b1.yaml:3: role: expected a role"
        let result = Checker.judge(record).result
        #expect(result == .notRun("partner b could not start: ccmd: config-b1.yaml:3: role: expected a role"))
    }

    @Test func aPartnerThatEndsByItselfBreaks() throws {
        var run = try HistoryBuilder.goodRun()
        run.remove { $0.partner == .b && $0.time > HistoryBuilder.instant(1_500) }
        run.gone(.b, at: 1_600, ("signal", 11))
        run.verdict("dead", by: .a, at: 1_605)
        #expect(run.brokenRules == [.partnerRuns], "\(run.words)")
    }

    @Test func aGoodbyeWithAnotherStatusBreaks() throws {
        var run = try HistoryBuilder.goodRun()
        run.remove { $0.partner == .b && $0.name == .processEnded }
        run.gone(.b, at: 2_006, began: 2_000, told: "stop", ("signal", 9))
        #expect(run.brokenRules == [.orderlyStop])
    }

    @Test func aGoodbyeWithoutItsLastEventBreaks() throws {
        var run = try HistoryBuilder.goodRun()
        run.remove { $0.partner == .b && $0.name == .stopped }
        #expect(run.brokenRules == [.orderlyStop])
    }

    // MARK: history-sound

    @Test func aMalformedLineBreaks() throws {
        var record = try HistoryBuilder.goodRun().record
        record.badLines = [BadLine(partner: .b, line: 3, problem: "not a JSON object")]
        #expect(Checker.judge(record).broken.map(\.rule) == [.historySound])
    }

    @Test func halfALineOfAProcessThatWasNotKilledBreaks() throws {
        var record = try HistoryBuilder.goodRun().record
        record.badLines = [BadLine(partner: .b, line: 3, problem: PartnerHistory.unfinished)]
        #expect(Checker.judge(record).broken.map(\.rule) == [.historySound])
    }

    @Test func anIncarnationUsedTwiceBreaks() throws {
        var run = try killAndBootAgain()
        for index in run.events.indices
        where run.events[index].incarnation == HistoryBuilder.incarnation(.b, 2) {
            run.events[index].incarnation = HistoryBuilder.incarnation(.b, 1)
        }
        #expect(run.brokenRules.contains(.historySound))
        #expect(run.words.contains("used by two processes"))
    }

    @Test func aLineOfALifeThatNeverStartedBreaks() throws {
        var run = try HistoryBuilder.goodRun()
        run.add(1_500, .b, .lateTick, life: 7)
        #expect(run.brokenRules == [.historySound])
    }

    @Test func aFallingBootPhaseBreaks() throws {
        var run = try HistoryBuilder.goodRun()
        run.add(1_500, .b, .bootPhase, [("phase", .string("ccmStarting"))])
        #expect(run.brokenRules == [.historySound])
    }

    @Test func aLineAboutARetiredConnectionBreaks() throws {
        var run = try killAndBootAgain()
        run.add(1_350, .a, .secondReadCompleted, [("connection", .integer(1))])
        #expect(run.brokenRules == [.historySound], "\(run.words)")
    }

    @Test func linesLeftOutBreak() throws {
        var run = try HistoryBuilder.goodRun()
        run.add(1_500, .b, .lateTick, [("droppedBefore", .integer(4))])
        #expect(run.brokenRules == [.historySound])
    }

    // MARK: handshake-order, established-*

    @Test(
        arguments: [
            EventName.firstReadPosted, .firstReadCompleted, .firstWritePosted, .firstWriteCompleted,
            .secondReadPosted, .secondReadCompleted, .secondWritePosted, .secondWriteCompleted,
            .confirmationSeen,
        ])
    func aHandshakeWithoutOneOfItsPartsBreaks(_ missing: EventName) throws {
        var run = try HistoryBuilder.goodRun()
        run.remove { $0.partner == .a && $0.name == missing }
        #expect(run.brokenRules.first == .handshakeOrder, "\(run.words)")
    }

    @Test func aSkippedSecondReadIsNamed() throws {
        var run = try HistoryBuilder.goodRun()
        run.remove { $0.name == .secondReadPosted || $0.name == .secondReadCompleted }
        #expect(run.brokenRules == [.handshakeOrder])
        #expect(run.words.contains("before its read 2 had completed"))
        #expect(run.words.contains("established without read 2"))
    }

    @Test func aConfirmationOfAnotherIncarnationIsNone() throws {
        var run = try HistoryBuilder.goodRun()
        run.change {
            $0.partner == .a && $0.name == .confirmationSeen
        } to: { event in
            event.fields = JSONObject([("partnerIncarnation", .string(HistoryBuilder.incarnation(.b, 9)))])
        }
        #expect(run.brokenRules == [.handshakeOrder])
    }

    @Test func anIncarnationThatChangesWithinAConnectionBreaks() throws {
        var run = try HistoryBuilder.goodRun()
        run.change {
            $0.partner == .a && $0.name == .connected
        } to: { event in
            event.fields = JSONObject([
                ("connection", .integer(1)),
                ("partnerIncarnation", .string(HistoryBuilder.incarnation(.b, 9))),
                ("side", .string("initiator")),
            ])
        }
        #expect(run.brokenRules == [.handshakeOrder])
    }

    @Test func establishedWithAnIncarnationThatNeverWasBreaks() throws {
        var run = try HistoryBuilder.goodRun()
        let nobody = JSONValue.string(HistoryBuilder.incarnation(.b, 9))
        run.change {
            $0.partner == .a && $0.partnerIncarnation != nil
        } to: { event in
            event.fields = JSONObject(
                event.fields.fields.map { ($0.name, $0.name == "partnerIncarnation" ? nobody : $0.value) })
        }
        #expect(run.brokenRules.contains(.establishedAlive))
    }

    /// Its kernel takes queue pairs down until then, and on one processor nobody else runs meanwhile.
    @Test(arguments: [(1_229.0, false), (1_231, true)])
    func untilAProcessIsGoneWhatItWroteMayBeSeen(_ time: Double, _ breaks: Bool) throws {
        var run = try killAndBootAgain(goneAt: 1_230)
        run.add(
            time, .a, .established,
            [("connection", .integer(3)), ("partnerIncarnation", .string(HistoryBuilder.incarnation(.b, 1)))])
        run.add(time + 0.1, .a, .retired, [("connection", .integer(3))])
        #expect(run.brokenRules.contains(.establishedAlive) == breaks, "\(run.words)")
    }

    @Test func establishedWithADeadIncarnationBreaks() throws {
        var run = try killAndBootAgain()
        // An old request is accepted: a connects once more to the incarnation that died at 1.2 s.
        let old: [(String, JSONValue)] = [
            ("connection", .integer(3)), ("partnerIncarnation", .string(HistoryBuilder.incarnation(.b, 1))),
        ]
        run.add(1_290, .a, .established, old)
        run.add(1_291, .a, .retired, [("connection", .integer(3))])
        #expect(run.brokenRules.contains(.establishedAlive), "\(run.words)")
        #expect(run.words.contains("had ended"))
    }

    @Test func establishedWithAPartnerThatNeverReadBreaks() throws {
        var run = try HistoryBuilder.goodRun()
        run.change {
            $0.partner == .b && $0.name == .firstReadCompleted
        } to: { event in
            event.time = HistoryBuilder.instant(133.9)
        }
        #expect(run.brokenRules.contains(.establishedBothSaw))
    }

    // MARK: before-storage-os, connected-again

    @Test func establishedAfterTheStorageOSThoughTheBootsAllowedEarlierBreaks() throws {
        var run = try HistoryBuilder.goodRun("\(HistoryBuilder.minimal)bounds: { connect: 100ms }\n")
        run.shift({ $0.time > HistoryBuilder.instant(130.2) && $0.name != .bootPhase }, by: 900)
        #expect(run.brokenRules == [.beforeStorageOS, .connectedAgain], "\(run.words)")
    }

    @Test func establishedAfterTheStorageOSOfAPartnerThatWasLongUpHolds() throws {
        var run = HistoryBuilder(
            scenario: try ScenarioParser.parse(HistoryBuilder.minimal, file: "test.yaml"))
        run.add(0, nil, .runStarted)
        run.boot(.a, at: 1)
        run.boot(.b, at: 5_001)
        run.connect(at: 5_031)
        run.end(at: 5_500)
        #expect(run.judgement.result == .held, "\(run.words)")
    }

    @Test func twoPartnersThatNeverConnectBreak() throws {
        var run = try HistoryBuilder.goodRun()
        run.remove { $0.time > HistoryBuilder.instant(130.2) && $0.time < HistoryBuilder.instant(900) }
        #expect(run.brokenRules == [.connectedAgain])
        #expect(run.words.contains("a was not connected 1.00 s after"))
    }

    @Test func twoPartnersThatAreNotConnectedAgainAfterTheRailIsHealedBreak() throws {
        var run = try HistoryBuilder.goodRun()
        run.fault(.cut, nil, at: 300)
        for partner in PartnerID.allCases { run.verdict("unreachable", by: partner, at: 430) }
        run.fault(.heal, nil, at: 600)
        #expect(run.brokenRules == [.connectedAgain], "\(run.words)")
    }

    @Test func aConnectionThatIsSilentlyRetiredBreaks() throws {
        var run = try HistoryBuilder.goodRun()
        run.add(1_800, .a, .retired, [("connection", .integer(1))])
        #expect(run.brokenRules == [.connectedAgain], "\(run.words)")
        #expect(run.words.contains("was no longer connected"))
    }

    // MARK: alive-means-alive, found-in-time

    @Test(arguments: ["dead", "hung", "unreachable", "rebooted", "stranger"])
    func aFalseAlarmBreaks(_ verdict: String) throws {
        var run = try HistoryBuilder.goodRun()
        run.verdict(verdict, by: .a, at: 1_500)
        run.connect(at: 1_501, connection: 2)
        #expect(run.brokenRules == [.aliveMeansAlive], "\(run.words)")
    }

    @Test func aLossThatIsFoundInTimeHolds() throws {
        let run = try killAndBootAgain()
        #expect(run.judgement.result == .held, "\(run.words)")
        #expect(run.judgement.measurements.dead == [.milliseconds(12)])
    }

    @Test func aDeathFoundTooLateBreaks() throws {
        var run = try killAndBootAgain()
        run.change {
            $0.partner == .a && $0.text("verdict") == "dead"
        } to: {
            $0.time = HistoryBuilder.instant(1_221)
        }
        run.remove { $0.partner == .a && $0.name == .retired }
        #expect(run.brokenRules == [.foundInTime], "\(run.words)")
        #expect(run.words.contains("noticed after 21.0 ms (20.0 ms are promised)"))
    }

    @Test func inRealTimeABusyHostIsAllowedFor() throws {
        var run = try killAndBootAgain()
        run.change {
            $0.name == .runStarted
        } to: {
            $0.fields = JSONObject([("clock", .string("real"))])
        }
        run.change {
            $0.partner == .a && $0.text("verdict") == "dead"
        } to: {
            $0.time = HistoryBuilder.instant(1_221)
        }
        run.remove { $0.partner == .a && $0.name == .retired }
        #expect(run.judgement.result == .held, "\(run.words)")
    }

    @Test func aVerdictThatIsQuickerThanTheConfirmationIsMeasuredFromTheFirstMove() throws {
        let measurements = try cutAndHeal(verdictAfter: -3).judgement.measurements
        #expect(measurements.unreachable == [.milliseconds(7), .milliseconds(7)])
    }

    /// A rail that was cut a moment before, and of which nobody knows yet, hides the end of the process behind it.
    @Test(arguments: [(60.0, true), (160, true), (200, false)])
    func aDeathBehindOneCutRailIsFoundWhenThatRailIsSilent(_ verdictAfter: Double, _ holds: Bool) throws {
        var run = try HistoryBuilder.goodRun("name: test\nsummary: A test.\nrails: 2\n")
        run.remove { $0.partner == .b && $0.time > HistoryBuilder.instant(1_200) }
        run.fault(.cut, nil, at: 1_180, [("rail", .integer(1))])
        run.gone(.b, at: 1_201, began: 1_200, told: "kill", ("signal", 9))
        run.verdict("unreachable", by: .a, at: 1_200 + verdictAfter)
        #expect((run.judgement.result == .held) == holds, "\(run.words)")
        #expect(holds || run.brokenRules.contains(.foundInTime))
    }

    @Test func aDeathThatIsNeverNoticedBreaks() throws {
        var run = try HistoryBuilder.goodRun()
        run.remove { $0.partner == .b && $0.time > HistoryBuilder.instant(1_200) }
        run.gone(.b, at: 1_201, began: 1_200, told: "kill", ("signal", 9))
        #expect(run.brokenRules == [.foundInTime])
        #expect(run.words.contains("never noticed"))
    }

    @Test func aFreezeFoundWithinTheMissLimitHolds() throws {
        let run = try freezeAndThaw(verdictAfter: 208, "hung")
        #expect(run.judgement.result == .held, "\(run.words)")
        #expect(run.judgement.measurements.hung == [.milliseconds(208)])
    }

    @Test func aFreezeFoundTooLateBreaks() throws {
        #expect(try freezeAndThaw(verdictAfter: 220, "hung").brokenRules == [.foundInTime])
    }

    /// Nobody sees a counter stand still behind a rail that is cut: from the cut on, silence is what is to be found.
    @Test(arguments: [(300.0, true), (330, false)])
    func aFreezeThatACutHidesIsFoundAsTheCutIs(_ verdictAfter: Double, _ holds: Bool) throws {
        var run = try freezeAndThaw(verdictAfter: verdictAfter, "unreachable")
        run.fault(.cut, nil, at: 1_355, began: 1_350)
        run.fault(.heal, nil, at: 1_590)
        #expect((run.judgement.result == .held) == holds, "\(run.words)")
        #expect(holds || run.brokenRules == [.foundInTime])
    }

    @Test func aFreezeCalledByAnotherNameBreaks() throws {
        #expect(try freezeAndThaw(verdictAfter: 208, "dead").brokenRules == [.foundInTime])
    }

    @Test func hungBeforeTheMissLimitIsAFalseAlarm() throws {
        #expect(try freezeAndThaw(verdictAfter: 60, "hung").brokenRules == [.aliveMeansAlive])
        #expect(try freezeAndThaw(verdictAfter: 184, "hung").brokenRules == [.aliveMeansAlive])
    }

    /// The counter had stood still for an interval when its owner was struck, about to raise it, and a little late.
    @Test func hungAnIntervalAndALittleEarlyIsNone() throws {
        let run = try freezeAndThaw(verdictAfter: 189, "hung")
        #expect(run.judgement.result == .held, "\(run.words)")
    }

    @Test func aCutFoundWithinTheRetryBoundHolds() throws {
        let run = try cutAndHeal(verdictAfter: 160)
        #expect(run.judgement.result == .held, "\(run.words)")
    }

    @Test func aCutFoundAfterTheRetryBoundBreaks() throws {
        #expect(try cutAndHeal(verdictAfter: 170).brokenRules == [.foundInTime])
    }

    @Test func aCutTooShortToBeFoundOwesNothing() throws {
        var run = try HistoryBuilder.goodRun()
        run.fault(.cut, nil, at: 300)
        run.fault(.heal, nil, at: 340)
        #expect(run.judgement.result == .held, "\(run.words)")
    }

    // MARK: nothing-leaks, kernel-quiet, expected

    @Test func aLeakBreaks() throws {
        var record = try HistoryBuilder.goodRun().record
        record.leaks = ["2 more rxe-a0 qp than before the run"]
        #expect(Checker.judge(record).broken.map(\.rule) == [.nothingLeaks])
    }

    @Test func aKernelFaultBreaks() throws {
        var record = try HistoryBuilder.goodRun().record
        record.kernelFaults = ["WARNING: CPU: 0 PID: 1 at rxe_comp.c:42"]
        #expect(Checker.judge(record).broken.map(\.rule) == [.kernelQuiet])
    }

    @Test func anExpectationThatIsMetHolds() throws {
        let yaml =
            HistoryBuilder.minimal + """
                expect:
                  - { partner: a, event: established, within: 5ms, of: { partner: b, event: listening } }
                  - { never: { event: verdict, where: { verdict: dead or hung } } }
                """
        #expect(try HistoryBuilder.goodRun(yaml).judgement.result == .held)
    }

    @Test(
        arguments: [
            ("{ partner: a, event: handshakeFailed }", "it never came"),
            (
                "{ partner: a, event: established, within: 3ms, of: { partner: b, event: listening } }",
                "came after 3.7"
            ),
            ("{ never: { event: verdict, where: { verdict: alive } } }", "it came"),
            ("{ partner: a, event: established, of: { event: failed } }", "failed never came"),
        ])
    func anExpectationThatIsNotMetBreaks(_ expectation: String, _ words: String) throws {
        let run = try HistoryBuilder.goodRun("\(HistoryBuilder.minimal)expect: [\(expectation)]\n")
        #expect(run.brokenRules == [.expected])
        #expect(run.words.contains(words), "\(run.words)")
    }

    @Test func aDeadlineThatPassedBreaksAndSaysWhatWasWaitedFor() throws {
        var record = try HistoryBuilder.goodRun().record
        record.ending = .deadline("step kill-b, due after a failed")
        #expect(Checker.judge(record).broken.map(\.rule) == [.expected])
    }

    /// A good run in which b's end of the rail is away from 300 ms to 900 ms.
    private func runWithoutRail(_ action: StepAction, _ back: StepAction) throws -> HistoryBuilder {
        var run = try HistoryBuilder.goodRun("\(HistoryBuilder.minimal)claims: []\n")
        run.fault(action, .b, at: 300)
        run.add(301, .b, .railLost, [("address", .string("10.77.0.2")), ("reason", .string("addressGone"))])
        run.verdict("none", by: .b, at: 301.1)
        run.verdict("unreachable", by: .a, at: 400)
        run.fault(back, .b, at: 900)
        run.connect(at: 905, connection: 2)
        return run
    }

    @Test(arguments: [(StepAction.removeAddress, StepAction.addAddress), (.removeDevice, .addDevice)])
    func aRailThatWasTakenAwayIsALossForTheOther(_ action: StepAction, _ back: StepAction) throws {
        let run = try runWithoutRail(action, back)
        #expect(run.brokenRules == [], "\(run.words)")
    }

    @Test func aPartnerThatLostItsOwnRailMustNotAccuseTheOther() throws {
        var run = try runWithoutRail(.removeAddress, .addAddress)
        run.remove { $0.name == .verdict && $0.partner == .b && $0.text("verdict") == "none" }
        run.verdict("unreachable", by: .b, at: 301.1)
        #expect(run.brokenRules == [.aliveMeansAlive], "\(run.words)")
    }

    @Test func aRailThatIsBackMustBeUsedAgain() throws {
        var run = try runWithoutRail(.removeDevice, .addDevice)
        run.remove { $0.time > HistoryBuilder.instant(901) && $0.number("connection") == 2 }
        run.remove { $0.time > HistoryBuilder.instant(901) && $0.text("verdict") == "alive" }
        #expect(run.brokenRules.contains(.connectedAgain), "\(run.words)")
    }

    /// A good run in which something is done to one side from 300 ms to 900 ms, and both know after 100 ms.
    private func runWithFault(
        _ action: StepAction, _ back: StepAction, of partner: PartnerID?, opposite: PartnerID? = nil,
        verdicts: [PartnerID: String]
    ) throws -> HistoryBuilder {
        var run = try HistoryBuilder.goodRun("\(HistoryBuilder.minimal)claims: []\n")
        run.fault(action, partner, at: 300)
        for (partner, verdict) in verdicts { run.verdict(verdict, by: partner, at: 400) }
        run.fault(back, opposite, at: 900)
        if !verdicts.isEmpty { run.connect(at: 905, connection: 2) }
        return run
    }

    @Test func whoHearsTheOtherOverARailThatIsCutOneWayMayHearThatItGivesUp() throws {
        let silent = try runWithFault(.cut, .heal, of: .b, verdicts: [.a: "unreachable", .b: "dead"])
        #expect(silent.brokenRules == [], "\(silent.words)")
        let both = try runWithFault(.cut, .heal, of: nil, verdicts: [.a: "unreachable", .b: "dead"])
        #expect(both.brokenRules == [.foundInTime], "\(both.words)")
    }

    @Test func aCutOneWayHasToBeFoundByBoth() throws {
        let run = try runWithFault(.cut, .heal, of: .b, verdicts: [.a: "unreachable"])
        #expect(run.brokenRules.contains(.foundInTime), "\(run.words)")
    }

    @Test func aLinkThatIsDownIsFoundByBoth() throws {
        let run = try runWithFault(
            .linkDown, .linkUp, of: .b, opposite: .b, verdicts: [.a: "unreachable", .b: "unreachable"])
        #expect(run.brokenRules == [], "\(run.words)")
        let unseen = try runWithFault(.linkDown, .linkUp, of: .b, opposite: .b, verdicts: [.b: "unreachable"])
        #expect(unseen.brokenRules.contains(.foundInTime), "\(unseen.words)")
    }

    @Test func aBadRailExcusesAVerdictOfSilenceAndDoesNotAskForOne() throws {
        let lost = try runWithFault(.degrade, .restore, of: nil, verdicts: [.a: "unreachable", .b: "dead"])
        #expect(lost.brokenRules == [], "\(lost.words)")
        let alive = try runWithFault(.degrade, .restore, of: nil, verdicts: [:])
        #expect(alive.brokenRules == [], "\(alive.words)")
    }

    /// Both rails are bad from 300 ms on, and restored one by one; a accuses b at some moment.
    private func runWithRailsRestoredInTurn(accusedAt moment: Double) throws -> HistoryBuilder {
        var run = try HistoryBuilder.goodRun(
            "\(HistoryBuilder.minimal)rails: 2\nclaims: []\nbounds: { connect: 300ms }\n")
        run.fault(.degrade, nil, at: 300)
        run.fault(.restore, nil, at: 600, [("rail", .integer(0))])
        run.fault(.restore, nil, at: 900, [("rail", .integer(1))])
        run.verdict("unreachable", by: .a, at: moment)
        run.connect(at: moment + 5, connection: 2)
        return run
    }

    @Test func aBadRailExcusesNothingOnceEveryEndIsRestored() throws {
        let meanwhile = try runWithRailsRestoredInTurn(accusedAt: 700)
        #expect(meanwhile.brokenRules == [], "\(meanwhile.words)")
        let after = try runWithRailsRestoredInTurn(accusedAt: 1_500)
        #expect(after.brokenRules == [.aliveMeansAlive], "\(after.words)")
    }

    @Test(arguments: [(StepAction.starve, StepAction.feed), (.squeeze, .relieve)])
    func aPartnerThatGoesShortMayBeFoundHungAndNeedNotBe(_ action: StepAction, _ back: StepAction) throws {
        let hung = try runWithFault(action, back, of: .b, opposite: .b, verdicts: [.a: "hung", .b: "dead"])
        #expect(hung.brokenRules == [], "\(hung.words)")
        let alive = try runWithFault(action, back, of: .b, opposite: .b, verdicts: [:])
        #expect(alive.brokenRules == [], "\(alive.words)")
    }

    @Test(arguments: [(StepAction.stepClock, StepAction.stepClock), (.changeMac, .restoreMac)])
    func whatIsNothingToThePairExcusesNothing(_ action: StepAction, _ back: StepAction) throws {
        let run = try runWithFault(action, back, of: .b, opposite: .b, verdicts: [.a: "unreachable"])
        #expect(run.brokenRules.contains(.aliveMeansAlive), "\(run.words)")
    }

    @Test func aDeathOnABadRailIsMeasuredFromTheDeath() throws {
        var run = try killAndBootAgain()
        run.fault(.degrade, nil, at: 700)
        run.fault(.restore, nil, at: 2_300)
        #expect(run.judgement.measurements.dead == [.milliseconds(12)], "\(run.words)")
    }

    /// b is killed at 1.2 s, found dead 12 ms later, and boots again.
    private func killAndBootAgain(goneAt gone: Double = 1_201) throws -> HistoryBuilder {
        var run = try HistoryBuilder.goodRun()
        run.remove { $0.time > HistoryBuilder.instant(1_200) }
        run.gone(.b, at: gone, began: 1_200, told: "kill", ("signal", 9))
        run.verdict("dead", by: .a, at: 1_212)
        run.add(1_213, .a, .retired, [("connection", .integer(1))])
        run.boot(.b, at: 1_300, life: 2)
        run.connect(at: 1_331, lives: [.a: 1, .b: 2], connection: 2)
        run.end(at: 2_500, lives: [.a: 1, .b: 2])
        return run
    }

    /// A partner that has just stood still gives no verdict, but asks for a new connection first. One that stood still long
    /// before is not excused, whatever it says.
    @Test(arguments: [(true, 296.0), (false, 296), (true, 220)])
    func whoHasJustStoodStillMayFindALossLater(_ wasLate: Bool, _ thawed: Double) throws {
        var run = try HistoryBuilder.goodRun()
        run.fault(.freeze, .a, at: thawed - 16)
        run.fault(.thaw, .a, at: thawed)
        run.fault(.cut, nil, at: 300, began: 299)
        if wasLate {
            run.add(420, .a, .retired, [("connection", .integer(1)), ("reason", .string("ownLateness"))])
        }
        run.verdict("unreachable", by: .b, at: 430)
        run.verdict("unreachable", by: .a, at: 800)
        run.fault(.heal, nil, at: 900)
        run.connect(at: 950, connection: 2)
        #expect(run.brokenRules.contains(.foundInTime) == !(wasLate && thawed > 290), "\(run.words)")
    }

    private func freezeAndThaw(verdictAfter: Double, _ verdict: String) throws -> HistoryBuilder {
        var run = try HistoryBuilder.goodRun()
        run.fault(.freeze, .b, at: 1_200)
        run.verdict(verdict, by: .a, at: 1_200 + verdictAfter)
        run.fault(.thaw, .b, at: 1_600)
        run.connect(at: 1_610, connection: 2)
        return run
    }

    private func cutAndHeal(verdictAfter: Double) throws -> HistoryBuilder {
        var run = try HistoryBuilder.goodRun()
        run.fault(.cut, nil, at: 300, began: 290)
        for partner in PartnerID.allCases { run.verdict("unreachable", by: partner, at: 300 + verdictAfter) }
        run.fault(.heal, nil, at: 600)
        run.connect(at: 700, connection: 2)
        return run
    }
}

extension HistoryBuilder {
    /// Changes events.
    mutating func change(_ condition: (HistoryEvent) -> Bool, to change: (inout HistoryEvent) -> Void) {
        for index in events.indices where condition(events[index]) { change(&events[index]) }
    }

    /// Moves events in time.
    mutating func shift(_ condition: (HistoryEvent) -> Bool, by milliseconds: UInt64) {
        change(condition) { $0.time = $0.time + .milliseconds(milliseconds) }
    }
}
