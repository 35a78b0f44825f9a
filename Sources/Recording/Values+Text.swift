import ClusterConnection

// Values as a person reads them, in full: two that differ never read the same.

func hexText(_ value: UInt64) -> String { "0x" + String(value, radix: 16) }

extension Incarnation {
    /// 16 hexadecimal digits, as in the history.
    package var text: String {
        let digits = String(value, radix: 16)
        return String(repeating: "0", count: 16 - digits.count) + digits
    }
}

extension VersionRange {
    var text: String { "versions \(lowest) to \(highest)" }
}

extension ConnectionID {
    var text: String { "connection \(value) of rail \(rail.index)" }
}

extension RequestID {
    var text: String { "request \(value) of rail \(rail.index)" }
}

extension ClientPair {
    var text: String { "\(own.value) with \(partner.value)" }
}

extension PortOrder {
    var text: String { "\(pair.text): \(ports) ports, \(memory) bytes" }
}

extension PortTable {
    /// Of the ports, how many there are and a checksum of them: there may be a thousand.
    var text: String {
        var crc = CRC32C()
        for port in ports { crc.update(word: UInt64(port.queuePair) | UInt64(port.firstPacket) << 32) }
        return "\(pair.text): \(ports.count) ports (checksum \(hexText(UInt64(crc.checksum)))), "
            + "\(memoryByteCount) bytes at \(hexText(memoryAddress)) under key \(memoryKey)"
    }
}

extension Optional {
    /// The text of what is there.
    func text(_ text: (Wrapped) -> String) -> String { map(text) ?? "none" }
}

func listText<Element>(_ list: [Element], _ text: (Element) -> String) -> String {
    "[" + list.map(text).joined(separator: "; ") + "]"
}

// MARK: - What travels

extension ConnectionPrivateData {
    /// The fields; the words where they are not what they seem.
    static func text(of words: Words) -> String {
        guard let data = try? ConnectionPrivateData(words: words), areSame(data.words, words) else {
            return unreadable(words)
        }
        return "\(data.kind), attempt \(data.attempt), node \(data.node.value), "
            + "incarnation \(data.incarnation.text), cluster \(data.cluster), \(data.role), "
            + "\(data.versions.text), keys \(data.statusBlockKey) and \(data.mailboxKey)"
    }
}

extension Rejection {
    /// The fields; the words where they are not what they seem.
    static func text(of words: Words) -> String {
        guard let refusal = try? Rejection(words: words), areSame(refusal.words, words) else {
            return unreadable(words)
        }
        return "\(refusal.reason), \(refusal.versions.text)"
    }
}

extension StatusBlock {
    /// The fields; the words where they are not what they seem.
    static func text(of words: Words) -> String {
        guard let block = try? StatusBlock(words: words), areSame(block.words, words) else {
            return unreadable(words)
        }
        return "\(block.phase), beat \(block.heartbeat), incarnation \(block.incarnation.text), "
            + "seen \(block.partnerSeen.text), messages \(block.messagesTaken), node \(block.node.value), "
            + "cluster \(block.cluster), \(block.role)"
    }
}

extension MailboxSlot {
    /// The fields; the words where they are not what they seem.
    static func text(of words: Words, _ kind: Kind) -> String {
        var mailbox: Mailbox = InlineArray(repeating: 0)
        for index in words.indices { mailbox[kind.offset / 8 + index] = words[index] }
        guard let slot = try? MailboxSlot(kind, in: mailbox), areSame(slot.words, words) else {
            return unreadable(words)
        }
        return "from \(slot.writer.text) to \(slot.reader.text)"
    }

    /// Both slots of a mailbox.
    static func text(of mailbox: Mailbox) -> String {
        let texts = Kind.allCases.map { kind in
            let first = kind.offset / 8
            return "\(kind) "
                + text(
                    of: [mailbox[first], mailbox[first + 1], mailbox[first + 2], mailbox[first + 3]], kind)
        }
        return texts.joined(separator: ", ")
    }
}

extension Message {
    /// What kind of message, how long, and a checksum of it.
    static func text(of bytes: [UInt8]) -> String {
        var crc = CRC32C()
        crc.update(bytes.span.bytes)
        let rest = "\(bytes.count) bytes (checksum \(hexText(UInt64(crc.checksum))))"
        guard let message = try? Message(bytes: bytes) else { return "unreadable, \(rest)" }
        return "\(message.kind.text { "\($0.name)" }) number \(message.number), \(rest)"
    }
}

private func unreadable<let count: Int>(_ words: InlineArray<count, UInt64>) -> String {
    var text = "unreadable"
    for index in words.indices { text += " " + hexText(words[index]) }
    return text
}

private func areSame<let count: Int>(
    _ one: InlineArray<count, UInt64>, _ other: InlineArray<count, UInt64>
) -> Bool {
    for index in one.indices where one[index] != other[index] { return false }
    return true
}
