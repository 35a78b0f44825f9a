import ClusterConnection
import Testing

@testable import LabKit

/// The rules about clients: each holds for a good history, and has histories that break it and nothing else.
struct ExchangeRuleTests {
    private typealias Builder = HistoryBuilder

    @Test func goodRunsHold() throws {
        for run in [try Builder.goodRun(Builder.withClients), try Builder.killAndBootAgain()] {
            #expect(run.judgement.result == .held, "\(run.words)")
        }
    }

    // MARK: ready-when-both-can-receive

    @Test(
        arguments: [
            (PartnerID.a, EventName.portsMade, "before the ports were made"),
            (.b, .portsMade, "before b had done its part: the ports were made"),
            (.a, .readySaid, "before ready was said"),
            (.b, .readySaid, "before b had done its part: ready was said"),
            (.a, .partnerReady, "before the partner's ready had come"),
        ])
    func aReadyBeforeSomethingThatItNeedsBreaks(
        _ partner: PartnerID, _ missing: EventName, _ words: String
    ) throws {
        for late in [true, false] {
            var run = try Builder.goodRun(Builder.withClients)
            // b's client is not looked at: it would break as well.
            run.remove { $0.partner == .b && $0.name == .clientReady }
            if late {
                run.change({ $0.partner == partner && $0.name == missing }) {
                    $0.time = $0.time + .seconds(1)
                }
            } else {
                run.remove { $0.partner == partner && $0.name == missing }
            }
            #expect(run.brokenRules.first == .readyWhenBoth, "\(run.words)")
            #expect(run.words.contains(words), "\(run.words)")
        }
    }

    @Test func aReadyOfAnotherIncarnationBreaks() throws {
        var run = try Builder.goodRun(Builder.withClients)
        run.change({ $0.partner == .a && $0.name == .clientReady }) { event in
            event.set("partnerIncarnation", .string(Builder.incarnation(.b, 9)))
        }
        #expect(run.brokenRules.contains(.readyWhenBoth), "\(run.words)")
        #expect(run.words.contains("with which no connection was established"))
    }

    @Test func aReadyHeardFromAnotherIncarnationBreaks() throws {
        var run = try Builder.goodRun(Builder.withClients)
        run.change({ $0.partner == .a && $0.name == .partnerReady }) { event in
            event.set("partnerIncarnation", .string(Builder.incarnation(.b, 9)))
        }
        #expect(run.brokenRules == [.readyWhenBoth], "\(run.words)")
    }

    @Test func aReadyOnAConnectionThatIsGoneBreaks() throws {
        var run = try Builder.killAndBootAgain()
        run.add(
            1_213, .a, .clientReady,
            [
                ("client", .string("messenger")), ("clientNumber", .integer(1)), ("ports", .integer(1)),
                ("partnerIncarnation", .string(Builder.incarnation(.b))),
            ])
        #expect(run.brokenRules.contains(.readyWhenBoth), "\(run.words)")
        #expect(run.words.contains("which was gone"))
    }

    @Test func aLaterClientWhosePortsNoReadyFollowedBreaks() throws {
        var run = try Builder.goodRun(Builder.withClients)
        // As if the log mirror had come half a second after the ready of the others.
        run.change({ $0.text("client") == "log-mirror" }) { $0.time = $0.time + .milliseconds(500) }
        #expect(run.brokenRules == [.readyWhenBoth], "\(run.words)")
        #expect(run.words.contains("for these ports"))
        for partner in PartnerID.allCases {
            run.add(
                635.5, partner, .messageSent,
                [("kind", .string("ready")), ("connection", .integer(1)), ("number", .integer(5))])
        }
        #expect(run.judgement.result == .held, "\(run.words)")
    }

