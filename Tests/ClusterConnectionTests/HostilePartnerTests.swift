import Testing

@testable import ClusterConnection

/// An established partner that breaks one rule: each as small as it can be told.
struct HostilePartnerTests {
    private static let version: UInt16 = 2

    /// One manager, established, with a client of four ports, and a partner that has said who it is.
    private func open(_ settings: Settings = .initiator) throws -> (Bench, ClientID) {
        var bench = Bench(settings)
        let client = ClientID(value: 1)
        bench.handle(.register(client, try information("mirror", ports: 4)))
        bench.establish()
        say(
            .peerInformation, 1,
            PeerInformation(versions: .supported, role: .storageSystem, capabilities: []).payload, &bench)
        return (bench, client)
    }

    private func information(
        _ name: String, ports: UInt32, memory: UInt64 = 4_096
    ) throws -> ClientInformation {
        ClientInformation(name: try #require(Name(name)), role: .symmetric, ports: ports, memory: memory)
    }

    @discardableResult
    private func say(
        _ kind: Message.Kind, _ number: UInt32, _ payload: [UInt8], _ bench: inout Bench
    ) -> [String] {
        let message = Message(
            kind, version: Self.version, number: number, writer: bench.partner.incarnation,
            reader: bench.manager.incarnation, payload: payload)
        return bench.handle(.received(bench.connection, message.bytes))
    }

    private func set(_ number: UInt32, ports: UInt32, client: UInt16 = 9) throws -> [UInt8] {
        ClientSet(
            number: number,
            entries: [
                .init(client: ClientID(value: client), information: try information("mirror", ports: ports))
            ]
        ).payload(version: Self.version)
    }

    private func table(ports: UInt32, own: UInt16, partner: UInt16) -> PortTable {
        PortTable(
            pair: ClientPair(own: ClientID(value: own), partner: ClientID(value: partner)),
            ports: (0..<ports).map { .init(queuePair: 20 + $0, firstPacket: 0) }, memoryAddress: 0x10_0000,
            memoryByteCount: 4_096, memoryKey: 7)
    }

    // MARK: Clients

    /// The ports were made for what was agreed: a number that stands for other wishes is another client.
    @Test func aClientThatChangesItsWishesUnderItsNumberGetsOtherPorts() throws {
        var (bench, client) = try open()
        #expect(say(.clientInformation, 2, try set(1, ports: 2), &bench).contains(#"make 1 ["1:2"]"#))
        let own = table(ports: 2, own: client.value, partner: 9)
        bench.handle(.portsMade(bench.connection, [own]))
        let changed = say(.clientInformation, 3, try set(2, ports: 4), &bench)
        #expect(changed.contains("destroy 1 [1]"))
        #expect(changed.contains(#"make 1 ["1:4"]"#))
    }

    /// A ready that was said of ports which are gone says nothing of those that come after them.
    @Test func anOldReadyIsNotTakenForThatOfNewPorts() throws {
        var (bench, client) = try open()
        let ready = ReadyPairs(pairs: [ClientPair(own: ClientID(value: 9), partner: client)]).payload
        func makeAndJoin(_ number: UInt32) {
            bench.handle(.portsMade(bench.connection, [table(ports: 2, own: client.value, partner: 9)]))
            say(
                .portInformation, number,
                PortTables(tables: [table(ports: 2, own: 9, partner: client.value)]).payload, &bench)
        }
        func connected() -> [String] {
            bench.handle(
                .portsConnected(
                    bench.connection, [ClientPair(own: client, partner: ClientID(value: 9))]))
        }
        say(.clientInformation, 2, try set(1, ports: 2), &bench)
        makeAndJoin(3)
        say(.ready, 4, ready, &bench)
        #expect(connected().contains("record clientReady"))
        bench.partner.messagesTaken = bench.manager.exchange.sent
        bench.beat()
        // The client withdraws and comes back under the number that it had.
        say(.clientInformation, 5, ClientSet(number: 2, entries: []).payload(version: 2), &bench)
        say(.clientInformation, 6, try set(3, ports: 2), &bench)
        makeAndJoin(7)
        #expect(!connected().contains("record clientReady"))
        #expect(say(.ready, 8, ready, &bench).contains("record clientReady"))
    }

    /// The driver's own answer to an order that was taken back meanwhile.
    @Test func aFailureOfPortsThatAreReadyIsStale() throws {
        var (bench, client) = try open()
        say(.clientInformation, 2, try set(1, ports: 2), &bench)
        let pair = ClientPair(own: client, partner: ClientID(value: 9))
        bench.handle(.portsMade(bench.connection, [table(ports: 2, own: client.value, partner: 9)]))
        say(
            .portInformation, 3, PortTables(tables: [table(ports: 2, own: 9, partner: client.value)]).payload,
            &bench)
        say(
            .ready, 4, ReadyPairs(pairs: [ClientPair(own: ClientID(value: 9), partner: client)]).payload,
            &bench)
        bench.handle(.portsConnected(bench.connection, [pair]))
        #expect(bench.handle(.portsFailed(bench.connection, pair)) == [])
        #expect(
            bench.handle(.disconnected(bench.connection)).contains { $0.hasPrefix("notify 1 lost") },
            "who was told ready is told lost")
    }

    // MARK: Messages

