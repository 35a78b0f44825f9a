import Testing

@testable import ClusterConnection

/// The own device or address goes away: this side's own fault, whatever it was doing with the partner.
struct RailLostTests {
    /// A name for each state, and the way to it.
    private static let states = ["waiting", "connecting", "accepting", "handshaking", "established"]

    private func reach(_ state: String, _ settings: Settings) -> Bench? {
        var bench = Bench(settings)
        switch state {
        case "waiting":
            _ = bench.listen()
            bench.handle(.connectFailed(bench.connection, .unresolved))
        case "connecting": _ = bench.listen()
        case "accepting":
            guard !settings.isInitiator else { return nil }
            _ = bench.listen()
            _ = bench.requested(bench.data(.connect))
        case "handshaking": bench.reachHandshake()
        case "established": bench.establish()
        default: return nil
        }
        return bench.state == state ? bench : nil
    }

    @Test(arguments: states, [Settings.initiator, .acceptor])
    func endsEverythingAndLeavesNoTimerArmed(_ state: String, _ settings: Settings) throws {
        if state == "accepting", settings.isInitiator { return }
        var bench = try #require(reach(state, settings))
        let connection = bench.connection
        var armed: Set<TimerName> = Set(TimerName.allCases).subtracting([.farewell])
        // Which of the others are armed differs by state; those that it may have armed have to be cancelled.
        switch state {
        case "waiting", "connecting": armed = [.attempt, .backoff]
        case "accepting": armed = [.handshake]
        case "handshaking": armed = [.handshake, .poll]
        default: armed = [.tick, .exchange, .stall]
        }
        var retired: [ConnectionID] = []
        for action in bench.handled(.railLost()) {
            switch action {
            case .cancelTimer(let name, _): armed.remove(name)
            case .setTimer(let name, _, _): armed.insert(name)
            case .retire(let connection): retired.append(connection)
            case .connect, .accept, .reject, .readStatusBlock, .writeMailbox, .send, .makePorts,
                .connectPorts,
                .finished:
                Issue.record("\(action.text(at: bench.now)) needs a rail")
            case .publish, .clearMailbox, .destroyPorts, .notify, .record: break
            }
        }
        #expect(armed.isEmpty)
        #expect(retired == (state == "waiting" ? [] : [connection]))
        #expect(bench.state == "closed")
        #expect(bench.manager.rails[0].block.partnerSeen == .none)
        #expect(bench.manager.watchesMailbox(of: .first) == false)
    }

    @Test(arguments: [Settings.initiator, .acceptor])
    func withdrawsAliveAndAccusesNobody(_ settings: Settings) {
        var bench = Bench(settings)
        bench.establish()
        #expect(bench.manager.verdict == .alive)
        let actions = bench.handle(.railLost())
        #expect(bench.manager.verdict == nil)
        #expect(actions.contains("record verdict none railLost"), "\(actions)")
    }

    @Test func keepsAVerdictThatThereWasEvidenceFor() {
        var bench = Bench(.initiator)
        bench.establish()
        bench.handle(.disconnected(bench.connection))
        #expect(bench.manager.verdict == .dead)
        let actions = bench.handle(.railLost())
        #expect(bench.manager.verdict == .dead)
        #expect(!actions.contains { $0.contains("verdict") })
    }

    @Test(arguments: [Settings.initiator, .acceptor])
    func beginsAnewWhenTheRailIsBackWithOtherKeys(_ settings: Settings) {
        var bench = Bench(settings)
        bench.establish()
        bench.handle(.railLost())
        let before = bench.manager.rails[0].block.phase
        let actions = bench.handled(.listening(statusBlockKey: 77, mailboxKey: 78), after: .seconds(9))
        #expect(bench.state == "connecting")
        #expect(bench.manager.rails[0].block.phase == before)
        let sent = actions.compactMap { action -> ConnectionPrivateData? in
            if case .connect(_, let words) = action { return try? ConnectionPrivateData(words: words) }
            return nil
        }
        #expect(sent.first?.statusBlockKey == 77)
        #expect(sent.first?.mailboxKey == 78)
        bench.establish()
        #expect(bench.manager.verdict == .alive)
    }

    @Test(arguments: [Settings.initiator, .acceptor])
    func hearsNothingOfWhatWasRetiredWithIt(_ settings: Settings) {
        var bench = Bench(settings)
        bench.establish()
        let connection = bench.connection
        bench.handle(.railLost())
        for late in [
            Event.disconnected(connection), .connected(connection, nil),
            .completed(connection, .heartbeatRead, .flushed, nil), .connectFailed(connection, .local),
        ] {
            let actions = bench.handle(late)
            #expect(actions.isEmpty, "\(actions)")
        }
        for timer in TimerName.allCases {
            let actions = bench.handle(.timer(timer))
            #expect(actions.isEmpty, "\(timer): \(actions)")
        }
        #expect(bench.state == "closed")
    }

    @Test func refusesThoseWhoComeWhileItIsGone() {
        var bench = Bench(.acceptor)
        bench.establish()
        bench.handle(.railLost())
        let actions = bench.requested(bench.data(.connect, attempt: 9))
        #expect(actions.last?.hasPrefix("reject") == true, "\(actions)")
        #expect(bench.state == "closed")
    }

    @Test func isNothingToACCMThatHasNoneYet() {
        var bench = Bench(.initiator)
        #expect(bench.handle(.railLost()).isEmpty)
        #expect(bench.state == "closed")
    }

    @Test(arguments: [Settings.initiator, .acceptor])
    func endsAGoodbyeAtOnce(_ settings: Settings) {
        var bench = Bench(settings)
        bench.establish()
        bench.handle(.stop)
        let actions = bench.handle(.railLost())
        #expect(actions.last == "finished", "\(actions)")
        #expect(bench.handle(.railLost()).isEmpty)
    }

    @Test func aStopWhileItIsGoneEndsAtOnce() {
        var bench = Bench(.initiator)
        bench.establish()
        bench.handle(.railLost())
        #expect(bench.handle(.stop).last == "finished")
    }
}
