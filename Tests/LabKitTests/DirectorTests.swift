import ClusterConnection
import Testing

@testable import LabKit

/// The director orders what a schedule says, when it says so.
struct DirectorTests {
    private func director(_ yaml: String) throws -> Director {
        Director(try ScenarioParser.parse(HistoryBuilder.minimal + yaml, file: "test.yaml"), start: at(0))
    }

    private func at(_ milliseconds: Double) -> Instant { HistoryBuilder.instant(1_000 + milliseconds) }

    private func event(
        _ milliseconds: Double, _ partner: PartnerID, _ name: EventName, verdict: String? = nil
    ) -> HistoryEvent {
        HistoryEvent(
            time: at(milliseconds), partner: partner, incarnation: HistoryBuilder.incarnation(partner),
            name: name,
            fields: JSONObject(verdict.map { [("verdict", .string($0))] } ?? []))
    }

    private func done(_ director: inout Director, _ step: Int, _ milliseconds: Double) {
        director.stepDone(step, StepMoment(began: at(milliseconds), effect: at(milliseconds)))
    }

    /// Both partners up and alive for each other.
    private func bringUp(_ director: inout Director, at time: Double) {
        for partner in PartnerID.allCases {
            director.heard(event(time, partner, .started))
            director.heard(event(time + 1, partner, .listening))
        }
        for partner in PartnerID.allCases {
            director.heard(event(time + 2, partner, .established))
            director.heard(event(time + 2, partner, .verdict, verdict: "alive"))
            director.heard(event(time + 2, partner, .readySaid))
            director.heard(event(time + 2, partner, .partnerReady))
        }
    }

    @Test func partnersBootAtTheirMoments() throws {
        var director = try director("partners: { b: { bootAt: 50ms } }\n")
        #expect(director.orders(at: at(0)) == [.boot(.a)])
        #expect(director.nextWake(after: at(0)) == at(50))
        #expect(director.orders(at: at(49)).isEmpty)
        #expect(director.orders(at: at(50)) == [.boot(.b)])
        #expect(director.orders(at: at(51)).isEmpty)
    }

    @Test func aRunEndsWhenBothAreAliveForAWhile() throws {
        var director = try director("settle: 100ms\n")
        _ = director.orders(at: at(0))
        bringUp(&director, at: 10)
        #expect(director.orders(at: at(12)).isEmpty)
        #expect(director.nextWake(after: at(12)) == at(112))
        #expect(director.orders(at: at(112)) == [.end(.finished)])
        #expect(director.nextWake(after: at(112)) == nil)
    }

    @Test func aRunDoesNotEndWhileItsProcessesAreSlowToStart() throws {
        var director = try director("settle: 100ms\n")
        #expect(director.orders(at: at(0)) == [.boot(.a), .boot(.b)])
        #expect(director.orders(at: at(0.1)).isEmpty)
        #expect(director.orders(at: at(5_000)).isEmpty)
        bringUp(&director, at: 5_001)
        #expect(director.orders(at: at(5_003)).isEmpty)
        #expect(director.orders(at: at(5_103)) == [.end(.finished)])
    }

    @Test func aVerdictOfLossStartsTheWaitingAgain() throws {
        var director = try director("settle: 100ms\n")
        _ = director.orders(at: at(0))
        bringUp(&director, at: 10)
        _ = director.orders(at: at(12))
        director.heard(event(50, .a, .verdict, verdict: "dead"))
        #expect(director.orders(at: at(112)).isEmpty)
        director.heard(event(150, .a, .verdict, verdict: "alive"))
        #expect(director.orders(at: at(150)).isEmpty)
        #expect(director.orders(at: at(250)) == [.end(.finished)])
    }

    @Test func aRunDoesNotEndBeforeBothAreReadyOnThePresentConnection() throws {
        var director = try director("settle: 100ms\n")
        _ = director.orders(at: at(0))
        bringUp(&director, at: 10)
        director.heard(event(20, .b, .retired))
        director.heard(event(21, .b, .established))
        director.heard(event(21, .b, .verdict, verdict: "alive"))
        director.heard(event(22, .b, .readySaid))
        #expect(director.orders(at: at(1_000)).isEmpty)
        director.heard(event(1_001, .b, .partnerReady))
        #expect(director.orders(at: at(1_001)).isEmpty)
        #expect(director.orders(at: at(1_101)) == [.end(.finished)])
    }

    @Test(
        arguments: [
            ("", EventName.clientReady, PartnerID.a, true), ("", .clientWaits, .a, true),
            ("", .clientWithdrawn, .b, true), ("", .portsFailed, .a, false), ("", .clientReady, .b, false),
            ("expect: [{ event: portsFailed }]\n", .portsFailed, .a, true),
        ])
    func aRunDoesNotEndBeforeAClientWithACounterpartIsReady(
        _ yaml: String, _ name: EventName, _ partner: PartnerID, _ ends: Bool
    ) throws {
        var director = try director("settle: 100ms\n" + yaml)
        _ = director.orders(at: at(0))
        bringUp(&director, at: 10)
        func line(_ milliseconds: Double, _ partner: PartnerID, _ name: EventName) -> HistoryEvent {
            var line = event(milliseconds, partner, name)
            line.fields = JSONObject([("client", .string("mirror"))])
            return line
        }
        director.heard(line(13, .a, .clientMatched))
        #expect(director.orders(at: at(1_000)).isEmpty)
        director.heard(line(1_001, partner, name))
        #expect(director.orders(at: at(1_001)).isEmpty)
        #expect(director.orders(at: at(1_101)) == (ends ? [.end(.finished)] : []))
    }

