import Testing

@testable import ClusterConnection

/// The messages' bytes as docs/protocol.md lays them out, and that they are read as they are written.
struct MessageTests {
    /// Numbers of clients, at the writer and at the reader.
    private static let pairs = [
        ClientPair(own: ClientID(value: 7), partner: ClientID(value: 9)),
        ClientPair(own: ClientID(value: 8), partner: ClientID(value: 10)),
    ]

    private func name(_ text: String) throws -> Name { try #require(Name(text)) }

    // MARK: The frame

    @Test func aMessageTravelsAsTheLayoutSays() {
        let message = Message(
            .ready, version: 2, number: 3, writer: .a, reader: .b,
            payload: ReadyPairs(pairs: Self.pairs).payload)
        #expect(
            hexLines(message.bytes) == [
                "43 43 4d 4d 04 00 02 00",  //  0 "CCMM", kind 4, version 2
                "0c 00 00 00 03 00 00 00",  //  8 12 bytes of payload, number 3
                "18 17 16 15 14 13 12 11",  // 16 the writer's incarnation
                "28 27 26 25 24 23 22 21",  // 24 the reader's
                "02 00 00 00 07 00 09 00",  // 32 two pairs, zero, 7 with 9
                "08 00 0a 00 be da 37 da",  // 40 8 with 10, CRC-32C of bytes 0 to 43
            ])
    }

    @Test(arguments: Message.Kind.allCases)
    func aMessageComesBackAsItWasWritten(kind: Message.Kind) throws {
        for length in [0, 1, 7, 8, 300, Message.payloadCapacity] {
            let message = Message(
                kind, version: 1, number: .max, writer: .a, reader: .b,
                payload: [UInt8](repeating: 0xa5, count: length))
            #expect(try Message(bytes: message.bytes) == message)
        }
    }

