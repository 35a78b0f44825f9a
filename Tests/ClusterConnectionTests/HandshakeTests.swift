import Testing

@testable import ClusterConnection

struct HandshakeTests {
    @Test(arguments: [true, false])
    func isReadWriteReadWriteAndTheEstablishment(initiator: Bool) {
        let settings = initiator ? Settings.initiator : .acceptor
        var bench = Bench(settings)
        bench.reachHandshake()
        let connection = bench.connection.value
        let pair = settings.isInitiator ? "a->b" : "b->a"
        #expect(
            bench.complete(.firstRead) == [
                "post \(connection) firstWrite greeting \(pair) key 12",
                "record firstReadCompleted ccmListening", "record firstWritePosted",
                "record partnerPhase ccmListening",
            ])
        #expect(
            bench.complete(.firstWrite) == [
                "post \(connection) secondRead key 11", "record firstWriteCompleted",
                "record secondReadPosted",
            ])
        bench.partner.partnerSeen = bench.manager.incarnation
        #expect(
            bench.complete(.secondRead) == [
                "post \(connection) secondWrite confirmation \(pair) key 12",
                "record secondReadCompleted ccmListening", "record secondWritePosted",
            ])
        #expect(
            bench.write(.greeting) == [
                "publish ccmListening beat 0 seen \(settings.isInitiator ? "b" : "a")", "record greetingSeen",
            ])
        #expect(bench.complete(.secondWrite) == ["record secondWriteCompleted", "set poll 250us"])
        #expect(
            bench.write(.confirmation) == [
                "record confirmationSeen", "cancel handshake", "cancel poll", "record established",
                "record verdict alive established", "set stall 60000000us", "set exchange 5000000us",
                "send \(bench.connection.value) peerInformation", "record messageSent",
            ])
        #expect(bench.state == "established")
        #expect(bench.manager.verdict == .alive)
        #expect(bench.manager.counters.established == 1)
    }

    @Test func isEstablishedByTheOwnWriteTwoWhenTheConfirmationCameFirst() {
        var bench = Bench(.initiator)
        bench.reachHandshake()
        _ = bench.complete(.firstRead)
        _ = bench.complete(.firstWrite)
        bench.partner.partnerSeen = .a
        _ = bench.write(.greeting)
        _ = bench.complete(.secondRead)
        _ = bench.write(.confirmation)
        #expect(bench.state == "handshaking", "write 2 is still under way")
        #expect(bench.complete(.secondWrite).contains("record established"))
    }

    @Test func takesAGreetingThatCameBeforeTheTransportWasKnownToBeUp() {
        var acceptor = Bench(.acceptor)
        _ = acceptor.listen()
        _ = acceptor.requested(acceptor.data(.connect))
        #expect(acceptor.write(.greeting) == ["publish ccmListening beat 0 seen a"])
        #expect(acceptor.handle(.connected(acceptor.connection, nil)).last == "record greetingSeen")

        var initiator = Bench(.initiator)
        _ = initiator.listen()
        #expect(initiator.write(.greeting) == [])
        let actions = initiator.handle(.connected(initiator.connection, initiator.data(.acceptance)))
        #expect(actions.suffix(2) == ["publish ccmListening beat 0 seen b", "record greetingSeen"])
    }

    // MARK: Read 2

    @Test func readTwoIsRepeatedUntilThePartnerHasLooked() {
        var bench = Bench(.initiator)
        bench.reachHandshake()
        _ = bench.complete(.firstRead)
        _ = bench.complete(.firstWrite)
        #expect(bench.complete(.secondRead) == ["post 1 secondRead key 11", "record secondReadPosted"])
        #expect(bench.complete(.secondRead) == ["post 1 secondRead key 11", "record secondReadPosted"])
        #expect(bench.complete(.secondRead) == ["set poll 250us"])
        #expect(bench.handle(.timer(.poll), after: .microseconds(250)).first == "post 1 secondRead key 11")
        bench.partner.partnerSeen = .a
        #expect(bench.complete(.secondRead).first == "post 1 secondWrite confirmation a->b key 12")
    }

    @Test func readTwoIsNotSatisfiedByAPartnerThatSawAnother() {
        var bench = Bench(.initiator)
        bench.reachHandshake()
        _ = bench.complete(.firstRead)
        _ = bench.complete(.firstWrite)
        bench.partner.partnerSeen = .b2
        #expect(bench.complete(.secondRead).first == "post 1 secondRead key 11")
    }

    @Test func aThousandRepeatsTakeADozenLinesOfHistory() {
        var bench = Bench(.initiator)
        bench.reachHandshake()
        _ = bench.complete(.firstRead)
        _ = bench.complete(.firstWrite)
        var lines = 0
        for _ in 0..<1000 {
            lines += bench.complete(.secondRead).count { $0.hasPrefix("record") }
            lines += bench.handle(.timer(.poll), after: .microseconds(250)).count { $0.hasPrefix("record") }
        }
        #expect(lines <= 12)
        #expect(bench.state == "handshaking")
    }

    @Test(arguments: [Operation.firstRead, .secondRead])
    func aTornBlockIsReadAgain(operation: Operation) {
        var bench = Bench(.initiator)
        bench.reachHandshake()
        if operation == .secondRead {
            _ = bench.complete(.firstRead)
            _ = bench.complete(.firstWrite)
        }
        let torn = flipping(bit: 330, of: bench.partner.words)
        let actions = bench.handle(.completed(bench.connection, operation, .success, torn))
        #expect(actions.first == "post 1 \(operation) key 11")
        #expect(bench.manager.counters.tornReads == 1)
        #expect(bench.state == "handshaking")
    }

    // MARK: What ends it

    @Test(arguments: [Operation.firstRead, .secondRead])
    func aBlockOfTheWrongOneFailsIt(operation: Operation) {
        let wrong: [(String, (inout StatusBlock) -> Void)] = [
            ("incarnationChanged", { $0.incarnation = .b2 }),
            ("strangersBlock", { $0.cluster = .foreign }),
            ("strangersBlock", { $0.node = .foreign }),
        ]
        for (reason, change) in wrong {
            var bench = Bench(.initiator)
            bench.reachHandshake()
            if operation == .secondRead {
                _ = bench.complete(.firstRead)
                _ = bench.complete(.firstWrite)
            }
            change(&bench.partner)
            let actions = bench.complete(operation)
            #expect(
                actions.prefix(3) == [
                    "record handshakeFailed \(reason)", "retire 1", "record retired \(reason)",
                ])
            #expect(bench.state == "waiting")
            #expect(bench.manager.verdict == nil)
        }
    }

    @Test func aBlockOfAnotherProtocolFailsIt() {
        var bench = Bench(.initiator)
        bench.reachHandshake()
        let garbage: StatusBlock.Words = InlineArray(repeating: 0x4141_4141_4141_4141)
        #expect(
            bench.handle(.completed(bench.connection, .firstRead, .success, garbage)).first
                == "record handshakeFailed badMagic")
        bench.reachHandshake()
        #expect(
            bench.handle(.completed(bench.connection, .firstRead, .success, nil)).first
                == "record handshakeFailed tooShort")
    }

    @Test(arguments: [Operation.firstRead, .firstWrite, .secondRead, .secondWrite])
    func anyFailedOperationFailsItAndNamesTheStep(operation: Operation) {
        for outcome in Outcome.allCases where outcome != .success {
            var bench = Bench(.initiator)
            bench.reach(operation)
            let actions = bench.handled(.completed(bench.connection, operation, outcome, nil))
            #expect(actions.first?.record?["step"] == "\(operation)")
            #expect(actions.first?.record?["reason"] == "\(outcome)")
            #expect(bench.state == "waiting")
            #expect(bench.manager.counters.handshakesFailed == 1)
        }
    }

    @Test(arguments: [Operation.firstRead, .firstWrite, .secondRead, .secondWrite])
    func theDeadlineFailsItAndNamesTheStep(operation: Operation) {
        var bench = Bench(.acceptor)
        bench.reach(operation)
        let actions = bench.handled(.timer(.handshake), after: .milliseconds(5))
        #expect(actions.first?.record?["step"] == "\(operation)")
        #expect(actions.first?.record?["reason"] == "deadline")
        #expect(bench.state == "waiting")
    }

    @Test func theDeadlineAlsoEndsTheWaitForTheConfirmation() {
        var bench = Bench(.initiator)
        bench.reachConfirmation()
        #expect(bench.handle(.timer(.poll)) == ["set poll 250us"])
        let actions = bench.handled(.timer(.handshake))
        #expect(actions.first?.record?["step"] == "confirmation")
    }

    @Test func aDisconnectFailsIt() {
        var bench = Bench(.initiator)
        bench.reachHandshake()
        #expect(bench.handle(.disconnected(bench.connection)).first == "record handshakeFailed disconnected")
    }

    // MARK: The pair of incarnations

    @Test(arguments: [MailboxSlot.Kind.greeting, .confirmation])
    func aSlotOfAnotherPairOfIncarnationsIsNotSeen(kind: MailboxSlot.Kind) {
        for (writer, reader) in [(Incarnation.b2, Incarnation.a), (.b, .b2), (.none, .none), (.a, .b)] {
            var bench = Bench(.initiator)
            if kind == .greeting { bench.reachHandshake() } else { bench.reachConfirmation() }
            let before = Statement(of: bench.manager)
            #expect(
                bench.write(kind, writer: writer, reader: reader) == [],
                "the \(kind) of \(writer.short) for \(reader.short) belongs to another pair")
            #expect(Statement(of: bench.manager) == before)
        }
    }

    @Test func nothingOfTheOldHandshakeServesTheNext() {
        var bench = Bench(.initiator)
        bench.establish()
        bench.handle(.disconnected(bench.connection))
        #expect(bench.manager.rails[0].block.partnerSeen == .none)
        bench.partner.partnerSeen = .none
        bench.reachHandshake()
        _ = bench.complete(.firstRead)
        _ = bench.complete(.firstWrite)
        bench.partner.partnerSeen = .a
        _ = bench.complete(.secondRead)
        #expect(bench.complete(.secondWrite) == ["record secondWriteCompleted", "set poll 250us"])
        #expect(bench.state == "handshaking", "the old confirmation was cleared with the mailbox")
    }
}

extension Bench {
    /// Up to this operation being under way.
    mutating func reach(_ operation: Operation) {
        reachHandshake()
        if operation == .firstRead { return }
        _ = complete(.firstRead)
        if operation == .firstWrite { return }
        _ = complete(.firstWrite)
        if operation == .secondRead { return }
        partner.partnerSeen = manager.incarnation
        _ = complete(.secondRead)
    }
}
