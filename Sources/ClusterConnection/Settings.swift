/// What one partner's CCM is told about itself, its partner and its deadlines.
public struct Settings: Hashable, Sendable {
    /// This side's identity in the cluster.
    public var node: NodeIdentity
    /// The one node that this side connects with.
    public var partnerNode: NodeIdentity
    /// The cluster of both.
    public var cluster: ClusterIdentity
    /// What this side is to the cluster.
    public var role: Role
    /// The protocol versions this side speaks.
    public var versions: VersionRange
    /// How many rails this side has, up to `RailID.limit`.
    public var rails = 1

    /// How often the own counter rises and the partner's is read.
    public var heartbeatInterval: TimeSpan = .milliseconds(10)
    /// How many reads in a row may find the counter where it was before the partner is `hung`. Half a second: a
    /// processor that a hypervisor takes away stands still for up to 0.27 s, and the process on it with it.
    public var missLimit: UInt32 = 50
    /// How long a heartbeat read may be under way. Longer than the transport takes to exhaust its retries,
    /// so that it only decides where the transport never answers.
    public var readDeadline: TimeSpan = .seconds(1)

    /// How long an attempt to connect may stay unanswered. The kernel resends only about every four seconds,
    /// so it is dropped and begun again instead.
    public var attemptTimeout: TimeSpan = .milliseconds(300)
    /// The pause after the first failed attempt; it doubles with each further one.
    public var backoffStart: TimeSpan = .milliseconds(5)
    /// The longest pause between attempts.
    public var backoffCap: TimeSpan = .milliseconds(500)
    /// How long whoever acts upon `Verdict.dead` waits for it to be taken back. A partner that lives asks again within the
    /// first pause of its backoff, which is held to be configured as the own one.
    public var deathConfirmation: TimeSpan { max(.milliseconds(100), backoffStart * 2) }
    /// How long an attempt may have been under way when the partner knocks, and still be expected to arrive.
    var staleAttempt: TimeSpan { backoffStart * 4 }
    /// How long after a knock was heard the next one comes, at the earliest: late enough to find an attempt
    /// that was lost stale.
    var knockAgain: TimeSpan { backoffStart * 5 }
    /// The pause after a partner proved incompatible or a stranger, which time alone does not mend.
    public var slowRetry: TimeSpan = .seconds(2)
    /// How long the four operations and the partner's confirmation may take together.
    public var handshakeTimeout: TimeSpan = .seconds(1)
    /// How often the mailbox is looked into, and read 2 repeated, while the partner has not yet looked.
    public var handshakePoll: TimeSpan = .microseconds(250)

    /// How long both sides may take from the establishment to ready.
    public var exchangeTimeout: TimeSpan = .seconds(5)
    /// How long the partner's boot may stand in the phase in which only its CCM listens, until it is reported as
    /// stalled.
    public var listeningDeadline: TimeSpan = .seconds(60)
    /// The same for the loading of its storage operating system.
    public var loadingDeadline: TimeSpan = .seconds(300)
    /// What clients may ask for at most.
    public var clientLimits = ClientLimits()
    /// What this side tells that it can do besides.
    public var capabilities: [PeerInformation.Capability] = []
    /// What a partner may require.
    public var knownCapabilities: Set<Name> = []

    /// Settings with default deadlines.
    public init(
        node: NodeIdentity, partnerNode: NodeIdentity, cluster: ClusterIdentity, role: Role,
        versions: VersionRange = .supported
    ) {
        self.node = node
        self.partnerNode = partnerNode
        self.cluster = cluster
        self.role = role
        self.versions = versions
    }

    /// Whether this side connects; the other one accepts.
    public var isInitiator: Bool { node < partnerNode }
}
