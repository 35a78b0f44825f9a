import FuzzingSupport
import Testing

@testable import ClusterConnection

/// Whatever a partner sends as a message is read or refused: nothing traps, and what is read is bounded and comes
/// back unchanged when it is written again.
struct MessageFuzzTests {
    private static let rounds = Fuzzing.rounds(5_000)

    /// What is read out of a payload, whichever kind it is of.
    private enum Content: Hashable {
        case peer(PeerInformation)
        case clients(ClientSet, version: UInt16)
        case ports(PortTables)
        case ready(ReadyPairs)
        case refusal(Refusal)

        init(_ kind: Message.Kind, version: UInt16, payload: [UInt8]) throws(WireError) {
            switch kind {
            case .peerInformation: self = .peer(try PeerInformation(payload: payload))
            case .clientInformation:
                self = .clients(try ClientSet(payload: payload, version: version), version: version)
            case .portInformation: self = .ports(try PortTables(payload: payload))
            case .ready: self = .ready(try ReadyPairs(payload: payload))
            case .refusal: self = .refusal(try Refusal(payload: payload))
            }
        }

        /// As the side that read it would send it: own and partner's clients change places.
        var payload: [UInt8] {
            switch self {
            case .peer(let information): information.payload
            case .clients(let set, let version): set.payload(version: version)
            case .ports(let tables):
                PortTables(
                    tables: tables.tables.map {
                        var table = $0
                        table.pair = ClientPair(own: $0.pair.partner, partner: $0.pair.own)
                        return table
                    }
                ).payload
            case .ready(let ready):
                ReadyPairs(pairs: ready.pairs.map { ClientPair(own: $0.partner, partner: $0.own) }).payload
            case .refusal(let refusal): refusal.payload
            }
        }

        /// Whether it holds no more than the protocol lets a message hold.
        func isBounded(by byteCount: Int) -> Bool {
            switch self {
            case .peer(let information):
                information.capabilities.count <= PeerInformation.capabilityLimit
                    && information.versions.lowest <= information.versions.highest
            case .clients(let set, _):
                set.entries.count <= ClientSet.limit && set.number > 0
                    && Set(set.entries.map(\.client)).count == set.entries.count
                    && Set(set.entries.map(\.information.name)).count == set.entries.count
            case .ports(let tables):
                tables.tables.count <= ClientSet.limit
                    && tables.tables.reduce(0) { $0 + $1.ports.count } * 8 <= byteCount
                    && tables.tables.allSatisfy {
                        !$0.memoryAddress.addingReportingOverflow($0.memoryByteCount).overflow
                            && $0.ports.allSatisfy { max($0.queuePair, $0.firstPacket) < 1 << 24 }
                    }
            case .ready(let ready): ready.pairs.count <= ClientSet.limit
            case .refusal: true
            }
        }
    }

    /// What came of all the tries.
    private struct Tally {
        var tries = 0
        var read = 0
        var refused: [WireError: Int] = [:]

        mutating func add(_ result: Result<Bool, WireError>) {
            tries += 1
            switch result {
            case .success: read += 1
            case .failure(let error): refused[error, default: 0] += 1
            }
        }

        func say(_ name: String) {
            let reasons = refused.sorted { "\($0.key.name)" < "\($1.key.name)" }
                .map { "\($0.value) \($0.key.name)" }.joined(separator: ", ")
            print("fuzz: \(name): \(tries) messages, \(read) read, refused: \(reasons)")
        }
    }

    @Test func randomBytesAreNoMessage() {
        var generator = SplitMix64(seed: 11)
        var tally = Tally()
        for round in 0..<Self.rounds {
            let count = Int.random(in: 0...(round % 50 == 0 ? Message.capacity + 9 : 200), using: &generator)
            var bytes = Fuzzing.bytes(count, using: &generator)
            if round % 2 == 0, count > 12 {
                // Past the first checks: the magic, and now and then the length.
                for byte in 0..<4 { bytes[byte] = [0x43, 0x43, 0x4d, 0x4d][byte] }
                if round % 4 == 0, count >= 36 {
                    bytes.replaceSubrange(8..<12, with: littleEndian(count - 36))
                }
            }
            tally.add(tried { () throws(WireError) in _ = try Message(bytes: bytes) })
        }
        tally.say("random bytes")
        #expect(tally.read == 0)
    }

    /// The right header over any payload: what stands behind the checksum is reached each time.
    @Test(arguments: Message.Kind.allCases, [UInt16(1), 2])
    func anyPayloadUnderTheRightHeaderIsReadOrRefused(kind: Message.Kind, version: UInt16) {
        var generator = SplitMix64(seed: UInt64(kind.rawValue) << 8 | UInt64(version))
        var tally = Tally()
        for round in 0..<Self.rounds {
            let count = Int.random(
                in: 0...(round % 200 == 0 ? Message.payloadCapacity : 120), using: &generator)
            var payload = Fuzzing.bytes(count, using: &generator)
            // Small numbers, or no count would ever fit what follows.
            for index in payload.indices where generator.next() % 8 != 0 {
                payload[index] &= UInt8(truncatingIfNeeded: generator.next() & 3)
            }
            tally.add(check(kind, version, payload))
        }
        tally.say("any payload of \(kind.name), version \(version)")
    }

