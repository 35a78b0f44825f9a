import Addressing
import ClusterConnection
import Testing

@testable import LabKit

/// Every claim can be followed in a good history, and each has a history that contradicts it.
struct ClaimTests {
    private static let twoServers =
        "partners:\n  a: { settings: { role: applicationServer } }\n"
        + "  b: { settings: { role: applicationServer } }\n"

    @Test(arguments: Claim.allCases)
    func everyClaimIsShownByAGoodRun(_ claim: Claim) throws {
        let run = try HistoryBuilder.goodRun(
            "\(HistoryBuilder.withClients)addressing: wwn\nclaims: [\(claim.rawValue)]\n"
                + (claim == .c9 ? Self.twoServers : ""))
        #expect(run.judgement.result == .held, "\(run.words)")
        let standings = run.judgement.claims.map(\.standing)
        if claim == .c28 || claim == .c31 {
            #expect(standings == [.notApplicable("a began the connection itself"), .shown])
        } else {
            #expect(standings == [.shown, .shown])
        }
        #expect(run.judgement.claims.allSatisfy { $0.standing != .shown || $0.evidence.count >= 2 })
    }

    @Test(
        arguments: [
            (Claim.c2, EventName.firstReadPosted, "address", JSONValue.string("0xdead")),
            (.c15, .connectStarted, "gid", .string("::ffff:10.77.0.9")),
            (.c15, .connectStarted, "port", .integer(1)),
            (.c15, .firstWritePosted, "address", .string("0xdead")),
            (.c16, .secondReadPosted, "address", .string("0xdead")),
            (.c17, .connectStarted, "address", .string("10.77.0.2")),
            (.c17, .connectStarted, "address", .string("50:2c:c0:00:00:00:00:03")),
            (.c17, .connectStarted, "gid", .string("fd63:636d:2d77:776e:502c:c000:0:3")),
            (.c17, .connectStarted, "gid", .null),
            (.c19, .firstReadCompleted, "phase", .string("storageOSActive")),
        ])
    func aClaimThatTheEventsContradictBreaks(
        _ claim: Claim, _ name: EventName, _ field: String, _ value: JSONValue
    ) throws {
        var run = try HistoryBuilder.goodRun(
            "\(HistoryBuilder.minimal)addressing: wwn\nclaims: [\(claim.rawValue)]\n")
        run.change {
            $0.partner == .a && $0.name == name
        } to: { event in
            event.fields = JSONObject(
                event.fields.fields.map { ($0.name, $0.name == field ? value : $0.value) })
        }
        #expect(run.brokenRules == [.claimed], "\(run.words)")
    }

    @Test(arguments: RailAddress.Kind.allCases)
    func onlyAWWNShowsThatTheHardwareAddressIsAFibreChannelIdentifier(_ kind: RailAddress.Kind) throws {
        let run = try HistoryBuilder.goodRun(
            "\(HistoryBuilder.minimal)addressing: \(kind.rawValue)\nclaims: [C15, C17]\n")
        #expect(run.brokenRules == (kind == .wwn ? [] : [.claimed]), "\(run.words)")
        #expect(run.judgement.claims.filter { $0.claim == .c15 }.map(\.standing) == [.shown, .shown])
    }

    @Test(arguments: [Claim.c1a, .c1b, .c1e, .c20, .c21])
    func aConnectionAfterTheStorageOSContradictsTheClaimsThatSayBefore(_ claim: Claim) throws {
        var run = try HistoryBuilder.goodRun(
            "\(HistoryBuilder.minimal)claims: [\(claim.rawValue)]\nbounds: { connect: 100ms }\n")
        let late: (HistoryEvent) -> Bool = { event in
            event.time > HistoryBuilder.instant(130.2) && event.name != .bootPhase
                || (claim == .c1a && event.text("phase") == "ccmStarting")
        }
        run.shift(late, by: 1_000)
        #expect(run.brokenRules.contains(.claimed), "\(run.words)")
    }

    @Test func aClaimThatTheBootsMadeImpossibleIsNotApplicableForThatPartner() throws {
        var run = HistoryBuilder(
            scenario: try ScenarioParser.parse("\(HistoryBuilder.minimal)claims: [C1b]\n", file: "test.yaml"))
        run.add(0, nil, .runStarted)
        run.boot(.a, at: 1)
        run.boot(.b, at: 5_001)
        run.connect(at: 5_031)
        run.end(at: 5_500)
        let standings = run.judgement.claims.map(\.standing)
        #expect(standings.first == .shown)
        guard case .notApplicable = standings.last else {
            Issue.record("b read a whose storage OS was long active: \(standings)")
            return
        }
        #expect(run.judgement.result == .held)
    }

