import ClusterConnection

extension Action {
    /// What it says, in full.
    package var text: String {
        switch self {
        case .connect(let connection, let words):
            "connect as \(connection.text): \(ConnectionPrivateData.text(of: words))"
        case .accept(let request, let connection, let words):
            "accept \(request.text) as \(connection.text): \(ConnectionPrivateData.text(of: words))"
        case .reject(let request, let words):
            "reject \(request.text): \(Rejection.text(of: words))"
        case .readStatusBlock(let connection, let operation, let key):
            "post \(operation) on \(connection.text), key \(key)"
        case .writeMailbox(let connection, let operation, let kind, let words, let key):
            "post \(operation) on \(connection.text), key \(key): \(kind) \(MailboxSlot.text(of: words, kind))"
        case .send(let connection, let bytes):
            "send on \(connection.text): \(Message.text(of: bytes))"
        case .makePorts(let connection, let orders):
            "make ports of \(connection.text): \(listText(orders, \.text))"
        case .connectPorts(let connection, let tables):
            "connect ports of \(connection.text): \(listText(tables, \.text))"
        case .destroyPorts(let connection, let pairs):
            "destroy ports of \(connection.text): \(listText(pairs, \.text))"
        case .notify(let client, let notice):
            "tell client \(client.value): \(notice.text)"
        case .retire(let connection):
            "retire \(connection.text)"
        case .publish(let words, let rail):
            "publish on rail \(rail.index): \(StatusBlock.text(of: words))"
        case .clearMailbox(let rail):
            "clear the mailbox of rail \(rail.index)"
        case .setTimer(let timer, let instant, let rail):
            "set timer \(timer) of rail \(rail.index) to \(instant.nanoseconds) ns"
        case .cancelTimer(let timer, let rail):
            "cancel timer \(timer) of rail \(rail.index)"
        case .record(let record):
            record.recorded.text
        case .finished:
            "finished"
        }
    }
}

extension ClientNotice {
    fileprivate var text: String {
        switch self {
        case .noCounterpart(let partner):
            "no counterpart at \(partner.text)"
        case .refused(let limit, let requested, let allowed):
            "refused, \(limit): \(requested) of \(allowed)"
        case .portsFailed(let partner):
            "ports failed, partner \(partner.text)"
        case .ready(let partner, let ports, let memory):
            "ready, partner \(partner.text), \(ports) ports, \(memory) bytes"
        case .lost(let partner, let loss):
            "lost, partner \(partner.text), \(loss.reason), verdict \(loss.verdict.text { "\($0)" }), "
                + "phase \(loss.phase.text { "\($0)" })"
        case .paused(let partner):
            "paused, partner \(partner.text)"
        case .resumed(let partner, let ports, let memory):
            "resumed, partner \(partner.text), \(ports) ports, \(memory) bytes"
        case .verdict(let verdict, let partner):
            "verdict \(verdict.text { "\($0)" }), partner \(partner.text)"
        case .partnerPhase(let phase, let partner):
            "partner \(partner.text) is \(phase)"
        case .partnerStalled(let phase, let partner):
            "partner \(partner.text) stalls at \(phase)"
        }
    }
}

extension HistoryRecord {
    /// As a recording would hold it.
    var recorded: RecordedLine {
        var line = RecordedLine(event: event.rawValue, rail: rail)
        if let name { line.fields.append(("\(name.label)", name.name.text)) }
        for index in 0..<count {
            guard let field = self[index] else { break }
            line.fields.append(("\(field.name)", field.value.text))
        }
        return line
    }
}

extension HistoryRecord.Value {
    /// As a person reads it.
    var text: String {
        switch self {
        case .number(let number): "\(number)"
        case .incarnation(let incarnation): incarnation.text
        case .hexadecimal(let number): hexText(number)
        case .text(let text): "\(text)"
        case .ownVersions(let versions): "own \(versions.text)"
        case .partnerVersions(let versions): "partner's \(versions.text)"
        }
    }
}
