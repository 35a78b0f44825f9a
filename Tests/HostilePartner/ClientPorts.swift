import ClusterConnection
import Verbs

/// The ports of one client at the hostile side: queue pairs, and the memory that the partner reaches.
final class ClientPorts {
    let theirs: PartnerTable
    let ends: [End]
    let memory: RegisteredMemory

    final class End {
        let queuePair: QueuePair
        let firstPacket = UInt32.random(in: 0...0xff_ffff)

        init(_ queuePair: consuming QueuePair) { self.queuePair = queuePair }
    }

    private static let receives = 16

    init(_ theirs: PartnerTable, of player: Player) throws {
        self.theirs = theirs
        guard let port = try player.connection?.pathToPartner().port else {
            throw Stopped(description: "no path")
        }
        memory = try RegisteredMemory(
            byteCount: max(4_096, Int(theirs.byteCount)), access: [.localWrite, .remoteRead, .remoteWrite],
            in: player.domain)
        if player.wrong == .portNumberTheMirrorCannotCountOn { Self.fill(memory, theirs.byteCount) }
        if player.wrong == .portGarbageInTheMirror {
            for offset in stride(from: 0, to: Int(theirs.byteCount), by: 8) {
                try memory.storeWord(.random(in: 0...UInt64.max), at: offset)
            }
        }
        ends = try theirs.ports.map { _ in
            let queuePair = try QueuePair(
                in: player.domain, completionQueue: player.completions, limits: QueuePairLimits())
            try queuePair.initialize(port: port, access: [.remoteRead, .remoteWrite])
            return End(queuePair)
        }
        for end in ends {
            for _ in 0..<Self.receives {
                try end.queuePair.postReceive(
                    into: player.scratch, offset: 1_024, byteCount: 1_024, workRequest: player.nextWork())
            }
        }
    }

    /// Records as the log mirror writes them, of 4,096 bytes, with the highest numbers that there are.
    private static func fill(_ memory: borrowing RegisteredMemory, _ byteCount: UInt64) {
        let slots = byteCount / 4_096
        for slot in 0..<slots {
            var number = UInt64.max
            while (number - 1) % slots != slot { number -= 1 }
            let first = UInt64(0x4c4d_4343) | 4_096 << 32
            var crc = CRC32C()
            crc.update(word: first)
            crc.update(word: number)
            for _ in 0..<((4_096 - 24) / 8) { crc.update(word: 0) }
            let place = Int(slot) * 4_096
            try? memory.storeWord(first, at: place)
            try? memory.storeWord(number, at: place + 8)
            try? memory.storeWord(UInt64(crc.checksum), at: place + 16)
        }
    }

    /// What the partner is told, or something else.
    func table(
        ports: Int? = nil, claimed: UInt32? = nil, memory byteCount: UInt64? = nil, address: UInt64? = nil,
        number: UInt32? = nil
    ) -> [UInt8] {
        let count = ports ?? ends.count
        var bytes = Bytes().adding(theirs.own).adding(theirs.theirs).adding(claimed ?? UInt32(count))
            .adding(address ?? memory.address).adding(byteCount ?? theirs.byteCount).adding(memory.remoteKey)
            .adding(UInt32(0))
        for index in 0..<count {
            let end = ends.isEmpty ? nil : ends[min(index, ends.count - 1)]
            bytes = bytes.adding(number ?? end?.queuePair.number ?? 0).adding(end?.firstPacket ?? 0)
        }
        return bytes.all
    }

    var table: [UInt8] { table() }

    func connect(by player: Player) throws {
        guard let path = try player.connection?.pathToPartner() else { return }
        for (end, there) in zip(ends, theirs.ports) {
            try end.queuePair.makeReadyToReceive(
                over: path, partnerNumber: there.number, partnerFirstPacket: there.firstPacket)
            try end.queuePair.makeReadyToSend(
                firstPacket: end.firstPacket,
                QueuePairParameters(acknowledgeTimeout: 12, retryCount: 3, receiverNotReadyRetryCount: 2))
        }
    }

    // MARK: Work, and how it ended

    func write(_ byteCount: Int, at address: UInt64, key: UInt32, by player: Player) throws -> String {
        let work = player.nextWork()
        try ends.first?.queuePair.postWrite(
            from: memory, offset: 0, byteCount: byteCount, remoteAddress: address, remoteKey: key,
            workRequest: work)
        return "write: \(try player.end(of: work))"
    }

    func read(_ byteCount: Int, at address: UInt64, key: UInt32, by player: Player) throws -> String {
        let work = player.nextWork()
        try ends.first?.queuePair.postRead(
            into: memory, offset: 0, byteCount: byteCount, remoteAddress: address, remoteKey: key,
            workRequest: work)
        return "read: \(try player.end(of: work))"
    }

    func send(_ byteCount: Int, by player: Player) throws -> String {
        let work = player.nextWork()
        try ends.first?.queuePair.postSend(
            from: memory, offset: 0, byteCount: byteCount, workRequest: work)
        return try player.end(of: work)
    }
}