    /// Whole messages with one to three things wrong, sealed again.
    @Test(arguments: Message.Kind.allCases, [UInt16(1), 2])
    func mutatedPayloadsAreReadOrRefused(kind: Message.Kind, version: UInt16) {
        var generator = SplitMix64(seed: UInt64(kind.rawValue) << 16 | UInt64(version))
        var tally = Tally()
        for _ in 0..<Self.rounds {
            let whole = sample(kind, version, using: &generator)
            #expect(throws: Never.self) { try Content(kind, version: version, payload: whole) }
            let payload = Fuzzing.mutate(whole, using: &generator)
            guard payload.count <= Message.payloadCapacity else { continue }
            tally.add(check(kind, version, payload))
        }
        tally.say("mutated \(kind.name), version \(version)")
        #expect(tally.read > 0 && !tally.refused.isEmpty, "both ways were tried")
    }

    /// The same, not sealed again: whatever was changed, the checksum finds it.
    @Test func mutatedMessagesAreRefused() {
        var generator = SplitMix64(seed: 12)
        var tally = Tally()
        for _ in 0..<Self.rounds {
            let kind = Message.Kind.allCases.randomElement(using: &generator) ?? .ready
            let whole = message(kind, 2, sample(kind, 2, using: &generator)).bytes
            let bytes = Fuzzing.mutate(whole, using: &generator)
            guard bytes != whole else { continue }
            tally.add(tried { () throws(WireError) in _ = try Message(bytes: bytes) })
        }
        tally.say("mutated messages")
        #expect(tally.read == 0)
    }

    // MARK: -

    /// Through the frame, as it would come: read, bounded, and the same when written and read again.
    private func check(
        _ kind: Message.Kind, _ version: UInt16, _ payload: [UInt8]
    ) -> Result<Bool, WireError> {
        let whole = message(kind, version, payload)
        guard let read = try? Message(bytes: whole.bytes), read == whole else {
            Issue.record("a sealed message is not read: \(hexLines(whole.bytes))")
            return .failure(.badField)
        }
        return tried { () throws(WireError) in
            let content = try Content(kind, version: version, payload: read.payload)
            let again = try Content(kind, version: version, payload: content.payload)
            if again != content || !content.isBounded(by: payload.count) {
                Issue.record("\(hexLines(payload)) was read as \(content), then as \(again)")
            }
        }
    }

    private func tried(_ read: () throws(WireError) -> Void) -> Result<Bool, WireError> {
        do throws(WireError) {
            try read()
            return .success(true)
        } catch {
            return .failure(error)
        }
    }

    private func message(_ kind: Message.Kind, _ version: UInt16, _ payload: [UInt8]) -> Message {
        Message(kind, version: version, number: 1, writer: .a, reader: .b, payload: payload)
    }

    private func littleEndian(_ value: Int) -> [UInt8] {
        (0..<4).map { UInt8(truncatingIfNeeded: value >> ($0 * 8)) }
    }

    /// A payload as the other side might send it.
    private func sample(
        _ kind: Message.Kind, _ version: UInt16, using generator: inout SplitMix64
    ) -> [UInt8] {
        let count = Int.random(in: 0...4, using: &generator)
        let names = (0..<count).compactMap { Name("client-\($0)") }
        switch kind {
        case .peerInformation:
            return PeerInformation(
                versions: .of(1, .random(in: 1...3, using: &generator)), role: .storageSystem,
                capabilities: names.map { .init(name: $0, isRequired: generator.next() % 2 == 0) }
            ).payload
        case .clientInformation:
            let entries = names.enumerated().map { index, name in
                ClientSet.Entry(
                    client: ClientID(value: UInt16(index)),
                    information: ClientInformation(
                        name: name, role: ClientRole.allCases.randomElement(using: &generator) ?? .symmetric,
                        ports: .random(in: 0...9, using: &generator), memory: generator.next()))
            }
            return ClientSet(number: .random(in: 1...9, using: &generator), entries: entries)
                .payload(version: version)
        case .portInformation:
            return PortTables(
                tables: (0..<count).map { index in
                    PortTable(
                        pair: ClientPair(
                            own: ClientID(value: UInt16(index)), partner: ClientID(value: UInt16(index))),
                        ports: (0..<UInt32.random(in: 0...5, using: &generator)).map {
                            .init(queuePair: 17 + $0, firstPacket: $0)
                        }, memoryAddress: generator.next() >> 20,
                        memoryByteCount: generator.next() >> 20, memoryKey: 3)
                }
            ).payload
        case .ready:
            return ReadyPairs(
                pairs: (0..<count).map {
                    ClientPair(own: ClientID(value: UInt16($0)), partner: ClientID(value: UInt16($0)))
                }
            ).payload
        case .refusal:
            return Refusal(
                reason: .unknownCapability, versions: .supported, capability: names.first
            ).payload
        }
    }
}