    @Test func aPartnerKilledAfterItSaidReadyNeedNotHaveLivedToWriteIt() throws {
        var run = try Builder.killAndBootAgain()
        // b's last lines are lost with it.
        run.remove { $0.incarnation == Builder.incarnation(.b) && $0.name == .clientReady }
        run.remove { $0.incarnation == Builder.incarnation(.b) && $0.name == .readySaid }
        run.change({ $0.name == .processEnded && $0.partner == .b && $0.time < Builder.instant(2_000) }) {
            $0.time = Builder.instant(136)
            $0.set("began", .integer(135_000_000))
        }
        #expect(!run.brokenRules.contains(.readyWhenBoth), "\(run.words)")
    }

    // MARK: one-loss-for-a-ready, fenced-before-told

    @Test func aLossThatIsToldTwiceBreaks() throws {
        var run = try Builder.killAndBootAgain()
        let loss = try #require(run.events.last { $0.name == .clientLost })
        run.events.append(loss)
        #expect(run.brokenRules == [.oneLossForReady], "\(run.words)")
        #expect(run.words.contains("no ready had come before"))
    }

    @Test func aLossOfAClientThatWasNeverReadyBreaks() throws {
        var run = try Builder.killAndBootAgain()
        run.remove { $0.name == .clientReady && $0.text("client") == "messenger" && $0.number("ports") == 1 }
        #expect(run.brokenRules.first == .oneLossForReady, "\(run.words)")
    }

    @Test func aLossThatIsNotToldBreaks() throws {
        var run = try Builder.killAndBootAgain()
        run.remove { $0.name == .clientLost && $0.text("client") == "messenger" }
        #expect(run.brokenRules == [.oneLossForReady], "\(run.words)")
        #expect(run.words.contains("was ready when connection 1 ended, and was not told"))
        #expect(run.words.contains("told ready again and never of the loss before"))
    }

    @Test func aLossThatIsToldOnlyOnTheNextConnectionBreaks() throws {
        var run = try Builder.killAndBootAgain()
        run.change({ $0.name == .clientLost }) { $0.time = Builder.instant(1_333) }
        #expect(run.brokenRules == [.oneLossForReady], "\(run.words)")
    }

    @Test func aLossOfAnotherIncarnationThanTheReadyBreaks() throws {
        var run = try Builder.killAndBootAgain()
        run.change({ $0.name == .clientLost }) {
            $0.set("partnerIncarnation", .string(Builder.incarnation(.b, 2)))
        }
        #expect(run.brokenRules == [.oneLossForReady], "\(run.words)")
    }

    @Test func aPartnerThatIsKilledAtTheEndOfAConnectionNeedNotTell() throws {
        var run = try Builder.goodRun(Builder.withClients)
        run.remove { $0.partner == .b && $0.time > Builder.instant(1_200) }
        run.add(1_200.5, .b, .retired, [("connection", .integer(1)), ("reason", .string("test"))])
        run.gone(.b, at: 1_201, began: 1_200, told: "kill", ("signal", 9))
        run.lose("dead", by: .a, at: 1_212)
        #expect(run.judgement.result == .held, "\(run.words)")
    }

    @Test(arguments: [EventName.retired, .portsDestroyed])
    func aLossThatIsToldBeforeConnectionAndPortsAreGoneBreaks(_ name: EventName) throws {
        for late in [true, false] {
            var run = try Builder.killAndBootAgain()
            let fence: (HistoryEvent) -> Bool = { $0.name == name && $0.partner == .a }
            if late {
                run.change(fence) { $0.time = $0.time + .nanoseconds(1) }
            } else {
                run.remove(where: fence)
            }
            #expect(run.brokenRules == [.fencedBeforeTold], "\(run.words)")
        }
    }

    @Test func aLossWithoutPortsNeedsNoPortsDestroyed() throws {
        var run = try Builder.killAndBootAgain()
        run.remove { $0.name == .portsDestroyed }
        run.change({ $0.name == .clientReady }) {
            $0.set("ports", .integer(0))
            $0.set("memory", .integer(0))
        }
        #expect(run.judgement.result == .held, "\(run.words)")
    }

