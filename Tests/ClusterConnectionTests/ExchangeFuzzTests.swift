import FuzzingSupport
import Testing

@testable import ClusterConnection

/// A partner that has come as far as being established, and from there on does whatever comes to its mind. Nothing
/// traps, nothing grows, no client is told what is not so, and what breaks a rule ends the connection.
struct ExchangeFuzzTests {
    @Test(arguments: [true, false], [UInt64(1), 2])
    func aManagerSurvivesAPartnerThatDoesAsItPleases(initiates: Bool, seed: UInt64) {
        var fuzz = PartnerAtWill(initiates ? .initiator : .acceptor, seed: seed)
        for _ in 0..<Fuzzing.rounds(4_000) { fuzz.step() }
        let watch = fuzz.watch
        #expect(watch.mostActions < 64)
        // The deep end was reached, and both kinds of wrong things were met there.
        #expect(fuzz.counts["client ready", default: 0] > 50)
        #expect(fuzz.counts["skipped", default: 0] > 4)
        #expect(watch.endings["protocolViolation", default: 0] > 50)
        let counts = fuzz.counts.sorted { $0.key < $1.key }.map { "\($0.value) \($0.key)" }
        let endings = watch.endings.sorted { $0.key < $1.key }.map { "\($0.value) \($0.key)" }
        print(
            "fuzz: exchange, \(initiates ? "initiator" : "acceptor"), seed \(seed): \(watch.events) events, at most"
                + " \(watch.mostActions) actions each; \(counts.joined(separator: ", ")); ended by"
                + " \(endings.joined(separator: ", "))")
    }
}

/// Plays a manager's partner and its driver, now by the rules, now against them.
private struct PartnerAtWill {
    var bench: Bench
    let watch = ExchangeWatch()
    var counts: [String: Int] = [:]
    private var generator: SplitMix64
    private var said: [[UInt8]] = []
    private var number: UInt32 = 0
    private var set = ClientSet(number: 0, entries: [])
    private var lives: UInt64 = 0
    private var clients: UInt16 = 0
    private static let names = ["one", "two", "three", "four"].compactMap { Name($0) }

    init(_ settings: Settings, seed: UInt64) {
        var settings = settings
        settings.clientLimits.clients = 4
        settings.clientLimits.ports = 64
        bench = Bench(settings, seed: seed)
        generator = SplitMix64(seed: seed ^ settings.node.value << 32)
        let watch = watch
        bench.observe = { watch.see($0, $1) }
    }

    private mutating func chance(_ one: Int, in many: Int) -> Bool {
        Int.random(in: 0..<many, using: &generator) < one
    }

    mutating func step() {
        guard case .established = bench.manager.rails[0].link else { return begin() }
        switch Int.random(in: 0..<20, using: &generator) {
        case 0..<7: sayWhatIsDue()
        case 7..<11: beat()
        case 11..<14: drive()
        case 14: clientsComeAndGo()
        case 15: beatWrongly()
        case 16: driveWrongly()
        case 17: happen()
        default: if chance(1, in: 3) { sayWhatIsWrong() }
        }
        watch.check(bench.manager)
    }

    /// A new life of the partner, or now and then the old one again, gets established.
    private mutating func begin() {
        if bench.manager.incompatiblePartner == bench.partner.incarnation || chance(4, in: 5) || lives == 0 {
            lives += 1
            bench.partner.incarnation = Incarnation(value: lives << 8)
            bench.partner.phase = .ccmListening
        }
        bench.partner.partnerSeen = .none
        bench.partner.messagesTaken = 0
        bench.partner.heartbeat += 1
        bench.mailbox = InlineArray(repeating: 0)
        // What it says before this side is established waits, once.
        bench.reachHandshake()
        number = 0
        said = []
        set = ClientSet(number: 0, entries: [])
        if case .handshaking = bench.manager.rails[0].link, chance(1, in: 10) {
            say(.peerInformation, information)
            if chance(1, in: 2) { say(.peerInformation, information) }
        }
        if case .handshaking = bench.manager.rails[0].link {
            _ = bench.complete(.firstRead)
            _ = bench.complete(.firstWrite)
            bench.partner.partnerSeen = bench.manager.incarnation
            _ = bench.complete(.secondRead)
            _ = bench.write(.greeting)
            _ = bench.complete(.secondWrite)
            _ = bench.write(.confirmation)
        }
        if case .established = bench.manager.rails[0].link { counts["established", default: 0] += 1 }
        watch.check(bench.manager)
    }