    /// Each of eight receives is filled at once; the ninth message came without anybody having told of a receive.
    @Test func messagesThatNobodyKnewAReceiveForEndTheConnection() throws {
        var (bench, _) = try open()
        let empty = ReadyPairs(pairs: []).payload
        for number in UInt32(2)...8 { say(.ready, number, empty, &bench) }
        #expect(bench.state == "established")
        bench.beat()
        for number in UInt32(9)...16 { say(.ready, number, empty, &bench) }
        #expect(bench.state == "established", "the beat has told that there is room again")
        #expect(say(.ready, 17, empty, &bench).contains("record exchangeFailed tooMany"))
        #expect(bench.state == "waiting")
        #expect(bench.manager.verdict == .incompatible)
    }

    @Test func aMessageThatDoesNotFitItsReceiveEndsTheConnection() throws {
        var (bench, _) = try open()
        #expect(bench.handle(.overlong(bench.connection)).contains("record exchangeFailed tooLong"))
        #expect(bench.manager.verdict == .incompatible)
        bench = Bench(.acceptor)
        bench.reachHandshake()
        #expect(
            bench.handle(.overlong(bench.connection)).contains("record handshakeFailed tooLong"))
    }

    /// Nobody can be established with a side whose transport is not even up.
    @Test func aMessageBeforeTheTransportIsUpEndsTheConnection() {
        var bench = Bench(.acceptor)
        _ = bench.listen()
        _ = bench.requested(bench.data(.connect))
        #expect(bench.state == "accepting")
        #expect(bench.handle(.received(bench.connection, [])).contains("record retired outOfOrder"))
        #expect(bench.manager.counters.violations == 1)
    }

    // MARK: The mailbox

    /// Established only between two incarnations that each saw the other: the greeting is what shows the partner's.
    @Test func aConfirmationWithoutAGreetingIsNone() {
        var bench = Bench(.initiator)
        bench.reachHandshake()
        _ = bench.complete(.firstRead)
        _ = bench.complete(.firstWrite)
        bench.partner.partnerSeen = bench.manager.incarnation
        _ = bench.complete(.secondRead)
        #expect(bench.write(.confirmation) == [])
        #expect(!bench.complete(.secondWrite).contains("record established"))
        #expect(bench.state == "handshaking")
        #expect(bench.write(.greeting).contains("record established"), "both lie there now")
    }

    /// Who takes its confirmation back before this side has looked has not confirmed, whatever it says then.
    @Test func aConfirmationThatWasWrittenOverBeforeItWasSeenIsNone() {
        var bench = Bench(.initiator)
        bench.reachConfirmation()
        #expect(bench.handle(.received(bench.connection, [])) == [], "waits for the establishment")
        for word in 4..<8 { bench.mailbox[word] = 0 }
        #expect(bench.handle(.mailbox(bench.mailbox)) == [])
        #expect(
            bench.handle(.timer(.handshake), after: bench.manager.settings.handshakeTimeout)
                .contains("record handshakeFailed deadline"))
    }

    // MARK: Memory

    @Test func aRefusedAccessIsNamedWithTheConnectionOrTheClientThatItCameOver() throws {
        var (bench, client) = try open()
        let port = bench.handled(.accessRefused(queuePair: 21, bench.connection, client)).first?.record
        #expect(port?.event == .accessRefused)
        #expect(port?["queuePair"] == "21")
        #expect(port?["client"] == "mirror")
        #expect(port?["connection"] == "\(bench.connection.value)")
        let own = bench.handled(.accessRefused(queuePair: 17, bench.connection, nil)).first?.record
        #expect(own?["client"] == nil)
        #expect(own?["connection"] == "\(bench.connection.value)")
        let gone = bench.handled(.accessRefused(queuePair: 18, nil, nil)).first?.record
        #expect(gone?["connection"] == nil)
        #expect(gone?["count"] == "3")
        #expect(bench.state == "established", "its own work tells what became of the connection")
    }

    /// However often a partner comes back to try again.
    @Test func refusedAccessesWithoutEndFillNoHistory() {
        var bench = Bench(.initiator)
        var lines = 0
        for round in 0..<10_000 {
            if round % 100 == 0 {
                bench.rebootPartner()
                bench.partner.incarnation = Incarnation(value: UInt64(round) + 1_000)
                bench.establish()
                bench.beat()
            }
            lines += bench.handle(.accessRefused(queuePair: 17, bench.connection, nil)).count
            if round % 100 == 99 { bench.handle(.disconnected(bench.connection)) }
        }
        #expect(bench.manager.counters.accessesRefused == 10_000)
        #expect(bench.manager.counters.established == 100, "each of them was a connection")
        #expect(lines == 64 + 7, "the first 64, then 128, 256, 512 ... 8,192")
    }

    // MARK: The status block

    @Test func aHeartbeatThatGoesBackEndsTheConnection() throws {
        var (bench, _) = try open()
        bench.partner.heartbeat = 1_000
        bench.beat()
        bench.partner.heartbeat = 500
        #expect(bench.beat().contains("record retired heartbeatWentBack"))
        #expect(bench.manager.verdict == .incompatible)
    }

    @Test func aBootPhaseThatGoesBackEndsTheConnection() throws {
        var (bench, _) = try open()
        bench.partner.phase = .storageOSActive
        bench.beat()
        #expect(bench.state == "established")
        bench.partner.phase = .storageOSLoading
        #expect(bench.beat().contains("record retired phaseWentBack"))
        // Nor on a connection after that: it is still the same life.
        bench.handle(.timer(.backoff), after: .seconds(2))
        bench.reachHandshake()
        #expect(bench.complete(.firstRead).contains("record handshakeFailed phaseWentBack"))
        // Another life begins at the beginning.
        bench.rebootPartner()
        bench.partner.phase = .ccmListening
        bench.handle(.timer(.backoff), after: .seconds(2))
        bench.establish()
        #expect(bench.state == "established")
    }
}
