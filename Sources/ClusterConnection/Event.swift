/// A connection of this CCM, its whole life long; numbers are not used again within an incarnation.
public struct ConnectionID: Hashable, Sendable {
    /// The number.
    public let value: UInt32
    /// The rail that it is on.
    public let rail: RailID

    /// The connection of this number.
    public init(value: UInt32, rail: RailID = .first) {
        self.value = value
        self.rail = rail
    }
}

/// A connection request that waits for its answer; the driver numbers them.
public struct RequestID: Hashable, Sendable {
    /// The number.
    public let value: UInt32
    /// The rail that it came over.
    public let rail: RailID

    /// The request of this number.
    public init(value: UInt32, rail: RailID = .first) {
        self.value = value
        self.rail = rail
    }
}

/// An RDMA operation that the CCM posts. At most one is under way on a connection.
public enum Operation: UInt8, CaseIterable, Sendable {
    /// Read 1 of the boot handshake.
    case firstRead
    /// Write 1: the greeting.
    case firstWrite
    /// Read 2.
    case secondRead
    /// Write 2: the confirmation.
    case secondWrite
    /// A read of the partner's status block for its heartbeat counter.
    case heartbeatRead

    /// The name in configurations and event lines.
    public var name: StaticString {
        switch self {
        case .firstRead: "firstRead"
        case .firstWrite: "firstWrite"
        case .secondRead: "secondRead"
        case .secondWrite: "secondWrite"
        case .heartbeatRead: "heartbeatRead"
        }
    }
}

/// How an operation ended (ibv_poll_cq(3), as far as the CCM tells causes apart).
public enum Outcome: UInt8, CaseIterable, Sendable {
    /// The operation took place.
    case success
    /// The transport's retries were exhausted: nothing answered.
    case retryExceeded
    /// The local queue pair failed before the operation could take place.
    case flushed
    /// The partner's side answered that it does not allow the operation.
    case refusedByPartner
    /// Any other failure, local or remote.
    case failed

    /// The name in event lines.
    public var name: StaticString {
        switch self {
        case .success: "success"
        case .retryExceeded: "retryExceeded"
        case .flushed: "flushed"
        case .refusedByPartner: "refusedByPartner"
        case .failed: "failed"
        }
    }
}

/// Why an attempt to connect came to nothing.
public enum ConnectFailure: UInt8, CaseIterable, Sendable {
    /// The partner's address or the way to it could not be resolved: rdma_resolve_addr(3),
    /// rdma_resolve_route(3).
    case unresolved
    /// The partner's node is up and nothing listens at the boot port there (rejection status 8).
    case nobodyListens
    /// The transport refused the connection as stale (rejection status 10).
    case staleTransport
    /// The transport refused for another reason of its own.
    case refusedByTransport
    /// The transport gave up on an answer.
    case unanswered
    /// A local call failed.
    case local

    /// The name in event lines.
    public var name: StaticString {
        switch self {
        case .unresolved: "unresolved"
        case .nobodyListens: "nobodyListens"
        case .staleTransport: "staleTransport"
        case .refusedByTransport: "refusedByTransport"
        case .unanswered: "unanswered"
        case .local: "local"
        }
    }
}

/// The timers that the CCM asks for. Each exists once on each rail; setting it again moves it.
public enum TimerName: UInt8, CaseIterable, Sendable {
    /// The next heartbeat interval.
    case tick
    /// The end of an attempt's patience.
    case attempt
    /// The end of the pause between attempts.
    case backoff
    /// The deadline of the boot handshake.
    case handshake
    /// The next look into the mailbox, or the next read 2.
    case poll
    /// The end of an orderly goodbye; of the pair, and therefore only of its first rail.
    case farewell
    /// The deadline of the exchange that follows the establishment; of the pair.
    case exchange
    /// The deadline of the partner's boot phase; of the pair.
    case stall
}

/// What happens to a CCM. All it ever learns comes in here.
public enum Event: Sendable {
    /// The boot port answers and the preset memory can be reached under these keys.
    case listening(RailID = .first, statusBlockKey: UInt32, mailboxKey: UInt32)
    /// The own end of the rail is gone, device or address. The driver MUST carry the actions out before it gives
    /// the rail's objects up, and MUST hand over nothing of them afterwards, until `listening` begins anew.
    case railLost(RailID = .first)
    /// The own boot has come this far.
    case bootPhase(BootPhase)
    /// A timer that the CCM set has come due.
    case timer(TimerName, RailID = .first)
    /// A connection request arrived; nil when it held fewer bytes than the private data has.
    case request(RequestID, ConnectionPrivateData.Words?)
    /// The transport of a connection is up; the initiator also gets what the acceptance held.
    case connected(ConnectionID, ConnectionPrivateData.Words?)
    /// The partner's CCM refused an attempt, or withdrew one that was already accepted; nil when what it sent
    /// is shorter than a refusal.
    case refused(ConnectionID, Rejection.Words?)
    /// An attempt, or an acceptance, failed below the partner's CCM.
    case connectFailed(ConnectionID, ConnectFailure)
    /// The partner's side ended a connection.
    case disconnected(ConnectionID)
    /// An operation ended; a read that succeeded brings the 64 bytes.
    case completed(ConnectionID, Operation, Outcome, StatusBlock.Words?)
    /// A message of the partner's arrived.
    case received(ConnectionID, [UInt8])
    /// A message of the partner's did not fit into the receive that it met.
    case overlong(ConnectionID)
    /// A message was delivered, or could not be.
    case sent(ConnectionID, Outcome)
    /// The device refused a request of the partner's past what was granted, and broke the queue pair that it came
    /// over: of this connection, and there of this client's ports, or of the connection itself. Of neither where
    /// it was destroyed meanwhile.
    case accessRefused(queuePair: UInt32, ConnectionID?, ClientID?)
    /// Ports were made, and the memory registered.
    case portsMade(ConnectionID, [PortTable])
    /// Ports were connected with the partner's: they can receive.
    case portsConnected(ConnectionID, [ClientPair])
    /// A client's ports could not be made or connected.
    case portsFailed(ConnectionID, ClientPair)
    /// A client asks for ports and memory. Its number MUST be new in this incarnation.
    case register(ClientID, ClientInformation)
    /// A client withdraws.
    case withdraw(ClientID)
    /// A rail's mailbox does not hold what it held when the CCM last saw it.
    case mailbox(Mailbox, RailID = .first)
    /// An orderly shutdown is asked for.
    case stop
}

extension Event {
    /// The rail that it is of; nil for what is of the whole CCM.
    var rail: RailID? {
        switch self {
        case .listening(let rail, _, _), .railLost(let rail), .timer(_, let rail), .mailbox(_, let rail): rail
        case .request(let request, _): request.rail
        case .connected(let connection, _), .refused(let connection, _), .connectFailed(let connection, _),
            .disconnected(let connection), .completed(let connection, _, _, _), .received(let connection, _),
            .overlong(let connection), .sent(let connection, _), .portsMade(let connection, _),
            .portsConnected(let connection, _), .portsFailed(let connection, _):
            connection.rail
        case .accessRefused(_, let connection, _): connection?.rail
        case .bootPhase, .register, .withdraw, .stop: nil
        }
    }
}
