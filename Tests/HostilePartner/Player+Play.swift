import ClusterConnection
import Verbs

// The play: as docs/protocol.md has it, with a place in each scene for the one thing that is wrong.

extension Player {
    /// Plays, and tells what came of it.
    func play() throws -> String {
        do {
            switch wrong {
            case .requestOfAnEarlierLife, .acceptanceOfAnEarlierLife, .portWriteWithEarlierKey:
                try playHonestly()
                let earlier = (block.incarnation, ports.map(\.theirs))
                try pump(100)
                try beginAnew()
                try playAfter(life: earlier.0, tables: earlier.1)
            default:
                try askWrongly()
                try meet()
                try shakeHands()
                try exchange()
                try beReady()
            }
        } catch let played as Played {
            return played.outcome
        }
        return try whatBecameOfIt(within: 300)
    }

    /// Waits for the partner's answer to what was wrong.
    func whatBecameOfIt(within milliseconds: UInt64 = 2_500, _ said: String = "") throws -> String {
        let start = Self.now
        let isOver = try pump(milliseconds) { hasEnded }
        let words = said.isEmpty ? "" : "\(said); "
        return words
            + (isOver
                ? "the partner ended the connection, \((Self.now - start) / 1_000_000) ms later"
                : "still connected")
    }

    func over(within milliseconds: UInt64 = 2_500, _ said: String = "") throws -> Never {
        throw Played(outcome: try whatBecameOfIt(within: milliseconds, said))
    }

    /// A place to fall silent, to hold the tongue or to leave, for who is to do it here.
    func pause(_ scene: Scene) throws {
        switch wrong.rawValue {
        case "silentAt" + scene.rawValue:
            beats = false
            try over(within: 7_000, "silent")
        case "gaggedAt" + scene.rawValue:
            try over(within: 7_000, "said no more")
        case "goneAt" + scene.rawValue:
            try? connection?.disconnect()
            throw Played(outcome: "gone")
        default: break
        }
    }

    // MARK: Meeting

    /// Has the partner ask for a connection.
    func meet() throws {
        for _ in 0..<20 {
            if offer == nil { try ask(privateData(.knock)) }
            guard try pump(1_000, until: { offer != nil }), let offer else { continue }
            try pause(.request)
            if wrong == .requestOwnIncarnation {
                throw Played(
                    outcome: "refused: \(try ask(privateData(.knock) { $0.incarnation = offer.incarnation }))"
                )
            }
            if wrong == .refusalsOfEveryReason { try refuseForEveryReason() }
            try accept(acceptance(offer))
            if isUp { return }
        }
        throw Stopped(description: "the partner never asked for a connection that came up")
    }

    private func acceptance(_ offer: ConnectionPrivateData) -> ConnectionPrivateData.Words {
        switch wrong {
        case .acceptanceOfZeros: InlineArray(repeating: 0)
        case .acceptanceForeignCluster:
            privateData(.acceptance) { $0.cluster = ClusterIdentity(low: 1, high: 1) }
        case .acceptanceForeignNode: privateData(.acceptance) { $0.node = NodeIdentity(value: 3) }
        case .acceptanceKindConnect: privateData(.connect)
        case .acceptanceOwnIncarnation: privateData(.acceptance) { $0.incarnation = offer.incarnation }
        case .acceptanceNoCommonVersion: privateData(.acceptance) { $0.versions = Self.noVersions }
        default: privateData(.acceptance)
        }
    }

    private static var noVersions: VersionRange { VersionRange(lowest: 900, highest: 901) ?? .supported }

    private func refuseForEveryReason() throws {
        var count = 0
        for reason in RejectReason.allCases {
            try refuse(Rejection(reason: reason, versions: .supported).words)
            count += 1
            for _ in 0..<20 where offer == nil {
                let answer = try ask(privateData(.knock))
                guard answer == "initiating" else { continue }
                try pump(600) { offer != nil }
            }
        }
        try refuse([.max, .max])
        throw Played(outcome: "refused it \(count) times, each for another reason, and once for none")
    }

    // MARK: Requests

    private func askWrongly() throws {
        var words = privateData(.knock)
        var times = 1
        switch wrong {
        case .requestOfZeros: words = InlineArray(repeating: 0)
        case .requestBadMagic:
            words[0] ^= 0xff
            reseal(&words)
        case .requestBadChecksum: words[6] ^= 1 << 63
        case .requestKindAcceptance: words = privateData(.acceptance)
        case .requestUnknownRole:
            words[6] |= 0x77
            reseal(&words)
        case .requestForeignCluster:
            words = privateData(.knock) { $0.cluster = ClusterIdentity(low: 1, high: 1) }
        case .requestForeignNode: words = privateData(.knock) { $0.node = NodeIdentity(value: 3) }
        case .requestOwnNode: words = privateData(.knock) { $0.node = NodeIdentity(value: 1) }
        case .requestNoCommonVersion: words = privateData(.knock) { $0.versions = Self.noVersions }
        case .requestWrongDirection: words = privateData(.connect)
        case .requestFlood:
            words[6] ^= 1 << 63
            times = 100
        default: return
        }
        var answers: [String: Int] = [:]
        for _ in 0..<times { answers[try ask(words), default: 0] += 1 }
        throw Played(
            outcome: "refused: "
                + answers.map { $0.value == 1 ? $0.key : "\($0.key) \($0.value) times" }.joined(
                    separator: ", "))
    }

