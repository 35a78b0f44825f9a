import Testing

@testable import ClusterConnection

/// Every row of the table in Link.swift, with the actions in their order.
struct TransitionTests {
    // MARK: closed

    @Test func closedConnectsOnceTheBootPortAnswers() {
        var bench = Bench(.initiator)
        #expect(
            bench.listen() == [
                "publish ccmListening beat 0 seen none", "record bootPhase ccmListening",
                "record connectStarted", "cancel backoff", "set attempt 300000us", "connect 1 connect 1",
            ])
        #expect(bench.state == "connecting")
    }

    @Test func theHigherNodeKnocks() {
        var bench = Bench(.acceptor)
        #expect(bench.listen().last == "connect 1 knock 1")
        #expect(bench.manager.counters.knocks == 1)
        #expect(bench.manager.counters.attempts == 0)
    }

    @Test func closedRefusesRequests() {
        var bench = Bench(.acceptor)
        #expect(bench.requested(bench.data(.connect)).last == "reject request 1 shuttingDown")
        #expect(bench.state == "closed")
    }

    // MARK: connecting

    @Test func connectingBeginsTheHandshakeWhenAccepted() {
        var bench = Bench(.initiator)
        _ = bench.listen()
        #expect(
            bench.handle(.connected(bench.connection, bench.data(.acceptance))) == [
                "cancel attempt", "record connected", "set handshake 1000000us", "set tick 10000us",
                "post 1 firstRead key 11", "record firstReadPosted",
            ])
        #expect(bench.state == "handshaking")
    }

    @Test(arguments: ConnectFailure.allCases)
    func connectingWaitsWhenTheAttemptFails(failure: ConnectFailure) {
        var bench = Bench(.initiator)
        _ = bench.listen()
        let actions = bench.handle(.connectFailed(bench.connection, failure))
        #expect(actions.prefix(3) == ["retire 1", "record connectFailed \(failure)", "cancel attempt"])
        #expect(actions.last?.hasPrefix("set backoff") == true)
        #expect(bench.state == "waiting")
        #expect(bench.manager.verdict == nil, "nobody has ever been there")
    }

    @Test func connectingWaitsWhenRefused() {
        var bench = Bench(.initiator)
        _ = bench.listen()
        let refusal = Rejection(reason: .shuttingDown, versions: .supported).words
        let actions = bench.handle(.refused(bench.connection, refusal))
        #expect(actions.prefix(2) == ["retire 1", "record connectFailed shuttingDown"])
        #expect(bench.state == "waiting")
    }

    @Test func connectingWaitsWhenUnanswered() {
        var bench = Bench(.initiator)
        _ = bench.listen()
        let actions = bench.handle(.timer(.attempt), after: .milliseconds(300))
        #expect(actions.prefix(2) == ["retire 1", "record connectFailed unansweredInTime"])
        #expect(bench.state == "waiting")
        #expect(bench.manager.counters.attemptsDropped == 1)
    }

    @Test func connectingAcceptsARequestAndDropsItsOwnKnock() {
        var bench = Bench(.acceptor)
        _ = bench.listen()
        #expect(
            bench.requested(bench.data(.connect)) == [
                "record requestReceived", "retire 1", "cancel attempt", "cancel backoff",
                "record requestAccepted", "set handshake 1000000us",
                "accept request 1 as 2 acceptance 1",
            ])
        #expect(bench.state == "accepting")
    }

    @Test func connectingBeginsAgainWhenKnockedAtAfterAWhile() {
        var bench = Bench(.initiator)
        _ = bench.listen()
        let young = bench.requested(bench.data(.knock), after: .milliseconds(1))
        #expect(
            young == [
                "record requestReceived", "record requestRejected initiating", "reject request 1 initiating",
            ])
        let old = bench.requested(bench.data(.knock), after: .milliseconds(50))
        #expect(old.suffix(5).first == "retire 1")
        #expect(old.last == "connect 2 connect 2")
    }

    // MARK: waiting

    @Test func waitingConnectsWhenThePauseIsOver() {
        var bench = Bench(.initiator)
        _ = bench.listen()
        bench.handle(.connectFailed(bench.connection, .nobodyListens))
        #expect(bench.handle(.timer(.backoff)).last == "connect 2 connect 2")
        #expect(bench.state == "connecting")
    }

    @Test func waitingConnectsAtOnceWhenKnockedAt() {
        var bench = Bench(.initiator)
        _ = bench.listen()
        bench.handle(.connectFailed(bench.connection, .nobodyListens))
        #expect(
            bench.requested(bench.data(.knock)) == [
                "record requestReceived", "record requestRejected initiating", "reject request 1 initiating",
                "record connectStarted", "cancel backoff", "set attempt 300000us", "connect 2 connect 2",
            ])
    }

    @Test func waitingAcceptsARequest() {
        var bench = Bench(.acceptor)
        _ = bench.listen()
        bench.handle(.connectFailed(bench.connection, .nobodyListens))
        #expect(bench.requested(bench.data(.connect)).last == "accept request 1 as 2 acceptance 1")
    }

    // MARK: accepting

    @Test func acceptingBeginsTheHandshakeWhenTheTransportIsUp() {
        var bench = Bench(.acceptor)
        _ = bench.listen()
        _ = bench.requested(bench.data(.connect))
        #expect(
            bench.handle(.connected(bench.connection, nil)) == [
                "record connected", "set handshake 1000000us", "set tick 10000us", "post 2 firstRead key 11",
                "record firstReadPosted",
            ])
    }

    @Test func acceptingWaitsWhenTheTransportNeverComesUp() {
        var bench = Bench(.acceptor)
        _ = bench.listen()
        _ = bench.requested(bench.data(.connect))
        let actions = bench.handle(.timer(.handshake), after: .seconds(1))
        #expect(actions.prefix(2) == ["retire 2", "record retired transportNeverCameUp"])
        #expect(bench.state == "waiting")
    }

    @Test func acceptingWaitsWhenTheTransportFails() {
        for event: (ConnectionID) -> Event in [
            { .connectFailed($0, .unanswered) }, { .disconnected($0) }, { .refused($0, nil) },
        ] {
            var bench = Bench(.acceptor)
            _ = bench.listen()
            _ = bench.requested(bench.data(.connect))
            #expect(bench.handle(event(bench.connection)).first == "retire 2")
            #expect(bench.state == "waiting")
            #expect(bench.manager.verdict == nil)
        }
    }

    @Test func acceptingTakesANewerAttemptInsteadOfTheOlderOne() {
        var bench = Bench(.acceptor)
        _ = bench.listen()
        _ = bench.requested(bench.data(.connect, attempt: 7))
        let actions = bench.requested(bench.data(.connect, attempt: 8))
        #expect(
            actions.prefix(3) == ["record requestReceived", "retire 2", "record retired partnerReconnects"])
        #expect(actions.last == "accept request 2 as 3 acceptance 8")
    }

    @Test func acceptingRefusesAnOlderAttempt() {
        var bench = Bench(.acceptor)
        _ = bench.listen()
        _ = bench.requested(bench.data(.connect, attempt: 7))
        let before = Statement(of: bench.manager)
        for attempt: UInt16 in [7, 6, 7 &- 0x7fff] {
            #expect(
                bench.requested(bench.data(.connect, attempt: attempt)).last?.hasSuffix("staleAttempt")
                    == true)
        }
        #expect(Statement(of: bench.manager) == before)
    }

    @Test func theNumberOfAnAttemptMayWrapAround() {
        var bench = Bench(.acceptor)
        _ = bench.listen()
        _ = bench.requested(bench.data(.connect, attempt: .max))
        #expect(
            bench.requested(bench.data(.connect, attempt: 0)).last == "accept request 2 as 3 acceptance 0")
    }

    // MARK: established

    @Test func establishedTearsDownBeforeItTakesANewIncarnation() {
        var bench = Bench(.acceptor)
        bench.establish()
        let actions = bench.requested(bench.data(.connect, incarnation: .b2))
        #expect(
            actions == [
                "record requestReceived", "retire 2", "record retired newIncarnation", "cancel exchange",
                "cancel tick", "cancel stall", "cancel handshake", "cancel poll", "clear mailbox",
                "publish ccmListening beat 0 seen none",
                "record verdict rebooted newIncarnation", "cancel attempt", actions[12], "cancel attempt",
                "cancel backoff", "record requestAccepted", "set handshake 1000000us",
                "accept request 2 as 3 acceptance 1",
            ])
        #expect(actions[12].hasPrefix("set backoff"))
    }

    @Test func establishedConnectsAnewWhenANewIncarnationKnocks() {
        var bench = Bench(.initiator)
        bench.establish()
        let actions = bench.requested(bench.data(.knock, incarnation: .b2))
        #expect(actions.contains("record verdict rebooted newIncarnation"))
        #expect(actions.last == "connect 2 connect 2")
    }

    @Test func establishedConnectsAnewWhenItsPartnerKnocksAgain() {
        var bench = Bench(.initiator)
        bench.establish()
        #expect(
            bench.requested(bench.data(.knock), after: .milliseconds(1)).count == 3, "the knock's own answer")
        let actions = bench.requested(bench.data(.knock), after: .milliseconds(300))
        #expect(actions.contains("record retired partnerReconnects"))
        #expect(actions.last == "connect 2 connect 2")
    }
}
