import Testing

@testable import ClusterConnection

/// Events of connections that are retired, or never were, change nothing but a counter.
struct LateEventTests {
    @Test(arguments: StrangerTests.Stage.allCases)
    func ofOtherConnectionsChangeNothing(stage: StrangerTests.Stage) {
        var bench = stage.bench()
        let before = Statement(of: bench.manager)
        var count: UInt64 = 0
        for other: UInt32 in [0, 1, 2, 99, .max] where other != bench.connection.value {
            let connection = ConnectionID(value: other)
            var events: [Event] = [
                .connected(connection, bench.data(.acceptance)), .connected(connection, nil),
                .refused(connection, nil), .disconnected(connection),
            ]
            events += ConnectFailure.allCases.map { .connectFailed(connection, $0) }
            for operation in Operation.allCases {
                events += Outcome.allCases.map { .completed(connection, operation, $0, bench.partner.words) }
            }
            for event in events {
                #expect(bench.handle(event) == [])
                count += 1
            }
        }
        #expect(Statement(of: bench.manager) == before)
        #expect(bench.manager.counters.staleEvents == count)
    }

    @Test func completionsOfOperationsThatAreNotUnderWayChangeNothing() {
        var handshaking = Bench(.initiator)
        handshaking.reach(.secondRead)
        for operation in Operation.allCases where operation != .secondRead {
            let before = Statement(of: handshaking.manager)
            #expect(handshaking.complete(operation) == [])
            #expect(Statement(of: handshaking.manager) == before)
        }
        var established = Bench(.initiator)
        established.establish()
        let before = Statement(of: established.manager)
        for operation in Operation.allCases { #expect(established.complete(operation) == []) }
        #expect(Statement(of: established.manager) == before, "no heartbeat read is under way either")
        #expect(established.manager.counters.staleEvents == 5)
    }

    @Test func timersThatComeDueTooLateChangeNothing() {
        var established = Bench(.initiator)
        established.establish()
        let before = Statement(of: established.manager)
        for timer in [TimerName.attempt, .backoff, .handshake, .poll, .farewell] {
            #expect(established.handle(.timer(timer)) == [])
        }
        #expect(Statement(of: established.manager) == before)

        var waiting = StrangerTests.Stage.waiting.bench()
        for timer in [TimerName.tick, .attempt, .handshake, .poll, .farewell] {
            #expect(waiting.handle(.timer(timer)) == [])
        }
        #expect(waiting.state == "waiting")
    }

    @Test func aMailboxThatChangesWhenNobodyIsConnectedChangesNothing() {
        var bench = StrangerTests.Stage.waiting.bench()
        let before = Statement(of: bench.manager)
        #expect(bench.write(.greeting) == [])
        #expect(bench.write(.confirmation) == [])
        #expect(Statement(of: bench.manager) == before)
    }

    @Test func aSecondListeningChangesOnlyTheKeys() {
        var bench = Bench(.initiator)
        bench.establish()
        let before = Statement(of: bench.manager)
        #expect(bench.handle(.listening(statusBlockKey: 5, mailboxKey: 6)) == [])
        #expect(Statement(of: bench.manager) == before)
    }
}
