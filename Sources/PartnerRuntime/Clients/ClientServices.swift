import ClusterConnection
import Verbs

/// What the CCM does for one client.
public final class ClientServices {
    /// The client's number.
    public let client: ClientID
    /// The life of this side's CCM.
    public let incarnation: Incarnation
    let demand: ClientDemand
    let owner: any Client

    /// The client's memory that the counterpart reaches while the partner is ready; its bytes stay.
    var shared: MappedMemory
    /// The client's memory that only this side reaches.
    var local: MappedMemory
    var ports: (any ClientPorts)?
    var wakeTime: Instant?
    var wantsToWithdraw = false
    private let record: (HistoryRecord) -> Void

    init(
        _ owner: any Client, as client: ClientID, of incarnation: Incarnation, _ demand: ClientDemand,
        record: @escaping (HistoryRecord) -> Void
    ) throws(VerbsError) {
        self.owner = owner
        self.client = client
        self.incarnation = incarnation
        self.demand = demand
        self.record = record
        shared = try MappedMemory(byteCount: max(1, Int(clamping: demand.information.memory)))
        local = try MappedMemory(byteCount: max(1, demand.localMemory))
    }

    // MARK: What there is

    /// How many ports can be used; 0 while the partner is not ready.
    public var portCount: Int { ports?.isReady == true ? ports?.count ?? 0 : 0 }

    /// How many bytes of its memory the counterpart lets this side reach; 0 while the partner is not ready.
    public var partnerByteCount: Int { ports?.isReady == true ? ports?.partnerByteCount ?? 0 : 0 }

    /// Now (clock_gettime(2), CLOCK_MONOTONIC).
    public var now: Instant { MonotonicClock.now }

    // MARK: Memory

    /// Lends the memory that the counterpart reaches. It changes under the hands of whoever looks while the
    /// partner is ready: records in it need checksums.
    public func withSharedBytes<Result>(_ body: (RawSpan) -> Result) -> Result { shared.withBytes(body) }

    /// Lends the memory that the counterpart reaches, to change: only where no port leads there, as in
    /// `Client.portsComing`.
    public func withMutableSharedBytes<Result>(_ body: (inout MutableRawSpan) -> Result) -> Result {
        shared.withMutableBytes(body)
    }

    /// Lends the memory that only this side reaches, to look at.
    public func withLocalBytes<Result>(_ body: (RawSpan) -> Result) -> Result { local.withBytes(body) }

    /// Lends the memory that only this side reaches, to change.
    public func withMutableLocalBytes<Result>(_ body: (inout MutableRawSpan) -> Result) -> Result {
        local.withMutableBytes(body)
    }

    // MARK: Work

    /// Sends a message, which is copied at once.
    ///
    /// - Parameter isReported: whether `Client.completed` is to be called for its success, which takes the processor's
    ///   time. Work ends in the order in which it was posted, so the success of a later piece at the same port stands
    ///   for this one's, too. A failure is reported in any case, and so is the last of as many unreported pieces as make
    ///   half of `ClientDemand.workDepth`.
    public func send(
        _ message: RawSpan, at port: Int, immediate: UInt32? = nil, token: UInt32 = 0, isReported: Bool = true
    ) throws(PortError) {
        try usable().send(message, at: port, immediate: immediate, token: token, isReported: isReported)
    }

    /// Writes a piece of the local memory into the counterpart's memory. Its completion says that the bytes lie
    /// there. With a number, the counterpart is told.
    ///
    /// - Parameter isReported: whether `Client.completed` is to be called for its success, as with `send`.
    public func write(
        at port: Int, from local: Int, byteCount: Int, to partner: Int, immediate: UInt32? = nil,
        token: UInt32 = 0, isReported: Bool = true
    ) throws(PortError) {
        try usable().write(
            at: port, from: local, byteCount: byteCount, to: partner, immediate: immediate, token: token,
            isReported: isReported)
    }

    /// Reads a piece of the counterpart's memory into the local memory.
    public func read(
        at port: Int, into local: Int, byteCount: Int, from partner: Int, token: UInt32 = 0
    ) throws(PortError) {
        try usable().read(at: port, into: local, byteCount: byteCount, from: partner, token: token)
    }

    private func usable() throws(PortError) -> any ClientPorts {
        guard let ports, ports.isReady else { throw .notReady }
        return ports
    }

    // MARK: The rest

    /// Has `Client.woken` called at this instant, instead of any asked for before; never, for nil.
    public func wake(at instant: Instant?) { wakeTime = instant }

    /// Gives back ports and memory, and is told nothing more.
    public func withdraw() { wantsToWithdraw = true }

    /// Puts a line into the partner's history.
    public func note(_ record: HistoryRecord) { self.record(record) }
}
