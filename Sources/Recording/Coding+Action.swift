import ClusterConnection

// The actions. A kind's number is never given to another one.

/// Which action it is.
enum ActionKind: UInt8, CaseIterable {
    case connect = 1
    case accept = 2
    case reject = 3
    case readStatusBlock = 4
    case writeMailbox = 5
    case send = 6
    case makePorts = 7
    case connectPorts = 8
    case destroyPorts = 9
    case notify = 10
    case retire = 11
    case publish = 12
    case clearMailbox = 13
    case setTimer = 14
    case cancelTimer = 15
    case record = 16
    case finished = 17
}

extension Action {
    var kind: ActionKind {
        switch self {
        case .connect: .connect
        case .accept: .accept
        case .reject: .reject
        case .readStatusBlock: .readStatusBlock
        case .writeMailbox: .writeMailbox
        case .send: .send
        case .makePorts: .makePorts
        case .connectPorts: .connectPorts
        case .destroyPorts: .destroyPorts
        case .notify: .notify
        case .retire: .retire
        case .publish: .publish
        case .clearMailbox: .clearMailbox
        case .setTimer: .setTimer
        case .cancelTimer: .cancelTimer
        case .record: .record
        case .finished: .finished
        }
    }
}

extension MessageWriter {
    mutating func append(_ action: Action) {
        append(action.kind)
        switch action {
        case .connect(let connection, let words):
            append(connection)
            append(words)
        case .accept(let request, let connection, let words):
            append(request)
            append(connection)
            append(words)
        case .reject(let request, let words):
            append(request)
            append(words)
        case .readStatusBlock(let connection, let operation, let key):
            append(connection)
            append(operation)
            append(key)
        case .writeMailbox(let connection, let operation, let kind, let words, let key):
            append(connection)
            append(operation)
            append(kind)
            append(words)
            append(key)
        case .send(let connection, let bytes):
            append(connection)
            append(bytes)
        case .makePorts(let connection, let orders):
            append(connection)
            append(list: orders) { writer, order in
                writer.append(order.pair)
                writer.append(order.ports)
                writer.append(order.memory)
            }
        case .connectPorts(let connection, let tables):
            append(connection)
            append(tables)
        case .destroyPorts(let connection, let pairs):
            append(connection)
            append(list: pairs) { $0.append($1) }
        case .notify(let client, let notice):
            append(client)
            append(notice)
        case .retire(let connection):
            append(connection)
        case .publish(let words, let rail):
            append(words)
            append(rail)
        case .clearMailbox(let rail):
            append(rail)
        case .setTimer(let timer, let instant, let rail):
            append(timer)
            append(instant)
            append(rail)
        case .cancelTimer(let timer, let rail):
            append(timer)
            append(rail)
        case .record(let record):
            append(record)
        case .finished:
            break
        }
    }
}

extension MessageReader {
    mutating func action() throws(WireError) -> RecordedAction {
        guard let kind = ActionKind(rawValue: try byte()) else { throw .unknownKind }
        switch kind {
        case .connect: return .action(.connect(try connection(), try words()))
        case .accept: return .action(.accept(try request(), try connection(), try words()))
        case .reject: return .action(.reject(try request(), try words()))
        case .readStatusBlock:
            return .action(.readStatusBlock(try connection(), try choice(), key: try word()))
        case .writeMailbox:
            return .action(
                .writeMailbox(try connection(), try choice(), try choice(), try words(), key: try word()))
        case .send: return .action(.send(try connection(), try bytes()))
        case .makePorts:
            return .action(
                .makePorts(
                    try connection(),
                    try list { reader throws(WireError) in
                        PortOrder(
                            pair: try reader.pair(), ports: try reader.word(), memory: try reader.long())
                    }))
        case .connectPorts: return .action(.connectPorts(try connection(), try tables()))
        case .destroyPorts: return .action(.destroyPorts(try connection(), try pairs()))
        case .notify: return .action(.notify(try client(), try notice()))
        case .retire: return .action(.retire(try connection()))
        case .publish: return .action(.publish(try words(), try rail()))
        case .clearMailbox: return .action(.clearMailbox(try rail()))
        case .setTimer: return .action(.setTimer(try choice(), try instant(), try rail()))
        case .cancelTimer: return .action(.cancelTimer(try choice(), try rail()))
        case .record: return .line(try recordedLine())
        case .finished: return .action(.finished)
        }
    }
}
