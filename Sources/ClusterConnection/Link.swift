/// Where a CCM stands with its partner.
///
/// | from | to | by |
/// | --- | --- | --- |
/// | closed | connecting | the boot port answers |
/// | connecting | handshaking | the partner accepted |
/// | connecting | waiting | refused, failed or unanswered |
/// | waiting | connecting | the pause is over, or a knock |
/// | connecting | connecting | a knock: the attempt began before the partner could answer |
/// | handshaking, established | connecting | a knock of the partner's: it has lost the connection, or its life |
/// | any but closed, farewell | accepting | a connection request of the partner |
/// | accepting | handshaking | the transport is up |
/// | handshaking | established | own write 2 complete, the partner's confirmation here |
/// | accepting, handshaking, established | waiting | anything else |
/// | any but farewell | closed | the own end of the rail is gone |
/// | any | farewell | an orderly stop |
public enum Link: Sendable {
    /// Not listening, not yet or not any more.
    case closed
    /// Between two attempts.
    case waiting
    /// An attempt is under way.
    case connecting(Attempt)
    /// A request was accepted; the transport is not up yet.
    case accepting(Peer)
    /// The four operations are under way.
    case handshaking(Handshake)
    /// Connected, with heartbeats.
    case established(Session)
    /// Saying goodbye; nil when nobody is there to hear it.
    case farewell(Peer?)

    /// The name in status reports.
    public var name: StaticString {
        switch self {
        case .closed: "closed"
        case .waiting: "waiting"
        case .connecting: "connecting"
        case .accepting: "accepting"
        case .handshaking: "handshaking"
        case .established: "established"
        case .farewell: "farewell"
        }
    }

    /// The other end, where there is one.
    public var peer: Peer? {
        switch self {
        case .closed, .waiting, .connecting: nil
        case .accepting(let peer): peer
        case .handshaking(let handshake): handshake.peer
        case .established(let session): session.peer
        case .farewell(let peer): peer
        }
    }
}

/// An attempt to connect that waits for its answer.
public struct Attempt: Sendable {
    /// The connection it may become.
    public let connection: ConnectionID
    /// Which attempt of this incarnation it is.
    public let number: UInt64
    /// When it began.
    public let since: Instant
}

/// The other end of a connection.
public struct Peer: Sendable {
    /// The connection.
    public let connection: ConnectionID
    /// The rail that it is on.
    public var rail: RailID { connection.rail }
    /// The partner's life it goes to.
    public let incarnation: Incarnation
    /// Opens the partner's status block.
    public let statusBlockKey: UInt32
    /// Opens the partner's mailbox.
    public let mailboxKey: UInt32
    /// The highest protocol version that both sides speak, as far as the request and its acceptance tell.
    public let version: UInt16
    /// The initiator's number of the attempt that became the connection.
    public let attempt: UInt16
    /// When it was accepted or connected.
    public let since: Instant
}

/// A boot handshake under way.
public struct Handshake: Sendable {
    /// What is awaited.
    public enum Step: Sendable {
        /// The completion of this operation.
        case operation(Operation)
        /// The moment to repeat this read: it brought a torn block, or the partner has not looked yet.
        case nextRead(Operation)
        /// The partner's confirmation; all four own operations are done.
        case confirmation
    }

    /// The other end.
    public let peer: Peer
    /// What is awaited.
    public var step: Step = .operation(.firstRead)
    /// When the latest read was posted.
    public var readPosted: Instant
    /// How often read 1 or read 2 had to be repeated.
    public var repeats: UInt64 = 0
    /// Whether the partner's greeting for this pair of incarnations lies in the mailbox.
    public var greetingSeen = false
    /// Whether its confirmation does.
    public var confirmationSeen = false
    /// The partner's heartbeat counter at the latest read.
    public var heartbeat: UInt64 = 0

    /// The name of what is awaited, for event lines.
    public var stepName: StaticString {
        switch step {
        case .operation(let operation), .nextRead(let operation): operation.name
        case .confirmation: "confirmation"
        }
    }
}

/// An established connection.
public struct Session: Sendable {
    /// The other end.
    public let peer: Peer
    /// The partner's heartbeat counter at the latest whole read.
    public var heartbeat: UInt64
    /// How many reads in a row found it there.
    public var misses: UInt32 = 0
    /// When the read that is under way was posted; nil when none is.
    public var readPosted: Instant?
}