    // MARK: By the rules

    private var information: [UInt8] {
        PeerInformation(versions: .supported, role: .storageSystem, capabilities: []).payload
    }

    private func message(_ kind: Message.Kind, _ payload: [UInt8], number: UInt32) -> Message {
        let version = bench.manager.exchange.version
        return Message(
            kind, version: version, number: number, writer: bench.partner.incarnation,
            reader: bench.manager.incarnation, payload: payload)
    }

    private mutating func say(_ kind: Message.Kind, _ payload: [UInt8]) {
        number += 1
        tell(message(kind, payload, number: number).bytes)
    }

    private mutating func tell(_ bytes: [UInt8]) {
        said.append(bytes)
        if said.count > 16 { said.removeFirst() }
        let before = watch.ready.count
        bench.handled(.received(bench.connection, bytes))
        if watch.ready.count > before { counts["client ready", default: 0] += watch.ready.count - before }
        counts["messages", default: 0] += 1
    }

    /// The next message that this partner owes.
    private mutating func due() -> (Message.Kind, [UInt8]) {
        let exchange = bench.manager.exchange
        switch exchange.standing {
        case .none, .greeting, .refused: return (.peerInformation, information)
        case .open: break
        }
        if exchange.partnerSet == nil || chance(1, in: 12) { return (.clientInformation, nextSet()) }
        let tables = exchange.registrations.compactMap { table(for: $0) }
        if !tables.isEmpty { return (.portInformation, PortTables(tables: tables).payload) }
        return (
            .ready, ReadyPairs(pairs: exchange.registrations.compactMap { turned($0.ports.pair) }).payload
        )
    }

    private mutating func sayWhatIsDue() {
        let (kind, payload) = due()
        say(kind, payload)
    }

    private mutating func nextSet() -> [UInt8] {
        var entries: [ClientSet.Entry] = []
        for (index, name) in Self.names.enumerated() where !chance(1, in: 4) {
            let old = set.entries.first { $0.information.name == name }
            if let old, !chance(1, in: 6) {
                entries.append(old)
                continue
            }
            entries.append(
                ClientSet.Entry(
                    client: ClientID(value: UInt16(index) + (chance(1, in: 2) ? 100 : 200)),
                    information: ClientInformation(
                        name: name, role: .symmetric, ports: .random(in: 0...3, using: &generator),
                        memory: chance(1, in: 8) ? .max : 4_096)))
        }
        set = ClientSet(number: set.number + 1, entries: entries)
        return set.payload(version: bench.manager.exchange.version)
    }

    private func turned(_ pair: ClientPair?) -> ClientPair? {
        pair.map { ClientPair(own: $0.partner, partner: $0.own) }
    }

    private func table(for registration: Exchange.Registration) -> PortTable? {
        guard let pair = turned(registration.ports.pair), registration.partnerTable == nil,
            let entry = bench.manager.exchange.partnerSet?.entries.first(where: { $0.client == pair.own })
        else { return nil }
        let agreed = registration.information.agreed(with: entry.information)
        return PortTable(
            pair: pair,
            ports: (0..<agreed.ports).map { .init(queuePair: 20 + $0, firstPacket: 7) },
            memoryAddress: 0x7000_0000, memoryByteCount: agreed.memory, memoryKey: 77)
    }

    private mutating func beat() {
        bench.partner.heartbeat += 1
        bench.partner.messagesTaken = bench.manager.exchange.sent
        bench.handled(.timer(.tick), after: bench.manager.settings.heartbeatInterval)
        bench.handled(.completed(bench.connection, .heartbeatRead, .success, bench.partner.words))
    }

    /// The driver does what it was asked for.
    private mutating func drive() {
        let connection = bench.connection
        if !watch.orders.isEmpty {
            let tables = watch.orders.map(made)
            watch.orders = []
            bench.handled(.portsMade(connection, tables))
        } else if !watch.joins.isEmpty {
            let pairs = watch.joins.map(\.pair)
            watch.joins = []
            let before = watch.ready.count
            bench.handled(.portsConnected(connection, pairs))
            counts["client ready", default: 0] += max(0, watch.ready.count - before)
        } else {
            bench.handled(.sent(connection, .success))
        }
    }

