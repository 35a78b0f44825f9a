import ClusterConnection

/// Whose work, and which, a completion of the rail's own queue tells the end of, in the 64 bits of a work
/// request's number: the kind in the first eight, the connection behind it, a slot behind that.
enum Work {
    /// An RDMA operation of the connection manager's.
    case operation(ConnectionID, Operation)
    /// A message that was sent.
    case sent(ConnectionID)
    /// A receive, for one message.
    case message(ConnectionID, Int)

    /// Whether it is something that this side does, and not only waits for.
    var isOwn: Bool { if case .message = self { false } else { true } }

    private static let sentKind: UInt8 = 0x40
    private static let messageKind: UInt8 = 0x80

    var number: UInt64 {
        switch self {
        case .operation(let connection, let operation):
            UInt64(connection.value) << 8 | UInt64(operation.rawValue)
        case .sent(let connection):
            UInt64(connection.value) << 8 | UInt64(Self.sentKind)
        case .message(let connection, let slot):
            UInt64(slot) << 40 | UInt64(connection.value) << 8 | UInt64(Self.messageKind)
        }
    }

    /// - Parameter rail: whose queue told it.
    init?(number: UInt64, on rail: RailID) {
        let connection = ConnectionID(value: UInt32(truncatingIfNeeded: number >> 8), rail: rail)
        let kind = UInt8(truncatingIfNeeded: number)
        switch kind {
        case Self.sentKind: self = .sent(connection)
        case Self.messageKind: self = .message(connection, Int(number >> 40))
        default:
            guard let operation = Operation(rawValue: kind) else { return nil }
            self = .operation(connection, operation)
        }
    }
}
