@testable import ClusterConnection

// Actions as short lines of text, so that a test can lay down a whole sequence and its order at a glance.

extension Action {
    /// What the action says, times as spans from `now`.
    func text(at now: Instant) -> String {
        switch self {
        case .connect(let connection, let words):
            "connect \(connection.value) \(kindAndAttempt(words))"
        case .accept(let request, let connection, let words):
            "accept request \(request.value) as \(connection.value) \(kindAndAttempt(words))"
        case .reject(let request, let words):
            "reject request \(request.value) \(reason(words))"
        case .readStatusBlock(let connection, let operation, let key):
            "post \(connection.value) \(operation) key \(key)"
        case .writeMailbox(let connection, let operation, let kind, let words, let key):
            "post \(connection.value) \(operation) \(kind) \(pair(kind, words)) key \(key)"
        case .send(let connection, let bytes):
            "send \(connection.value) \((try? Message(bytes: bytes))?.kind?.name ?? "unreadable")"
        case .makePorts(let connection, let orders):
            "make \(connection.value) \(orders.map { "\($0.pair.own.value):\($0.ports)" })"
        case .connectPorts(let connection, let tables):
            "join \(connection.value) \(tables.map { "\($0.pair.own.value):\($0.ports.count)" })"
        case .destroyPorts(let connection, let pairs):
            "destroy \(connection.value) \(pairs.map { $0.own.value })"
        case .notify(let client, let notice):
            "notify \(client.value) \(notice)"
        case .retire(let connection):
            "retire \(connection.value)"
        case .publish(let words, _):
            published(words)
        case .clearMailbox:
            "clear mailbox"
        case .setTimer(let timer, let instant, _):
            "set \(timer) \((instant - now).nanoseconds / 1000)us"
        case .cancelTimer(let timer, _):
            "cancel \(timer)"
        case .record(let record):
            record.text
        case .finished:
            "finished"
        }
    }

    /// The history record, where the action is one.
    var record: HistoryRecord? {
        if case .record(let record) = self { record } else { nil }
    }
}

extension HistoryRecord {
    /// The event's name, and the reason or verdict where there is one.
    var text: String {
        var text = "record \(event.rawValue)"
        for name in ["verdict", "phase", "reason"] {
            if let value = self[name] { text += " \(value)" }
        }
        return text
    }

    /// A field's value as text.
    subscript(name: String) -> String? {
        if let own = self.name, "\(own.label)" == name { return own.name.text }
        for index in 0..<count {
            guard let field = self[index] else { continue }
            switch field.value {
            case .number(let number) where "\(field.name)" == name: return "\(number)"
            case .incarnation(let incarnation) where "\(field.name)" == name:
                return String(incarnation.value, radix: 16)
            case .hexadecimal(let value) where "\(field.name)" == name: return "0x" + String(value, radix: 16)
            case .text(let text) where "\(field.name)" == name: return "\(text)"
            case .ownVersions(let range) where name == "lowest": return "\(range.lowest)"
            case .ownVersions(let range) where name == "highest": return "\(range.highest)"
            case .partnerVersions(let range) where name == "partnerLowest": return "\(range.lowest)"
            case .partnerVersions(let range) where name == "partnerHighest": return "\(range.highest)"
            default: continue
            }
        }
        return nil
    }
}

private func reason(_ words: Rejection.Words) -> String {
    (try? Rejection(words: words)).map { "\($0.reason)" } ?? "unreadable"
}

private func kindAndAttempt(_ words: ConnectionPrivateData.Words) -> String {
    guard let data = try? ConnectionPrivateData(words: words) else { return "unreadable" }
    return "\(data.kind) \(data.attempt)"
}

private func pair(_ kind: MailboxSlot.Kind, _ words: MailboxSlot.Words) -> String {
    var box: Mailbox = InlineArray(repeating: 0)
    for index in words.indices { box[kind.offset / 8 + index] = words[index] }
    guard let slot = try? MailboxSlot(kind, in: box) else { return "unreadable" }
    return "\(slot.writer.short)->\(slot.reader.short)"
}

private func published(_ words: StatusBlock.Words) -> String {
    guard let block = try? StatusBlock(words: words) else { return "publish unreadable" }
    return "publish \(block.phase) beat \(block.heartbeat) seen \(block.partnerSeen.short)"
}

extension Incarnation {
    /// A name for those of the fixtures.
    var short: String {
        switch self {
        case .none: "none"
        case .a: "a"
        case .b: "b"
        case .b2: "b2"
        default: String(value, radix: 16)
        }
    }
}