    /// As somebody that has lived before.
    private func playAfter(life earlier: Incarnation, tables: [PartnerTable]) throws {
        switch wrong {
        case .requestOfAnEarlierLife:
            try playHonestly()
            throw Played(outcome: "refused: \(try ask(privateData(.knock) { $0.incarnation = earlier }))")
        case .acceptanceOfAnEarlierLife:
            try playHonestly()
            try pump(100)
            try beginAnew()
            try ask(privateData(.knock))
            try pump(1_000) { offer != nil }
            try accept(privateData(.acceptance) { $0.incarnation = earlier })
            try over(within: 1_000)
        default:
            try playHonestly()
            guard let table = tables.first, let client = ports.first(where: { $0.theirs.byteCount > 0 })
            else {
                throw Stopped(description: "no ports")
            }
            let said = try client.write(64, at: table.address, key: table.key, by: self)
            try over(within: 1_000, said)
        }
    }

    private func playHonestly() throws {
        try meet()
        try shakeHands()
        try exchange()
    }

    // MARK: The boot handshake

    func shakeHands() throws {
        guard let offer else { throw Stopped(description: "nobody to shake hands with") }
        try pause(.handshake)
        distortBlock()
        try publish()
        if let distortedFor = distort == nil ? nil : wrong, distortedFor != .blockIncarnationChanges {
            try over()
        }
        guard try read(64, at: PresetAddress.statusBlock, key: offer.statusBlockKey) == "success" else {
            try over(within: 500, "read 1 failed")
        }
        if wrong == .messagesBeforeEstablished {
            try say(1, Payload.peerInformation())
            try say(1, Payload.peerInformation())
            try over()
        }
        if wrong == .mailboxOfGarbage {
            for _ in 0..<50 {
                let garbage = (0..<64).map { _ in UInt8.random(in: 0...255) }
                _ = try write(garbage, at: PresetAddress.mailbox, key: offer.mailboxKey)
            }
            try over()
        }
        if wrong != .confirmationWithoutGreeting {
            _ = try write(slot(.greeting, offer), at: PresetAddress.mailbox, key: offer.mailboxKey)
        }
        // The partner's greeting is looked for in the mailbox, and shown as seen.
        try pump(1_000) { Self.holds(.greeting, self.box, writer: offer.incarnation) || hasEnded }
        if wrong == .blockIncarnationChanges {
            block.incarnation = Self.newIncarnation
        }
        if wrong != .blockNeverSees { block.partnerSeen = offer.incarnation }
        try publish()
        if [.blockNeverSees, .blockIncarnationChanges, .greetingOfAnotherWriter, .greetingForAnotherReader]
            .contains(wrong)
        {
            try over()
        }
        try pause(.confirmation)
        _ = try write(slot(.confirmation, offer), at: PresetAddress.mailbox + 32, key: offer.mailboxKey)
        if wrong == .confirmationWithoutGreeting { try over() }
        guard
            try pump(
                1_500, until: { Self.holds(.confirmation, self.box, writer: offer.incarnation) || hasEnded })
        else { throw Stopped(description: "the partner never confirmed") }
    }

    private var box: Mailbox {
        var words: Mailbox = InlineArray(repeating: 0)
        var span = words.mutableSpan
        var bytes = span.mutableBytes
        try? mailbox.loadWords(at: 0, into: &bytes)
        return words
    }

    private static func holds(_ kind: MailboxSlot.Kind, _ box: Mailbox, writer: Incarnation) -> Bool {
        (try? MailboxSlot(kind, in: box))?.writer == writer
    }

    /// The bytes of a slot of the partner's mailbox.
    func slot(_ kind: MailboxSlot.Kind, _ offer: ConnectionPrivateData) -> [UInt8] {
        let other = Incarnation(value: 77)
        let words = MailboxSlot(
            kind: kind, writer: wrong == .greetingOfAnotherWriter ? other : block.incarnation,
            reader: wrong == .greetingForAnotherReader ? other : offer.incarnation
        ).words
        var bytes = Bytes()
        for index in words.indices { bytes = bytes.adding(words[index]) }
        return bytes.all
    }

    /// What is wrong with the status block from the first read on.
    private func distortBlock() {
        switch wrong {
        case .blockTorn: distort = { $0[7] ^= 1 << 40 }
        case .blockBadMagic:
            distort = {
                $0[0] ^= 1; reseal(&$0)
            }
        case .blockUnknownLayout:
            distort = {
                $0[0] ^= 0xff << 32; reseal(&$0)
            }
        case .blockUnknownPhase:
            distort = {
                $0[0] |= 0xff << 48; reseal(&$0)
            }
        case .blockForeignCluster:
            distort = {
                $0[2] ^= 1; reseal(&$0)
            }
        case .blockForeignNode:
            distort = {
                $0[4] ^= 1; reseal(&$0)
            }
        case .blockOtherIncarnation:
            distort = {
                $0[1] ^= 1; reseal(&$0)
            }
        default: break
        }
    }
}

/// Puts the checksum behind words that were changed.
func reseal<let count: Int>(_ words: inout InlineArray<count, UInt64>) {
    var crc = CRC32C()
    for index in 0..<(count - 1) { crc.update(word: words[index]) }
    let last = UInt32(truncatingIfNeeded: words[count - 1])
    crc.update(Bytes().adding(last).all.span.bytes)
    words[count - 1] = UInt64(last) | UInt64(crc.checksum) << 32
}
