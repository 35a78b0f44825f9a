import ClusterConnection

// The events. A kind's number is never given to another one.

/// Which event it is.
enum EventKind: UInt8, CaseIterable {
    case listening = 1
    case railLost = 2
    case bootPhase = 3
    case timer = 4
    case request = 5
    case connected = 6
    case refused = 7
    case connectFailed = 8
    case disconnected = 9
    case completed = 10
    case received = 11
    case overlong = 12
    case sent = 13
    case accessRefused = 14
    case portsMade = 15
    case portsConnected = 16
    case portsFailed = 17
    case register = 18
    case withdraw = 19
    case mailbox = 20
    case stop = 21
}

extension Event {
    var kind: EventKind {
        switch self {
        case .listening: .listening
        case .railLost: .railLost
        case .bootPhase: .bootPhase
        case .timer: .timer
        case .request: .request
        case .connected: .connected
        case .refused: .refused
        case .connectFailed: .connectFailed
        case .disconnected: .disconnected
        case .completed: .completed
        case .received: .received
        case .overlong: .overlong
        case .sent: .sent
        case .accessRefused: .accessRefused
        case .portsMade: .portsMade
        case .portsConnected: .portsConnected
        case .portsFailed: .portsFailed
        case .register: .register
        case .withdraw: .withdraw
        case .mailbox: .mailbox
        case .stop: .stop
        }
    }
}

extension MessageWriter {
    mutating func append(_ event: Event) {
        append(event.kind)
        switch event {
        case .listening(let rail, let statusBlockKey, let mailboxKey):
            append(rail)
            append(statusBlockKey)
            append(mailboxKey)
        case .railLost(let rail):
            append(rail)
        case .bootPhase(let phase):
            append(phase)
        case .timer(let timer, let rail):
            append(timer)
            append(rail)
        case .request(let request, let words):
            append(request)
            append(optional: words) { $0.append($1) }
        case .connected(let connection, let words):
            append(connection)
            append(optional: words) { $0.append($1) }
        case .refused(let connection, let words):
            append(connection)
            append(optional: words) { $0.append($1) }
        case .connectFailed(let connection, let failure):
            append(connection)
            append(failure)
        case .disconnected(let connection), .overlong(let connection):
            append(connection)
        case .completed(let connection, let operation, let outcome, let words):
            append(connection)
            append(operation)
            append(outcome)
            append(optional: words) { $0.append($1) }
        case .received(let connection, let bytes):
            append(connection)
            append(bytes)
        case .sent(let connection, let outcome):
            append(connection)
            append(outcome)
        case .accessRefused(let queuePair, let connection, let client):
            append(queuePair)
            append(optional: connection) { $0.append($1) }
            append(optional: client) { $0.append($1) }
        case .portsMade(let connection, let tables):
            append(connection)
            append(tables)
        case .portsConnected(let connection, let pairs):
            append(connection)
            append(list: pairs) { $0.append($1) }
        case .portsFailed(let connection, let pair):
            append(connection)
            append(pair)
        case .register(let client, let information):
            append(client)
            append(information.name)
            append(information.role)
            append(information.ports)
            append(information.memory)
        case .withdraw(let client):
            append(client)
        case .mailbox(let words, let rail):
            append(words)
            append(rail)
        case .stop:
            break
        }
    }

    mutating func append(_ tables: [PortTable]) {
        append(list: tables) { writer, table in
            writer.append(table.pair)
            writer.append(list: table.ports) { writer, port in
                writer.append(port.queuePair)
                writer.append(port.firstPacket)
            }
            writer.append(table.memoryAddress)
            writer.append(table.memoryByteCount)
            writer.append(table.memoryKey)
        }
    }
}

extension MessageReader {
    mutating func event() throws(WireError) -> Event {
        guard let kind = EventKind(rawValue: try byte()) else { throw .unknownKind }
        switch kind {
        case .listening: return .listening(try rail(), statusBlockKey: try word(), mailboxKey: try word())
        case .railLost: return .railLost(try rail())
        case .bootPhase: return .bootPhase(try choice())
        case .timer: return .timer(try choice(), try rail())
        case .request: return .request(try request(), try optionalWords())
        case .connected: return .connected(try connection(), try optionalWords())
        case .refused: return .refused(try connection(), try optionalWords())
        case .connectFailed: return .connectFailed(try connection(), try choice())
        case .disconnected: return .disconnected(try connection())
        case .completed:
            return .completed(try connection(), try choice(), try choice(), try optionalWords())
        case .received: return .received(try connection(), try bytes())
        case .overlong: return .overlong(try connection())
        case .sent: return .sent(try connection(), try choice())
        case .accessRefused:
            return .accessRefused(
                queuePair: try word(), try optional { reader throws(WireError) in try reader.connection() },
                try optional { reader throws(WireError) in try reader.client() })
        case .portsMade: return .portsMade(try connection(), try tables())
        case .portsConnected: return .portsConnected(try connection(), try pairs())
        case .portsFailed: return .portsFailed(try connection(), try pair())
        case .register:
            return .register(
                try client(),
                ClientInformation(name: try name(), role: try choice(), ports: try word(), memory: try long())
            )
        case .withdraw: return .withdraw(try client())
        case .mailbox: return .mailbox(try words(), try rail())
        case .stop: return .stop
        }
    }

    private mutating func optionalWords<let count: Int>() throws(WireError) -> InlineArray<count, UInt64>? {
        try flag() ? try words() : nil
    }

    mutating func pairs() throws(WireError) -> [ClientPair] {
        try list { reader throws(WireError) in try reader.pair() }
    }

    mutating func tables() throws(WireError) -> [PortTable] {
        try list { reader throws(WireError) in
            let pair = try reader.pair()
            let ports = try reader.list { reader throws(WireError) in
                PortTable.Entry(queuePair: try reader.word(), firstPacket: try reader.word())
            }
            return PortTable(
                pair: pair, ports: ports, memoryAddress: try reader.long(),
                memoryByteCount: try reader.long(), memoryKey: try reader.word())
        }
    }
}
