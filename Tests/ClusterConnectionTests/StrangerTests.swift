import Testing

@testable import ClusterConnection

/// Whoever is not the partner is refused with a reason, logged once, and changes no state.
struct StrangerTests {
    /// Every state that a request can meet.
    enum Stage: CaseIterable {
        case connecting, waiting, accepting, handshaking, established

        func bench() -> Bench {
            var bench = Bench(self == .accepting ? .acceptor : .initiator)
            _ = bench.listen()
            switch self {
            case .connecting: break
            case .waiting: bench.handle(.connectFailed(bench.connection, .nobodyListens))
            case .accepting: _ = bench.requested(bench.data(.connect))
            case .handshaking: bench.reachHandshake()
            case .established: bench.establish()
            }
            return bench
        }
    }

    static func strangers(of bench: Bench) -> [(String, ConnectionPrivateData.Words?)] {
        let ownNode = bench.manager.settings.node
        return [
            ("malformed", nil),
            ("malformed", InlineArray(repeating: 0)),
            ("malformed", InlineArray(repeating: .max)),
            ("malformed", flipping(bit: 300, of: bench.data(.connect))),
            ("malformed", bench.data(.acceptance)),
            ("foreignCluster", bench.data(.connect, cluster: .foreign)),
            ("foreignCluster", bench.data(.knock, cluster: .foreign)),
            ("foreignNode", bench.data(.connect, node: .foreign)),
            ("ownIdentity", bench.data(.connect, node: ownNode)),
            ("ownIdentity", bench.data(.knock, incarnation: bench.manager.incarnation)),
        ]
    }

    @Test(arguments: Stage.allCases)
    func areRefusedWithTheReasonAndChangeNothing(stage: Stage) {
        var bench = stage.bench()
        let before = Statement(of: bench.manager)
        let strangers = Self.strangers(of: bench)
        for (reason, words) in strangers {
            let actions = bench.requested(words)
            #expect(actions.last == "reject request \(bench.request) \(reason)")
            #expect(actions.dropLast().allSatisfy { $0 == "record requestRejected \(reason)" })
        }
        #expect(Statement(of: bench.manager) == before)
        #expect(bench.manager.counters.strangersRejected == UInt64(strangers.count))
    }

    @Test func areLoggedOnceForEachReason() {
        var bench = Stage.established.bench()
        var lines: [String: Int] = [:]
        for _ in 0..<1000 {
            for (reason, words) in Self.strangers(of: bench) {
                lines[reason, default: 0] += bench.requested(words).count { $0.hasPrefix("record") }
            }
        }
        #expect(lines == ["malformed": 1, "foreignCluster": 1, "foreignNode": 1, "ownIdentity": 1])
    }

    @Test func aStrangerThatAcceptsIsNotTalkedTo() {
        let wrong: [(Bench) -> ConnectionPrivateData.Words?] = [
            { _ in nil }, { _ in InlineArray(repeating: 0) }, { $0.data(.connect) },
            { $0.data(.acceptance, cluster: .foreign) }, { $0.data(.acceptance, node: .foreign) },
            { $0.data(.acceptance, incarnation: .a) },
        ]
        for words in wrong {
            var bench = Bench(.initiator)
            _ = bench.listen()
            let actions = bench.handle(.connected(bench.connection, words(bench)))
            #expect(
                actions == [
                    "record verdict stranger strangerAccepted", "retire 1",
                    "record connectFailed strangerAccepted", "cancel attempt", "set backoff 2000000us",
                ])
        }
    }

    @Test func aKnockThatIsAcceptedMetAStranger() {
        var bench = Bench(.acceptor)
        _ = bench.listen()
        bench.handle(.connected(bench.connection, bench.data(.acceptance)))
        #expect(bench.manager.verdict == .stranger)
        #expect(bench.state == "waiting")
    }

    @Test(arguments: [RejectReason.foreignCluster, .foreignNode, .ownIdentity])
    func aSideThatIsHeldForAStrangerRetriesSlowly(reason: RejectReason) {
        var bench = Bench(.initiator)
        _ = bench.listen()
        let actions = bench.handle(
            .refused(bench.connection, Rejection(reason: reason, versions: .supported).words))
        #expect(actions.first == "record verdict stranger \(reason)")
        #expect(actions.last == "set backoff 2000000us")
    }

    @Test func aRefusalThatSaysNothingReadableGivesNoVerdict() {
        for words: Rejection.Words? in [nil, [0, 0], [.max, .max]] {
            var bench = Bench(.initiator)
            _ = bench.listen()
            let actions = bench.handle(.refused(bench.connection, words))
            #expect(actions.first == "retire 1")
            #expect(bench.manager.verdict == nil)
            #expect(bench.state == "waiting")
        }
    }
}