    @Test func aRunOfPartnersThatCannotUnderstandEachOtherEndsWhenBothKnow() throws {
        var director = try director(
            "settle: 100ms\npartners: { a: { settings: { protocol: { requires: [one] } } } }\n")
        _ = director.orders(at: at(0))
        for partner in PartnerID.allCases { director.heard(event(1, partner, .listening)) }
        director.heard(event(2, .a, .verdict, verdict: "incompatible"))
        #expect(director.orders(at: at(2)).isEmpty)
        director.heard(event(3, .b, .verdict, verdict: "incompatible"))
        #expect(director.orders(at: at(3)).isEmpty)
        #expect(director.orders(at: at(103)) == [.end(.finished)])
    }

    @Test func aStepFollowsAnEventAfterItsDelay() throws {
        var director = try director(
            "steps: [{ do: kill, partner: b, after: { partner: a, event: established }, delay: 30ms }]\n")
        _ = director.orders(at: at(0))
        bringUp(&director, at: 10)
        #expect(director.nextWake(after: at(12)) == at(42))
        #expect(director.orders(at: at(42)) == [.perform(0)])
        #expect(director.orders(at: at(43)).isEmpty)
    }

    @Test func aStepWaitsForTheOneAheadOfItHoweverLongThatTakes() throws {
        var director = try director(
            """
            steps:
              - { do: powerOff, partner: b, at: 20ms }
              - { do: heal, after: { partner: a, event: verdict, where: { verdict: unreachable } } }
            """)
        _ = director.orders(at: at(0))
        bringUp(&director, at: 10)
        #expect(director.orders(at: at(20)) == [.perform(0)])
        director.heard(event(150, .a, .verdict, verdict: "unreachable"))
        #expect(director.orders(at: at(150)).isEmpty)
        done(&director, 0, 400)
        #expect(director.orders(at: at(400)) == [.perform(1)])
    }

    @Test func anEventIsCountedFromTheMomentThatIsNamed() throws {
        var director = try director(
            """
            steps:
              - { do: cut, at: 20ms }
              - { do: heal, after: { partner: a, event: established, since: { step: cut }, count: 2 } }
            """)
        _ = director.orders(at: at(0))
        bringUp(&director, at: 10)
        _ = director.orders(at: at(20))
        done(&director, 0, 21)
        director.heard(event(30, .a, .established))
        #expect(director.orders(at: at(30)).isEmpty)
        director.heard(event(40, .a, .established))
        #expect(director.orders(at: at(40)) == [.perform(1)])
    }

    @Test func eventsCountInOrderOfTimeWhicheverPipeWasReadFirst() throws {
        var director = try director(
            """
            steps:
              - { do: cut, after: { partner: a, event: established, since: { partner: b, event: listening } } }
            """)
        _ = director.orders(at: at(0))
        director.heard(event(11, .a, .established))
        director.heard(event(10, .b, .listening))
        #expect(director.orders(at: at(12)) == [.perform(0)])
    }

    @Test func aRunWaitsUntilItsExpectationsAreDecided() throws {
        var director = try director(
            "settle: 10ms\nexpect: [{ never: { event: verdict, where: { verdict: dead } }, within: 500ms }]\n"
        )
        _ = director.orders(at: at(0))
        bringUp(&director, at: 10)
        #expect(director.orders(at: at(400)).isEmpty)
        #expect(director.nextWake(after: at(400)) == at(500) + .nanoseconds(1))
        #expect(director.orders(at: at(501)).isEmpty)
        #expect(director.orders(at: at(511)) == [.end(.finished)])
    }

    @Test func theDeadlineEndsARunAndSaysWhatItWaitedFor() throws {
        var director = try director(
            "deadline: 1s\nsteps: [{ do: kill, partner: b, after: { partner: a, event: failed } }]\n")
        _ = director.orders(at: at(0))
        bringUp(&director, at: 10)
        #expect(director.orders(at: at(1_000)) == [.end(.deadline("step kill-b, due after a failed"))])
    }

    @Test func aProcessThatEndsByItselfEndsTheRun() throws {
        var director = try director("")
        _ = director.orders(at: at(0))
        #expect(director.processEnded(.b, unexplained: true) == [.end(.partnerEnded(.b))])
        #expect(director.orders(at: at(10_000_000)).isEmpty)
    }

    @Test func aFailureThatIsExpectedDoesNot() throws {
        var director = try director("expect: [{ partner: b, event: failed }]\n")
        _ = director.orders(at: at(0))
        #expect(director.processEnded(.b, unexplained: true).isEmpty)
    }

    @Test func aFrozenPartnerIsNotWaitedFor() throws {
        var director = try director(
            "settle: 10ms\nsteps: [{ do: freeze, partner: b, at: 20ms }]\n")
        _ = director.orders(at: at(0))
        bringUp(&director, at: 10)
        _ = director.orders(at: at(20))
        done(&director, 0, 20)
        director.heard(event(200, .a, .verdict, verdict: "hung"))
        #expect(director.orders(at: at(200)).isEmpty)
        #expect(director.orders(at: at(210)) == [.end(.finished)])
    }

    @Test func aRunCanEndAtATimeOrAtAnEvent() throws {
        var timed = try director("until: { at: 70ms }\n")
        _ = timed.orders(at: at(0))
        #expect(timed.nextWake(after: at(0)) == at(70))
        #expect(timed.orders(at: at(70)) == [.end(.finished)])
        var anchored = try director("until: { partner: b, event: established }\n")
        _ = anchored.orders(at: at(0))
        bringUp(&anchored, at: 10)
        #expect(anchored.orders(at: at(12)) == [.end(.finished)])
    }
}
