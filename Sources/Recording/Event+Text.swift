import ClusterConnection

extension Event {
    /// What it says, in full.
    package var text: String {
        switch self {
        case .listening(let rail, let statusBlockKey, let mailboxKey):
            "listening on rail \(rail.index), keys \(statusBlockKey) and \(mailboxKey)"
        case .railLost(let rail):
            "rail \(rail.index) lost"
        case .bootPhase(let phase):
            "boot phase \(phase)"
        case .timer(let timer, let rail):
            "timer \(timer) of rail \(rail.index)"
        case .request(let request, let words):
            "\(request.text): \(words.text(ConnectionPrivateData.text))"
        case .connected(let connection, let words):
            "\(connection.text) connected: \(words.text(ConnectionPrivateData.text))"
        case .refused(let connection, let words):
            "\(connection.text) refused: \(words.text(Rejection.text))"
        case .connectFailed(let connection, let failure):
            "\(connection.text) failed: \(failure)"
        case .disconnected(let connection):
            "\(connection.text) disconnected"
        case .completed(let connection, let operation, let outcome, let words):
            "\(connection.text) completed \(operation): \(outcome), \(words.text(StatusBlock.text))"
        case .received(let connection, let bytes):
            "\(connection.text) received \(Message.text(of: bytes))"
        case .overlong(let connection):
            "\(connection.text) received a message that was too long"
        case .sent(let connection, let outcome):
            "\(connection.text) sent: \(outcome)"
        case .accessRefused(let queuePair, let connection, let client):
            "access refused over queue pair \(queuePair), \(connection.text(\.text)), "
                + "client \(client.text { "\($0.value)" })"
        case .portsMade(let connection, let tables):
            "\(connection.text) ports made \(listText(tables, \.text))"
        case .portsConnected(let connection, let pairs):
            "\(connection.text) ports connected \(listText(pairs, \.text))"
        case .portsFailed(let connection, let pair):
            "\(connection.text) ports failed \(pair.text)"
        case .register(let client, let information):
            "client \(client.value) registers: \(information.name), \(information.role), "
                + "\(information.ports) ports, \(information.memory) bytes"
        case .withdraw(let client):
            "client \(client.value) withdraws"
        case .mailbox(let mailbox, let rail):
            "mailbox of rail \(rail.index): \(MailboxSlot.text(of: mailbox))"
        case .stop:
            "stop"
        }
    }
}
