import ClusterConnection
import Verbs

// Ready, and then wrong.

extension Player {
    func beReady() throws {
        guard let offer else { return }
        try pump(100)
        switch wrong {
        case .requestWhileReady:
            throw Played(
                outcome: "refused: \(try ask(privateData(.knock) { $0.node = NodeIdentity(value: 3) })); "
                    + (try whatBecameOfIt(within: 300)))
        case .readyThenBlockTorn: distort = { $0[7] ^= 1 << 40 }
        case .readyThenIncarnationChanges:
            distort = {
                $0[1] ^= 1; reseal(&$0)
            }
        case .readyThenForeignCluster:
            distort = {
                $0[2] ^= 1; reseal(&$0)
            }
        case .readyThenHeartbeatStands: beats = false
        case .readyThenHeartbeatBack: block.heartbeat = 2
        case .readyThenPhaseBack: block.phase = .ccmListening
        case .readyThenCountLies: block.messagesTaken = .max
        case .silentOnceReady: beats = false
        case .goneOnceReady:
            try connection?.disconnect()
            throw Played(outcome: "gone")
        case .writePastMailbox:
            try over(
                write([UInt8](repeating: 0xff, count: 72), at: PresetAddress.mailbox, key: offer.mailboxKey))
        case .writeWithNumberPastMailbox:
            try over(
                writeWithNumber(
                    [UInt8](repeating: 0xff, count: 72), at: PresetAddress.mailbox, key: offer.mailboxKey))
        case .writeStatusBlock:
            try over(
                write(
                    [UInt8](repeating: 0xff, count: 8), at: PresetAddress.statusBlock,
                    key: offer.statusBlockKey))
        case .writeStatusBlockWithMailboxKey:
            try over(
                write(
                    [UInt8](repeating: 0xff, count: 8), at: PresetAddress.statusBlock, key: offer.mailboxKey))
        case .writeAnywhereWithMailboxKey:
            try over(write([UInt8](repeating: 0xff, count: 8), at: 0x40_0000, key: offer.mailboxKey))
        case .readMailbox: try over(read(64, at: PresetAddress.mailbox, key: offer.mailboxKey))
        case .readPastStatusBlock:
            try over(read(72, at: PresetAddress.statusBlock, key: offer.statusBlockKey))
        case .readWithGuessedKey:
            try over(read(64, at: PresetAddress.statusBlock, key: offer.statusBlockKey &+ 1))
        default:
            guard let client = ports.first(where: { $0.theirs.byteCount > 0 && !$0.ends.isEmpty }) else {
                return
            }
            return try misuse(client, offer)
        }
        try publish()
        throw Played(outcome: try whatBecameOfIt(within: wrong == .readyThenCountLies ? 500 : 2_500))
    }

    private func over(_ said: String) throws -> Never { try over(within: 1_000, said) }

    /// Through a port that the partner granted, and no further.
    private func misuse(_ client: ClientPorts, _ offer: ConnectionPrivateData) throws {
        let table = client.theirs
        let end = table.address + table.byteCount
        var said = ""
        switch wrong {
        case .portWritePastMemory: said = try client.write(64, at: end - 56, key: table.key, by: self)
        case .portReadPastMemory: said = try client.read(64, at: end - 56, key: table.key, by: self)
        case .portWriteStatusBlock:
            said = try client.write(8, at: PresetAddress.statusBlock, key: table.key, by: self)
        case .portReadWithGuessedKey:
            said = try client.read(8, at: table.address, key: table.key &+ 1, by: self)
        case .portMessageTooLong: said = "message: \(try client.send(1_024, by: self))"
        case .portMessagesOfGarbage:
            for offset in stride(from: 0, to: 4_096, by: 8) {
                try client.memory.storeWord(.random(in: 0...UInt64.max), at: offset)
            }
            var sent: [String: Int] = [:]
            for _ in 0..<200 { sent[try client.send(64, by: self), default: 0] += 1 }
            said = "messages: " + sent.map { "\($0.value) \($0.key)" }.joined(separator: ", ")
        default: break
        }
        throw Played(outcome: try whatBecameOfIt(within: 500, said))
    }
}