    private func made(_ order: PortOrder) -> PortTable {
        PortTable(
            pair: order.pair, ports: (0..<order.ports).map { .init(queuePair: 50 + $0, firstPacket: 1) },
            memoryAddress: 0x5000_0000, memoryByteCount: order.memory, memoryKey: 5)
    }

    private mutating func clientsComeAndGo() {
        let registrations = bench.manager.exchange.registrations
        if registrations.count > 1, chance(1, in: 4), let one = registrations.randomElement(using: &generator)
        {
            bench.handled(.withdraw(one.client))
        } else if let name = Self.names.randomElement(using: &generator) {
            clients &+= 1
            bench.handled(
                .register(
                    ClientID(value: clients),
                    ClientInformation(
                        name: name, role: .symmetric, ports: .random(in: 0...4, using: &generator),
                        memory: [0, 4_096, 8_192].randomElement(using: &generator) ?? 0)))
        }
    }

    // MARK: Against them

    /// Says something that no rule allows, or that one allows and nobody expects.
    private mutating func sayWhatIsWrong() {
        let (kind, payload) = due()
        let whole = message(kind, payload, number: number + 1)
        let connection = bench.connection
        switch Int.random(in: 0..<10, using: &generator) {
        case 0:
            // Not sealed again: the checksum finds it.
            let bytes = Fuzzing.mutate(whole.bytes, using: &generator)
            guard bytes != whole.bytes else { return }
            tell(bytes)
            expectEnd(of: connection, "a torn message")
        case 1, 2:
            // Sealed again: whatever it now says is taken, or refused.
            let changed = Fuzzing.mutate(payload, using: &generator)
            guard changed.count <= Message.payloadCapacity else { return }
            say(kind, changed)
        case 3:
            guard let old = said.randomElement(using: &generator) else { return }
            tell(old)
            expectEnd(of: connection, "a message a second time")
        case 4:
            sayWhatIsDue()
            guard bench.connection == connection, case .established = bench.manager.rails[0].link else {
                return
            }
            tell(said.last ?? [])
            expectEnd(of: connection, "a message twice")
        case 5:
            // Another kind than is due, with whatever it says.
            say(Message.Kind.allCases.randomElement(using: &generator) ?? .ready, payload)
        case 6: skipOne(whole)
        case 7:
            let wrong = Message(
                kind, version: whole.version, number: number + (chance(1, in: 2) ? 1 : 2),
                writer: chance(1, in: 2) ? .a : bench.partner.incarnation, reader: .b2, payload: payload)
            tell(wrong.bytes)
            expectEnd(of: connection, "a message of other incarnations")
        case 8:
            let sizes = [0, 1, 35, 36, 4_096, Message.capacity, Message.capacity + 1]
            tell([UInt8](repeating: 0, count: sizes.randomElement(using: &generator) ?? 0))
            expectEnd(of: connection, "zeros")
        default: overrun(connection)
        }
    }

    /// A kind that need not be known.
    private mutating func skipOne(_ whole: Message) {
        number += 1
        var bytes = whole.bytes
        bytes[5] = 0x80
        bytes.removeLast(4)
        var crc = CRC32C()
        crc.update(bytes.span.bytes)
        let sum = crc.checksum
        bytes += (0..<4).map { UInt8(truncatingIfNeeded: sum >> UInt32($0 * 8)) }
        let isOverrun = bench.manager.exchange.received &- bench.manager.exchange.shown >= Exchange.window
        let before = Statement(of: bench.manager)
        tell(bytes)
        guard !isOverrun else { return }
        var after = Statement(of: bench.manager)
        after.block.messagesTaken = before.block.messagesTaken
        if before != after { Issue.record("an optional message changed something") }
        counts["skipped", default: 0] += 1
    }