    @Test func aMessageIsRefusedWithAnySingleBitTurnedAndAtAnyOtherLength() {
        let whole = Message(
            .ready, version: 2, number: 3, writer: .a, reader: .b,
            payload: ReadyPairs(pairs: Self.pairs).payload
        ).bytes
        for bit in 0..<whole.count * 8 {
            var bytes = whole
            bytes[bit / 8] ^= 1 << UInt8(bit % 8)
            #expect(throws: WireError.self, "bit \(bit)") { try Message(bytes: bytes) }
        }
        for length in 0..<whole.count {
            #expect(throws: WireError.self, "\(length) bytes") { try Message(bytes: Array(whole[..<length])) }
        }
        #expect(throws: WireError.self) { try Message(bytes: whole + [0]) }
        #expect(throws: WireError.tooLong) {
            try Message(bytes: [UInt8](repeating: 0, count: Message.capacity + 1))
        }
        #expect(throws: WireError.badMagic) {
            try Message(bytes: [UInt8](repeating: 0, count: Message.capacity))
        }
    }

    // MARK: The payloads

    @Test func peerInformationTravelsAsTheLayoutSays() throws {
        let information = PeerInformation(
            versions: .of(1, 2), role: .applicationServer,
            capabilities: [
                .init(name: try name("ab"), isRequired: true),
                .init(name: try name("c-d"), isRequired: false),
            ])
        #expect(
            hexLines(information.payload) == [
                "01 00 02 00 02 00 02 00",  //  0 versions 1 to 2, application server, zero, two capabilities
                "01 02 61 62 00 03 63 2d",  //  8 required, 2 characters; not required, 3 characters
                "64",
            ])
        #expect(try PeerInformation(payload: information.payload) == information)
    }

    @Test func clientInformationTravelsAsTheLayoutSays() throws {
        let set = ClientSet(
            number: 5,
            entries: [
                .init(
                    client: ClientID(value: 0x0102),
                    information: ClientInformation(
                        name: try name("log-mirror"), role: .active, ports: 0x0304_0506,
                        memory: 0x0708_090a_0b0c_0d0e))
            ])
        let entry = [
            "02 01 01 0a 06 05 04 03",  //  0 the client's number, active, 10 characters, ports
            "0e 0d 0c 0b 0a 09 08 07",  //  8 bytes of memory
            "6c 6f 67 2d 6d 69 72 72",  // 16 the name
            "6f 72 00 00 00 00 00 00",  // 24 zeros behind it
            "00 00 00 00 00 00 00 00",  // 32
            "00 00 00 00 00 00 00 00",  // 40
        ]
        // Version 2: the set's number, one client, 48 bytes an entry.
        #expect(hexLines(set.payload(version: 2)) == ["05 00 00 00 01 00 30 00"] + entry)
        #expect(try ClientSet(payload: set.payload(version: 2), version: 2) == set)
        // Version 1: one set in a connection's life, without a number.
        let old = set.payload(version: 1)
        #expect(hexLines(Array(old[..<4])) == ["01 00 30 00"])
        #expect(hexLines(Array(old[4...])) == entry)
        #expect(try ClientSet(payload: old, version: 1).entries == set.entries)
    }

    @Test func portInformationTravelsAsTheLayoutSays() throws {
        let table = PortTable(
            pair: Self.pairs[0],
            ports: [
                .init(queuePair: 0x0001_0203, firstPacket: 0x0004_0506),
                .init(queuePair: 0x00ff_ffff, firstPacket: 0),
            ],
            memoryAddress: 0x1112_1314_1516_1718, memoryByteCount: 0x2000, memoryKey: 0x3132_3334)
        let payload = PortTables(tables: [table]).payload
        #expect(
            hexLines(payload) == [
                "01 00 00 00 00 00 00 00",  //  0 one table, zeros
                "07 00 09 00 02 00 00 00",  //  0 7 at the sender, 9 at the receiver, two ports
                "18 17 16 15 14 13 12 11",  //  8 address of the memory
                "00 20 00 00 00 00 00 00",  // 16 bytes of it
                "34 33 32 31 00 00 00 00",  // 24 its key, zero
                "03 02 01 00 06 05 04 00",  // 32 queue pair, first packet
                "ff ff ff 00 00 00 00 00",  // 40
            ])
        var read = table
        read.pair = ClientPair(own: Self.pairs[0].partner, partner: Self.pairs[0].own)
        #expect(try PortTables(payload: payload).tables == [read], "the reader's client is its own")
    }

    @Test func refusalsTravelAsTheLayoutSays() throws {
        let refusal = Refusal(
            reason: .unknownCapability, versions: .of(1, 2), capability: try name("time-travel"))
        #expect(
            hexLines(refusal.payload) == [
                "02 00 00 0b 01 00 02 00",  //  0 reason 2, zero, 11 characters, versions 1 to 2
                "74 69 6d 65 2d 74 72 61",  //  8 the name
                "76 65 6c",
            ])
        #expect(try Refusal(payload: refusal.payload) == refusal)
        let plain = Refusal(reason: .noCommonVersion, versions: .of(1, 2))
        #expect(hexLines(plain.payload) == ["01 00 00 00 01 00 02 00"])
        #expect(try Refusal(payload: plain.payload) == plain)
    }

    // MARK: What a newer version may add, and what no version may

    @Test func reservedBytesAndBytesOfANewerVersionAreSkipped() throws {
        let information = PeerInformation(versions: .of(1, 2), role: .storageSystem, capabilities: [])
        var payload = information.payload + [1, 2, 3]
        payload[5] = 0xff
        #expect(try PeerInformation(payload: payload) == information)

        let entry = ClientSet.Entry(
            client: ClientID(value: 1),
            information: ClientInformation(name: try name("x"), role: .symmetric, ports: 1, memory: 1))
        payload = ClientSet(number: 1, entries: [entry]).payload(version: 2)
        // Two bytes longer entries, and something behind them.
        payload[6] = 50
        payload += [9, 9, 9]
        #expect(try ClientSet(payload: payload, version: 2).entries == [entry])

        payload = ReadyPairs(pairs: Self.pairs).payload + [7]
        payload[2] = 1
        #expect(try ReadyPairs(payload: payload).pairs.count == 2)
        payload = PortTables(tables: []).payload + [7]
        payload[7] = 1
        #expect(try PortTables(payload: payload).tables == [])
        payload = Refusal(reason: .noCommonVersion, versions: .of(1, 2)).payload + [7]
        payload[2] = 1
        #expect(try Refusal(payload: payload).capability == nil)
    }

    @Test func setsThatMakeNoSenseAreRefused() throws {
        func entry(_ client: UInt16, _ text: String) throws -> ClientSet.Entry {
            ClientSet.Entry(
                client: ClientID(value: client),
                information: ClientInformation(
                    name: try name(text), role: .symmetric, ports: .max, memory: .max))
        }
        func read(_ entries: [ClientSet.Entry], number: UInt32 = 1) throws -> ClientSet {
            try ClientSet(
                payload: ClientSet(number: number, entries: entries).payload(version: 2), version: 2)
        }
        let most = try (0..<64).map { try entry($0, "client-\($0)") }
        #expect(try read(most).entries.count == 64)
        #expect(throws: WireError.tooLong) { try read(most + [try entry(64, "one-too-many")]) }
        #expect(throws: WireError.badField, "a number twice") {
            try read([try entry(1, "a"), try entry(1, "b")])
        }
        #expect(throws: WireError.badField, "a name twice") {
            try read([try entry(1, "a"), try entry(2, "a")])
        }
        #expect(throws: WireError.badField, "set number 0") { try read([], number: 0) }
        let payload = ClientSet(number: 1, entries: [try entry(1, "ab")]).payload(version: 2)
        // Where the entry lies, and what is wrong there: no entry that short, no such role, no name, a name longer
        // than its field, a character that no name has.
        for (place, value, error) in [
            (6, 47, WireError.badField), (10, 3, .badField), (11, 0, .badField), (11, 33, .tooShort),
            (24, 0x20, .badField), (4, 2, .tooShort),
        ] as [(Int, UInt8, WireError)] {
            var wrong = payload
            wrong[place] = value
            #expect(throws: error, "byte \(place)") { try ClientSet(payload: wrong, version: 2) }
        }
    }

    @Test func portsThatCannotBeAreRefused() {
        func read(_ change: (inout PortTable) -> Void) throws -> PortTables {
            var table = PortTable(
                pair: Self.pairs[0], ports: [.init(queuePair: 2, firstPacket: 3)], memoryAddress: 0x1000,
                memoryByteCount: 0x1000, memoryKey: 1)
            change(&table)
            return try PortTables(payload: PortTables(tables: [table]).payload)
        }
        #expect(throws: Never.self) { try read { _ in } }
        #expect(throws: WireError.badField, "memory past the last address") {
            try read { $0.memoryAddress = .max - 0xfff }
        }
        #expect(throws: WireError.badField) { try read { $0.memoryByteCount = .max } }
        #expect(throws: WireError.badField) { try read { $0.ports[0].queuePair = 0x0100_0000 } }
        #expect(throws: WireError.badField) { try read { $0.ports[0].firstPacket = 0x0100_0000 } }
        var payload = PortTables(tables: []).payload
        payload[0] = 65
        #expect(throws: WireError.tooLong) { try PortTables(payload: payload) }
        payload[0] = 64
        #expect(throws: WireError.tooShort) { try PortTables(payload: payload) }
    }

    @Test func aTableThatClaimsMorePortsThanTheMessageHoldsIsRefusedBeforeItTakesMemory() {
        let table = PortTable(
            pair: Self.pairs[0], ports: [], memoryAddress: 0, memoryByteCount: 0, memoryKey: 0)
        var payload = PortTables(tables: [table]).payload
        for place in 12..<16 { payload[place] = 0xff }
        #expect(throws: WireError.tooShort) { try PortTables(payload: payload) }
    }
}