    @Test func aCounterpartThatWithdrewLeavesTheConnectionStanding() throws {
        var run = try Builder.goodRun(Builder.withClients)
        let client: [(String, JSONValue)] = [
            ("client", .string("messenger")), ("clientNumber", .integer(1)),
            ("partnerIncarnation", .string(Builder.incarnation(.b))),
        ]
        run.add(
            1_500, .b, .clientLost,
            [
                ("client", .string("messenger")), ("clientNumber", .integer(1)),
                ("reason", .string("withdrew")),
                ("partnerIncarnation", .string(Builder.incarnation(.a))),
            ])
        run.add(1_500, .b, .clientWithdrawn, client)
        run.add(1_501, .a, .clientLost, client + [("reason", .string("counterpartWithdrew"))])
        #expect(run.judgement.result == .held, "\(run.words)")
    }

    // MARK: ready-again

    @Test func clientsThatAreNeverReadyBreak() throws {
        var run = try Builder.goodRun(Builder.withClients)
        run.remove { $0.partner == .a && $0.name == .clientReady && $0.text("client") == "log-mirror" }
        #expect(run.brokenRules == [.readyAgain], "\(run.words)")
        #expect(run.words.contains("a's client log-mirror was not ready 200 ms after"))
    }

    @Test func clientsThatAreReadyTooLateBreak() throws {
        var run = try Builder.goodRun(Builder.withClients)
        run.change({ $0.name == .clientReady && $0.partner == .b }) { $0.time = $0.time + .milliseconds(200) }
        #expect(run.brokenRules == [.readyAgain], "\(run.words)")
    }

    @Test func clientsThatAreNotReadyAgainAfterTheNextBootBreak() throws {
        var run = try Builder.killAndBootAgain()
        run.remove { $0.name == .clientReady && $0.time > Builder.instant(1_300) }
        #expect(run.brokenRules == [.readyAgain], "\(run.words)")
    }

    @Test func aReadyThatEndsThoughNothingHappenedBreaks() throws {
        var run = try Builder.goodRun(Builder.withClients)
        run.add(
            1_500, .a, .clientLost,
            [
                ("client", .string("messenger")), ("clientNumber", .integer(1)),
                ("reason", .string("counterpartWithdrew")),
                ("partnerIncarnation", .string(Builder.incarnation(.b))),
            ])
        #expect(run.brokenRules == [.readyAgain], "\(run.words)")
    }

    @Test func aClientThatWithdrewOwesNothing() throws {
        #expect(try withoutMirror(because: .clientWithdrawn).judgement.result == .held)
    }

    @Test func portsThatFailAreAnExcuseOnlyWhereTheyAreMeantTo() throws {
        #expect(try withoutMirror(because: .portsFailed).brokenRules == [.readyAgain])
        let meant = "expect: [{ event: portsFailed, where: { client: log-mirror } }]\n"
        #expect(try withoutMirror(because: .portsFailed, meant).judgement.result == .held)
    }

    /// The mirrors are never ready, and b's has a reason.
    private func withoutMirror(because reason: EventName, _ yaml: String = "") throws -> Builder {
        var run = try Builder.goodRun(Builder.withClients + yaml)
        run.remove { $0.name == .clientReady && $0.text("client") == "log-mirror" }
        run.add(200, .b, reason, [("client", .string("log-mirror")), ("clientNumber", .integer(2))])
        return run
    }

    @Test func aRailThatIsCutMeanwhileOwesNothing() throws {
        var run = try Builder.goodRun(Builder.withClients)
        run.remove { $0.name == .clientReady || $0.name == .firstReply }
        run.fault(.cut, nil, at: 300)
        run.remove { $0.time > Builder.instant(300) && $0.name == .runEnded }
        run.end(at: 400)
        run.remove { $0.time > Builder.instant(1_000) }
        #expect(!run.brokenRules.contains(.readyAgain), "\(run.words)")
    }

