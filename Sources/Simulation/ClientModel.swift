import ClusterConnection

/// A client of a life, as far as its connection manager and its partner can tell.
struct ClientModel: Sendable {
    /// What it was last told of its ports.
    enum Standing: Sendable {
        case none, ready, paused, lost
    }

    let plan: ClientPlan
    let client: ClientID
    var standing = Standing.none
    /// With which life of the partner it was ready last.
    var readyWith = Incarnation.none
    var isRegistered = false
    var armings: UInt32 = 0
    /// The memory that the counterpart reaches, a record in each slot; its contents stay when the ports go.
    var shared: [MirrorRecord?] = []
    var mirror = MirrorModel()
    var messenger = MessengerModel()
    var monitor = MonitorModel()

    init(_ plan: ClientPlan, as client: ClientID) {
        self.plan = plan
        self.client = client
    }

    var name: Name { plan.information.name }
}

/// Where a log mirror stands: the model of `PartnerRuntime.LogMirror`.
struct MirrorModel: Sendable {
    enum State: Sendable {
        case idle, reading, rewriting, running, paused, failed
    }

    var state = State.idle
    var partner = Incarnation.none
    var slots = 0
    var ring: [MirrorRecord?] = []
    var last: UInt64 = 0
    var acknowledged: UInt64 = 0
    var acknowledgedHere: UInt64 = 0
    var noted: UInt64 = 0
    var notedAt: Instant?
    var rewritesUnderWay = 0
    var toRewrite: [UInt64] = []
    var isFenced = false
    var found = (highest: UInt64(0), records: UInt64(0), damaged: UInt64(0), rewritten: UInt64(0))

    static let window = 16
    static let noteSpan = TimeSpan.milliseconds(5)
    static let vigil = TimeSpan.seconds(1)
}

/// Where a messenger stands: the model of `PartnerRuntime.Messenger`, on one port.
struct MessengerModel: Sendable {
    var partner = Incarnation.none
    var isTalking = false
    var asked: UInt64 = 0
    var answered: UInt64 = 0
    var requests: UInt64 = 0
    var replies: UInt64 = 0
    var spans: [UInt64] = []

    static let mostAsked: UInt64 = 8
}

/// Where a failover monitor stands: the model of `PartnerRuntime.FailoverMonitor`.
struct MonitorModel: Sendable {
    var decision: StaticString = "none"
    var isAway = false
    var verdict: Verdict?
    var phase: BootPhase?
    var partner = Incarnation.none
    var isReady = false
    var standstill: StaticString?
    var reason: StaticString = "noContact"
}