    @Test func aSecondReadThatComesOnceMoreLaterContradictsNothing() throws {
        var run = try HistoryBuilder.goodRun("\(HistoryBuilder.minimal)claims: [C1e]\n")
        run.add(133.4, .a, .secondReadCompleted, [("connection", .integer(1))])
        #expect(run.judgement.result == .held, "\(run.words)")
    }

    @Test func claimsThatCannotBeFollowedAreOneCaseForEachPartner() throws {
        var run = try HistoryBuilder.goodRun("\(HistoryBuilder.minimal)claims: [C1a, C1b, C21]\n")
        run.remove { $0.time > HistoryBuilder.instant(130.2) && $0.time < HistoryBuilder.instant(900) }
        let claimed = run.judgement.broken.filter { $0.rule == .claimed }
        #expect(
            claimed.map(\.explanation) == [
                "C1a, C1b, C21 for a: a never established a connection",
                "C1a, C1b, C21 for b: b never established a connection",
            ])
    }

    // MARK: The exchange

    @Test(
        arguments: [
            (Claim.c3, EventName.clientReady), (.c3, .portsMade), (.c3, .readySaid), (.c3, .partnerReady),
            (.c4, .peerInformation), (.c5, .clientRegistered), (.c5, .messageSent), (.c23, .clientReady),
            (.c23, .clientMatched), (.c24, .firstReply), (.c28, .requestAccepted),
            (.c28, .firstReadCompleted),
        ])
    func aClaimOfWhichALineIsMissingBreaks(_ claim: Claim, _ missing: EventName) throws {
        var run = try HistoryBuilder.goodRun("\(HistoryBuilder.withClients)claims: [\(claim.rawValue)]\n")
        run.remove { $0.name == missing }
        #expect(run.brokenRules.contains(.claimed), "\(run.words)")
    }

    @Test(
        arguments: [
            (Claim.c4, EventName.peerInformation, "version", JSONValue.integer(1)),
            (.c4, .peerInformation, "partnerHighest", .integer(7)),
            (.c5, .clientInformation, "clients", .integer(1)),
            (.c6, .clientInformation, "ports", .integer(1)),
            (.c7, .clientInformation, "memory", .integer(4_096)),
            (.c8, .peerInformation, "role", .string("applicationServer")),
            (.c24, .firstReply, "partnerIncarnation", .string(HistoryBuilder.incarnation(.b, 9))),
            (.c32, .stopped, "beats", .integer(0)),
        ])
    func aNumberThatIsNotTheOneThatWasSentBreaks(
        _ claim: Claim, _ name: EventName, _ field: String, _ value: JSONValue
    ) throws {
        var run = try HistoryBuilder.goodRun("\(HistoryBuilder.withClients)claims: [\(claim.rawValue)]\n")
        run.change {
            $0.name == name
        } to: { event in
            event.fields = JSONObject(
                event.fields.fields.map { ($0.name, $0.name == field ? value : $0.value) })
        }
        #expect(run.brokenRules == [.claimed], "\(run.words)")
    }

    @Test func theRolesOfAnUnlikePairAreEachShownByTheOther() throws {
        let run = try HistoryBuilder.goodRun(
            "\(HistoryBuilder.withClients)claims: [C8, C9]\npartners: { b: { settings: { role: applicationServer } } }\n"
        )
        #expect(run.judgement.result == .held, "\(run.words)")
        #expect(
            run.judgement.claims.map(\.standing) == [
                .notApplicable("b's role is applicationServer"), .shown, .shown,
                .notApplicable("a's role is storageSystem"),
            ])
    }

    @Test func whereNobodyRunsClientsTheirClaimsCannotBeCited() throws {
        let run = try HistoryBuilder.goodRun("\(HistoryBuilder.minimal)claims: [C3, C5, C23, C24]\n")
        #expect(run.brokenRules == [.claimed])
        #expect(run.judgement.broken.count == 4, "\(run.words)")
    }

    @Test func clientsThatAreReadyAfterTheStorageOSContradictThatTheyAreConnectedBefore() throws {
        var run = try HistoryBuilder.goodRun(
            "\(HistoryBuilder.withClients)claims: [C20, C21]\nbounds: { connect: 100ms }\n")
        run.change {
            $0.name == .clientReady || $0.name == .firstReply
        } to: {
            $0.time = $0.time + .milliseconds(1_000)
        }
        let broken = run.judgement.broken.filter { $0.rule == .claimed }
        #expect(broken.count == 2 && broken.allSatisfy { $0.explanation.hasPrefix("C20") }, "\(run.words)")
    }
}