    @Test func aPartnerOfVersionOneNeedNotHearOfALaterClient() throws {
        let old = "partners: { b: { settings: { protocol: { highest: 1 } } } }\n"
        for (yaml, rules) in [(Builder.withClients, [Rule.readyAgain]), (Builder.withClients + old, [])] {
            var run = try Builder.goodRun(yaml)
            run.remove { $0.text("client") == "log-mirror" && $0.name != .clientRegistered }
            run.change({ $0.text("client") == "log-mirror" }) { $0.time = Builder.instant(600) }
            #expect(run.brokenRules == rules, "\(run.words)")
        }
    }

    // MARK: nothing-acknowledged-is-lost

    @Test func aMirrorThatFindsAllThatWasAcknowledgedHolds() throws {
        #expect(try mirror(recovered: 90).judgement.result == .held)
        #expect(try mirror(recovered: 91).judgement.result == .held)
    }

    @Test func aMirrorThatFindsLessThanWasAcknowledgedBreaks() throws {
        let run = try mirror(recovered: 89)
        #expect(run.brokenRules == [.nothingAcknowledgedIsLost], "\(run.words)")
        #expect(run.words.contains("b's mirror log-mirror found records up to 89"))
    }

    @Test func aMirrorWhosePartnerLostItsLifeMayFindNothing() throws {
        var run = try mirror(recovered: 0, of: .a, byLife: 1)
        #expect(run.judgement.result == .held, "\(run.words)")
        run.change({ $0.name == .mirrorRecovered }) { $0.set("damaged", .integer(1)) }
        #expect(run.brokenRules == [.nothingAcknowledgedIsLost], "\(run.words)")
    }

    @Test func whatTheReportOfAConnectionAcknowledgesCountsAsWell() throws {
        var run = try mirror(recovered: 90)
        run.add(
            1_199.5, .b, .mirrorReport,
            [
                ("client", .string("log-mirror")), ("highest", .integer(95)),
                ("partnerIncarnation", .string(Builder.incarnation(.a))),
            ])
        #expect(run.brokenRules == [.nothingAcknowledgedIsLost], "\(run.words)")
    }

    /// A mirror acknowledges record 90 before b is killed, and reads back `recovered` after b's next boot.
    private func mirror(recovered: Int64, of partner: PartnerID = .b, byLife life: Int = 2) throws -> Builder
    {
        var run = try Builder.killAndBootAgain()
        let client: (String, JSONValue) = ("client", .string("log-mirror"))
        run.add(1_150, partner, .mirrorAcknowledged, [client, ("highest", .integer(90))])
        run.add(
            1_400, partner, .mirrorRecovered,
            [
                client, ("highest", .integer(recovered)), ("damaged", .integer(0)), ("records", .integer(64)),
                (
                    "partnerIncarnation",
                    .string(Builder.incarnation(partner.other, partner == .b ? 1 : 2))
                ),
            ], life: life)
        return run
    }

    // MARK: incompatible

    @Test func incompatibleIsAFalseAlarmWhereBothSpeakTheSame() throws {
        var run = try Builder.goodRun()
        run.remove { $0.time > Builder.instant(135) && $0.time < Builder.instant(900) }
        run.verdict("incompatible", by: .a, at: 136)
        #expect(run.brokenRules.contains(.aliveMeansAlive), "\(run.words)")
    }

    @Test func incompatibleHoldsWhereAPartnerRequiresWhatTheOtherDoesNotKnow() throws {
        var run = try Builder.goodRun(
            Builder.minimal + "partners: { a: { settings: { protocol: { requires: [one] } } } }\n")
        run.remove { $0.time > Builder.instant(134.5) && $0.time < Builder.instant(900) }
        for partner in PartnerID.allCases { run.lose("incompatible", by: partner, at: 136) }
        #expect(run.judgement.result == .held, "\(run.words)")
    }
}

extension HistoryEvent {
    /// Puts a value into a field.
    fileprivate mutating func set(_ field: String, _ value: JSONValue) {
        fields = JSONObject(fields.fields.map { ($0.name, $0.name == field ? value : $0.value) })
    }
}
