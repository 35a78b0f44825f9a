import ClusterConnection
import Verbs

// Messages, and what is wrong with them.

extension Player {
    /// The bytes of a message, any of whose fields may be another than it ought to be.
    func frame(
        _ kind: UInt16, _ payload: [UInt8], number: UInt32? = nil, magic: String = "CCMM",
        length: UInt32? = nil,
        writer: Incarnation? = nil
    ) -> [UInt8] {
        let bytes = Bytes().adding(magic).adding(kind).adding(UInt16(2))
            .adding(length ?? UInt32(payload.count)).adding(number ?? self.number)
            .adding((writer ?? block.incarnation).value).adding(offer?.incarnation.value ?? 0)
        return Bytes(all: bytes.all + payload).sealed
    }

    /// Says the next message.
    @discardableResult
    func say(_ kind: UInt16, _ payload: [UInt8]) throws -> String {
        number += 1
        return try send(frame(kind, payload))
    }

    /// The payload of the partner's next message of this kind.
    private func hear(_ kind: UInt16) throws -> [UInt8] {
        func isIt(_ message: [UInt8]) -> Bool { Fields(bytes: message).number(4, 2) == UInt64(kind) }
        try pump(3_000) { inbox.contains(where: isIt) || hasEnded }
        guard let index = inbox.firstIndex(where: isIt) else {
            throw Played(
                outcome: "the partner did not say \(kind); "
                    + (hasEnded ? "it ended the connection" : "silent"))
        }
        let message = inbox.remove(at: index)
        return Array(message[32..<message.count - 4])
    }

    // MARK: The exchange

    func exchange() throws {
        try pause(.peerInformation)
        try sayWrongly()
        switch wrong {
        case .peerInformationUnknownRole: try sayLast(1, Payload.peerInformation(role: 9))
        case .peerInformationNoCommonVersion:
            try sayLast(1, Payload.peerInformation(lowest: 900, highest: 901))
        case .peerInformationUnknownCapability:
            try sayLast(1, Payload.peerInformation(required: "time-travel"))
        case .refusalNoCommonVersion: try sayLast(5, Payload.refusal(1))
        case .refusalUnknownCapability: try sayLast(5, Payload.refusal(2, capability: "time-travel"))
        case .refusalUnknownReason: try sayLast(5, Payload.refusal(99))
        default: try say(1, Payload.peerInformation())
        }
        if wrong == .messageTwice { try overOf(send(frame(1, Payload.peerInformation()))) }
        if wrong == .peerInformationTwice { try sayLast(1, Payload.peerInformation()) }
        _ = try hear(1)
        let clients = Payload.clients(of: try hear(2))
        try pause(.clients)
        try sayClients(clients)
        let tables = Payload.tables(of: try hear(3))
        try pause(.ports)
        try sayPorts(tables)
        try pause(.ready)
        let pairs = ports.map { (own: $0.theirs.own, theirs: $0.theirs.theirs) }
        switch wrong {
        case .readyTooMany: try sayLast(4, Payload.ready(pairs, count: .max))
        case .readyOfNobody:
            try say(4, Payload.ready([(own: 7_777, theirs: 8_888), (own: 0, theirs: 0)]))
        default: break
        }
        try say(4, Payload.ready(pairs))
        _ = try hear(4)
    }

    private func sayLast(_ kind: UInt16, _ payload: [UInt8]) throws -> Never {
        try overOf(say(kind, payload))
    }

    private func overOf(_ outcome: String) throws -> Never {
        try over(outcome == "success" ? "" : "sent: \(outcome)")
    }

    private func over(_ said: String) throws -> Never { try over(within: 2_500, said) }

    /// What is wrong with the first message.
    private func sayWrongly() throws {
        let payload = Payload.peerInformation()
        var bytes: [UInt8]
        switch wrong {
        case .messageEmpty: bytes = []
        case .messageOfZeros: bytes = [UInt8](repeating: 0, count: Self.messageByteCount)
        case .messageTooLong: bytes = [UInt8](repeating: 0, count: Self.messageByteCount + 32)
        case .messageBadMagic: bytes = frame(1, payload, number: 1, magic: "CCMN")
        case .messageBadChecksum:
            bytes = frame(1, payload, number: 1)
            bytes[bytes.count - 1] ^= 1
        case .messageWrongLength: bytes = frame(1, payload, number: 1, length: .max)
        case .messageOutOfOrder: bytes = frame(1, payload, number: 5)
        case .messageUnknownKind: bytes = frame(6, payload, number: 1)
        case .messageForeignIncarnation:
            bytes = frame(1, payload, number: 1, writer: Incarnation(value: 77))
        case .messageOptionalKind:
            number += 1
            try send(frame(0x8006, payload))
            return
        case .messageFlood:
            for _ in 0..<24 {
                number += 1
                try send(frame(0x8006, []), waits: false)
            }
            try over("")
        case .writeWithNumber:
            guard let offer else { return }
            // What lies there already: the partner may not have looked for the confirmation yet.
            let box = slot(.greeting, offer) + slot(.confirmation, offer)
            try overOf(writeWithNumber(box, at: PresetAddress.mailbox, key: offer.mailboxKey))
        default: return
        }
        try overOf(send(bytes))
    }

