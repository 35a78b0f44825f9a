import ClusterConnection

/// What a simulated node is configured with.
public struct NodePlan: Hashable, Sendable {
    /// What its connection manager is told.
    public var settings: Settings
    /// When its boot reaches which phase.
    public var boot = BootPlan()
    /// The clients that register with each of its lives.
    public var clients: [ClientPlan] = []

    /// A node that boots quickly and has no clients.
    public init(_ settings: Settings) { self.settings = settings }
}

/// The moments of a boot, counted from power-on; a phase without one is never reached.
public struct BootPlan: Hashable, Sendable {
    /// When the CCM is initialised.
    public var ccmStarting: TimeSpan
    /// When its boot port answers.
    public var listening: TimeSpan
    /// When the storage operating system begins to load.
    public var storageOSLoading: TimeSpan?
    /// When it is fully active.
    public var storageOSActive: TimeSpan?

    /// A boot of a CCM, and of a storage operating system where its moments are given.
    public init(
        ccmStarting: TimeSpan = .zero, listening: TimeSpan = .zero, storageOSLoading: TimeSpan? = nil,
        storageOSActive: TimeSpan? = nil
    ) {
        self.ccmStarting = ccmStarting
        self.listening = listening
        self.storageOSLoading = storageOSLoading
        self.storageOSActive = storageOSActive
    }
}

/// How the simulated interconnect and its drivers behave.
public struct FabricPlan: Hashable, Sendable {
    /// How many nanoseconds a packet is under way.
    public var latency: ClosedRange<UInt64> = 5_000...40_000
    /// How many nanoseconds what makes and ends a connection is under way: kernels and processes pass it on, which
    /// takes longer. Nil for as long as any packet.
    public var connectionLatency: ClosedRange<UInt64>?
    /// How long a node looks for a partner whose link address it does not know before an attempt fails. Nil where they
    /// know each other's from the beginning.
    public var resolution: TimeSpan?
    /// How many nanoseconds the memory and the queue pairs of a process that was killed still answer.
    public var afterlife: ClosedRange<UInt64> = 0...0
    /// How many nanoseconds its kernel takes, after that, until it tells the other side of the end.
    public var burial: ClosedRange<UInt64> = 0...0
    /// How many nanoseconds a process that has stopped in good order takes until it is gone.
    public var leaving: ClosedRange<UInt64> = 0...0
    /// How long a one-sided operation or a message waits for its answer before it is tried again: what Soft-RoCE takes
    /// at the transport's default settings (acknowledge timeout 2^12 x 4.096 us, and a tick of the kernel's clock).
    public var tryInterval = TimeSpan.microseconds(20_777)
    /// How long it is tried before the transport gives up: six tries.
    public var patience = TimeSpan.microseconds(124_662)
    /// Packets that are lost, of a million.
    public var lossPerMillion: UInt32 = 0
    /// How long after a store of the status block a read may still bring some words of the block before.
    public var tearing = TimeSpan.nanoseconds(400)
    /// How long the driver takes to make one client's ports, and to connect those of all.
    public var portLatency = TimeSpan.microseconds(200)

    /// A quick and quiet fabric.
    public init() {}

    /// The longest that a packet is under way, of whatever kind.
    var longestLatency: UInt64 { max(latency.upperBound, connectionLatency?.upperBound ?? 0) }
}
