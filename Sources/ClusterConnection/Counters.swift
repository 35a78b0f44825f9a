/// What a CCM counted since its start. Only ever rises.
public struct Counters: Hashable, Sendable {
    /// Attempts to connect, as initiator.
    public var attempts: UInt64 = 0
    /// Knocks at the initiator's door.
    public var knocks: UInt64 = 0
    /// Attempts that stayed unanswered and were dropped by the own timer.
    public var attemptsDropped: UInt64 = 0
    /// Attempts that failed or were refused.
    public var attemptsFailed: UInt64 = 0
    /// Attempts that the transport refused as stale.
    public var staleTransport: UInt64 = 0
    /// Connection requests that arrived.
    public var requests: UInt64 = 0
    /// Connection requests refused because they came from no partner of this cluster.
    public var strangersRejected: UInt64 = 0
    /// Connection requests of the partner that were refused.
    public var partnerRejected: UInt64 = 0
    /// Connection requests refused, by `RejectReason.rawValue`.
    public var rejects = Tally()
    /// Boot handshakes that failed.
    public var handshakesFailed: UInt64 = 0
    /// Connections that ended, by the `Verdict.rawValue` that was given; `Tally.noVerdict` where none was.
    public var losses = Tally()
    /// Rails that were lost while another carried heartbeats.
    public var railFaults: UInt64 = 0
    /// Times the connection was established.
    public var established: UInt64 = 0
    /// Reads that brought a block in the middle of being changed.
    public var tornReads: UInt64 = 0
    /// Heartbeat reads that brought a whole block.
    public var beats: UInt64 = 0
    /// Heartbeat reads that found the counter where it was.
    public var misses: UInt64 = 0
    /// Intervals in which this process did not run when it should have.
    public var lateTicks: UInt64 = 0
    /// Messages sent to the partner.
    public var messagesSent: UInt64 = 0
    /// Messages taken from the partner.
    public var messagesReceived: UInt64 = 0
    /// Messages that were not what the protocol says, each of which ended a connection.
    public var violations: UInt64 = 0
    /// Requests of the partner for memory that is not open to it, each of which broke a queue pair.
    public var accessesRefused: UInt64 = 0
    /// Events of connections that were already retired, and dropped.
    public var staleEvents: UInt64 = 0

    /// All zero.
    public init() {}
}