    /// More messages than there can have been receives for, or one that met a receive too small.
    private mutating func overrun(_ connection: ConnectionID) {
        if chance(1, in: 2) {
            bench.handled(.overlong(connection))
        } else {
            for _ in 0...Exchange.window {
                guard bench.connection == connection, case .established = bench.manager.rails[0].link else {
                    return
                }
                say(.ready, ReadyPairs(pairs: []).payload)
            }
        }
        expectEnd(of: connection, "too much")
    }

    private mutating func expectEnd(of connection: ConnectionID, _ what: String) {
        counts["wrong", default: 0] += 1
        if case .established(let session) = bench.manager.rails[0].link, session.peer.connection == connection
        {
            Issue.record("\(what) did not end the connection")
        }
    }

    private mutating func beatWrongly() {
        var block = bench.partner
        block.heartbeat += 1
        switch Int.random(in: 0..<8, using: &generator) {
        case 0, 1: block.messagesTaken = UInt32(truncatingIfNeeded: generator.next())
        case 2: block.messagesTaken = bench.manager.exchange.sent &+ .random(in: 0...2, using: &generator)
        case 3: block.phase = BootPhase.allCases.randomElement(using: &generator) ?? .panicked
        case 4: block.heartbeat = generator.next() >> UInt64.random(in: 0...63, using: &generator)
        case 5: block.partnerSeen = Incarnation(value: generator.next())
        default: break
        }
        var words = block.words
        if chance(1, in: 4) { words = flipping(bit: .random(in: 0..<512, using: &generator), of: words) }
        bench.handled(.timer(.tick), after: bench.manager.settings.heartbeatInterval)
        bench.handled(
            .completed(
                bench.connection, .heartbeatRead,
                chance(1, in: 20) ? .refusedByPartner : .success, chance(1, in: 20) ? nil : words))
        if let shown = try? StatusBlock(words: words), shown.incarnation == bench.partner.incarnation {
            bench.partner.heartbeat = max(bench.partner.heartbeat, shown.heartbeat)
            bench.partner.phase = max(bench.partner.phase, shown.phase)
        }
        if bench.partner.heartbeat > 1 << 62 { bench.rebootPartner() }
    }

    /// Answers of the driver's to what it was not asked, or was asked by an earlier connection.
    private mutating func driveWrongly() {
        let pair = ClientPair(
            own: ClientID(value: .random(in: 0...clients, using: &generator)),
            partner: ClientID(value: .random(in: 90...210, using: &generator)))
        let connection =
            chance(1, in: 2)
            ? bench.connection
            : ConnectionID(value: bench.connection.value &- .random(in: 0...2, using: &generator))
        switch Int.random(in: 0..<4, using: &generator) {
        case 0:
            guard !watch.orders.contains(where: { $0.pair == pair }) else { return }
            bench.handled(.portsMade(connection, [made(PortOrder(pair: pair, ports: 3, memory: 1))]))
        case 1: bench.handled(.portsConnected(connection, [pair, pair]))
        case 2:
            let known = bench.manager.exchange.registrations.compactMap(\.ports.pair)
            bench.handled(.portsFailed(connection, known.randomElement(using: &generator) ?? pair))
        default:
            let outcomes: [Outcome] = [.success, .success, .success, .success, .failed, .retryExceeded]
            bench.handled(.sent(connection, outcomes.randomElement(using: &generator) ?? .success))
        }
    }

    /// Whatever else may happen to a manager: timers, requests, the mailbox, other connections' events.
    private mutating func happen() {
        let stranger = ConnectionID(value: .random(in: 0...9, using: &generator))
        switch Int.random(in: 0..<8, using: &generator) {
        case 0:
            let timers: [TimerName] = [.attempt, .backoff, .handshake, .poll, .farewell, .exchange, .stall]
            bench.handled(.timer(timers.randomElement(using: &generator) ?? .stall))
        case 1: bench.handled(.mailbox(randomWords(using: &generator)))
        case 2: _ = bench.requested(randomWords(using: &generator))
        case 3: _ = bench.requested(bench.data(.knock, attempt: 1))
        case 4: bench.handled(.disconnected(stranger))
        case 5: bench.handled(.received(stranger, said.last ?? []))
        case 6: bench.handled(.completed(stranger, .heartbeatRead, .success, nil))
        default:
            if chance(1, in: 10) { bench.handled(.disconnected(bench.connection)) }
        }
    }
}