    // MARK: Clients

    private func entries(_ clients: [PartnerClient], plus number: UInt16 = 20) -> [[UInt8]] {
        clients.enumerated().map { index, client in
            Payload.entry(UInt16(index) + number, client.name, ports: client.ports, memory: client.memory)
        }
    }

    private func sayClients(_ clients: [PartnerClient]) throws {
        let honest = entries(clients)
        let one = Payload.entry(1, "one", ports: 1, memory: 1)
        switch wrong {
        case .clientsTooMany: try sayLast(2, Payload.set(1, count: .max, honest))
        case .clientsSameName:
            try sayLast(2, Payload.set(1, [one, Payload.entry(2, "one", ports: 1, memory: 1)]))
        case .clientsSameNumber:
            try sayLast(2, Payload.set(1, [one, Payload.entry(1, "two", ports: 1, memory: 1)]))
        case .clientsEmptyName: try sayLast(2, Payload.set(1, [Payload.entry(1, "", ports: 1, memory: 1)]))
        case .clientsNumberBack:
            try say(2, Payload.set(5, honest))
            try sayLast(2, Payload.set(4, honest))
        case .clientsHugeWishes:
            try say(
                2,
                Payload.set(
                    1,
                    clients.enumerated().map {
                        Payload.entry(UInt16($0.offset) + 20, $0.element.name, ports: .max, memory: .max)
                    }))
        case .clientsOtherWishes:
            // Once the ports are made, the same numbers stand for other wishes.
            try say(2, Payload.set(1, honest))
            try pump(1_000) { inbox.contains { Fields(bytes: $0).number(4, 2) == 3 } }
            inbox = []
            try say(
                2,
                Payload.set(
                    2,
                    clients.enumerated().map {
                        Payload.entry(UInt16($0.offset) + 20, $0.element.name, ports: 1, memory: 8_192)
                    }))
        case .clientsComeAndGo:
            for round in UInt32(0)..<40 {
                try say(
                    2,
                    Payload.set(round + 1, round % 2 == 0 ? entries(clients, plus: UInt16(100 + round)) : []))
                // As fast as the count of messages taken lets a partner that keeps to it.
                try pump(15)
                guard !hasEnded else { try over("after \(round) sets") }
            }
            inbox = []
            try say(2, Payload.set(99, honest))
        default:
            try say(2, Payload.set(1, honest))
        }
    }

    // MARK: Ports

    private func sayPorts(_ tables: [PartnerTable]) throws {
        ports = try tables.map { try ClientPorts($0, of: self) }
        var bytes = ports.map { $0.table }
        switch wrong {
        case .portsOfNobody:
            bytes.insert(
                Bytes().adding(UInt16(7_777)).adding(UInt16(8_888)).adding(UInt32(0)).adding(UInt64(0))
                    .adding(UInt64(0)).adding(UInt64(0)).all, at: 0)
        case .portsOtherNumber: bytes = ports.map { $0.table(ports: $0.ends.count + 1) }
        case .portsOtherMemory: bytes = ports.map { $0.table(memory: $0.theirs.byteCount + 1) }
        case .portsCountPastEnd: bytes = ports.map { $0.table(claimed: .max) }
        case .portsNumberZero: bytes = ports.map { $0.table(number: 0) }
        case .portsOfOwnConnection:
            let number = connection?.queuePairNumber ?? 0
            bytes = ports.map { $0.table(number: number) }
        case .portsAddressWraps: bytes = ports.map { $0.table(address: .max - 15) }
        case .portsTwice: bytes += bytes
        default: break
        }
        let payload = Bytes().adding(UInt64(bytes.count)).all + bytes.joined()
        switch wrong {
        case .portsOtherNumber, .portsOtherMemory, .portsCountPastEnd, .portsAddressWraps, .portsTwice:
            try sayLast(3, payload)
        case .portsNumberZero:
            try say(3, payload)
            let tables = Payload.tables(of: try hear(3))
            throw Played(
                outcome: "the partner gave its ports up, and told so in \(tables.count) tables without ports")
        default:
            try say(3, payload)
        }
        for client in ports { try client.connect(by: self) }
    }
}
