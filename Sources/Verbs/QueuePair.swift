import CRDMA
import Glibc

/// A reliable-connected queue pair that no connection manager looks after (ibv_create_qp(3)).
///
/// Both sides make one, tell each other its number and their first packet's, and bring it up over a path that
/// an established connection lends: `initialize`, receives, `makeReadyToReceive`, and once the partner's can
/// receive too, `makeReadyToSend`. Nobody reports that the partner's queue pair is gone: work fails with
/// `retryExceeded`, and without work nothing is noticed.
///
/// It keeps its protection domain and its completion queues alive.
public struct QueuePair: ~Copyable, WorkPosting {
    private let pointer: UnsafeMutablePointer<ibv_qp>
    /// How much work it takes, as the device granted it.
    public let limits: QueuePairLimits
    /// These three are here for no other purpose than to outlive the queue pair.
    private let domain: ProtectionDomain.Handle
    private let sends: CompletionQueue.Handle
    private let receives: CompletionQueue.Handle
    private var isReleased = false

    /// A queue pair that takes no work yet.
    ///
    /// - Parameters:
    ///   - completionQueue: where reads, writes and sends are reported.
    ///   - receiveCompletionQueue: where receives are reported; may be the same.
    ///   - signalsAll: reports every success. Otherwise only of work that was posted signaled; failures are
    ///     always reported. Success of signaled work says that all work posted before it is done, and only then
    ///     does a device need to take the unsignaled for done: one in `sendCapacity` must be signaled, or the
    ///     queue stays full for good.
    public init(
        in domain: borrowing ProtectionDomain, completionQueue: borrowing CompletionQueue,
        receiveCompletionQueue: borrowing CompletionQueue, limits: QueuePairLimits, signalsAll: Bool = true
    ) throws(VerbsError) {
        try self.init(
            in: domain.handle, sends: completionQueue.handle, receives: receiveCompletionQueue.handle, limits,
            signalsAll)
    }

    /// A queue pair that takes no work yet, with one completion queue for everything.
    public init(
        in domain: borrowing ProtectionDomain, completionQueue: borrowing CompletionQueue,
        limits: QueuePairLimits, signalsAll: Bool = true
    ) throws(VerbsError) {
        try self.init(
            in: domain.handle, sends: completionQueue.handle, receives: completionQueue.handle, limits,
            signalsAll)
    }

    private init(
        in domain: ProtectionDomain.Handle, sends: CompletionQueue.Handle, receives: CompletionQueue.Handle,
        _ limits: QueuePairLimits, _ signalsAll: Bool
    ) throws(VerbsError) {
        var attributes = try limits.attributes(
            in: domain, sends: sends, receives: receives, signalsAll: signalsAll, for: "ibv_create_qp")
        pointer = try ErrorNumber.checkPointer(
            "ibv_create_qp", ibv_create_qp(domain.pointer, &attributes),
            "on \(domain.lease.deviceName) for \(limits)")
        self.limits = QueuePairLimits(attributes.cap)
        self.domain = domain
        self.sends = sends
        self.receives = receives
    }

    deinit {
        // The last resort of a path that did not get to close(): destroy it all the same, with nobody to tell.
        if !isReleased { _ = ibv_destroy_qp(pointer) }
    }

    /// Destroys it (ibv_destroy_qp(3)), and with it work in flight, which may or may not complete. From here on
    /// the partner reaches nothing through it.
    ///
    /// Completions that nobody has polled stay in their queues, where another queue pair may later bear the
    /// same number. Where every piece of work must be accounted for, `fail()` and poll first.
    public consuming func close() throws(VerbsError) {
        isReleased = true
        try ErrorNumber.checkReturned("ibv_destroy_qp", ibv_destroy_qp(pointer), "queue pair \(number)")
    }

    // MARK: What it is

    /// The number that the partner's queue pair must know it by, in 24 bits.
    public var number: UInt32 { pointer.pointee.qp_num }

    /// What work is posted to.
    public var queuePairReference: QueuePairReference? { QueuePairReference(pointer: pointer) }

    /// What the kernel says of it (ibv_query_qp(3)).
    public func queryState() throws(VerbsError) -> QueuePairState {
        try QueuePairReference(pointer: pointer).state()
    }

    // MARK: Coming about (ibv_modify_qp(3))

    /// From `reset` to `initialized`: from here on it takes receives. `access` is what the partner may do through
    /// it, in memory that allows the same.
    public func initialize(port: UInt8, access: MemoryAccess) throws(VerbsError) {
        var attributes = ibv_qp_attr()
        attributes.qp_state = IBV_QPS_INIT
        // The default partition, which is all that RoCE has.
        attributes.pkey_index = 0
        attributes.port_num = port
        attributes.qp_access_flags = access.rawValue
        try modify(
            &attributes,
            IBV_QP_STATE.rawValue | IBV_QP_PKEY_INDEX.rawValue | IBV_QP_PORT.rawValue
                | IBV_QP_ACCESS_FLAGS.rawValue, "to initialized, port \(port)")
    }

    /// From `initialized` to `readyToReceive`: from here on it serves the partner.
    ///
    /// The kernel looks up the partner's link-layer address, which may take as long as its answer takes.
    ///
    /// - Parameters:
    ///   - partnerNumber: the number of the partner's queue pair.
    ///   - partnerFirstPacket: what the partner passes to `makeReadyToSend`, in 24 bits. Exactly that: packets
    ///     before it look like repetitions, which are acknowledged and dropped, so that the partner's writes
    ///     would succeed and change nothing.
    public func makeReadyToReceive(
        over path: PathToPartner, partnerNumber: UInt32, partnerFirstPacket: UInt32,
        _ parameters: QueuePairParameters = QueuePairParameters()
    ) throws(VerbsError) {
        try parameters.check()
        // What another node sent is checked here, because not every device does.
        guard (2...Self.largestNumber).contains(partnerNumber) else {
            throw refusal("the partner's queue pair number \(partnerNumber), expected 2 to 0xffffff")
        }
        try check(firstPacket: partnerFirstPacket)
        guard path.device == UInt(bitPattern: domain.lease.context) else {
            throw refusal("a path of another device than \(domain.lease.deviceName)")
        }
        var attributes = ibv_qp_attr()
        attributes.qp_state = IBV_QPS_RTR
        attributes.ah_attr = path.vector
        attributes.path_mtu = path.pathMTU
        attributes.dest_qp_num = partnerNumber
        attributes.rq_psn = partnerFirstPacket
        attributes.max_dest_rd_atomic = parameters.responderResources
        attributes.min_rnr_timer = parameters.receiverNotReadyTimer
        try modify(
            &attributes,
            IBV_QP_STATE.rawValue | IBV_QP_AV.rawValue | IBV_QP_PATH_MTU.rawValue
                | IBV_QP_DEST_QPN.rawValue | IBV_QP_RQ_PSN.rawValue | IBV_QP_MAX_DEST_RD_ATOMIC.rawValue
                | IBV_QP_MIN_RNR_TIMER.rawValue, "to ready to receive, \(path)")
    }

    /// From `readyToReceive` to `readyToSend`: from here on it does work of its own. The partner's queue pair
    /// must be ready to receive before work is posted, or the retries run already.
    ///
    /// - Parameter firstPacket: a number of one's own choice, in 24 bits; the partner must have it for its
    ///   `makeReadyToReceive`. One that was not used lately keeps late packets of an earlier queue pair out.
    public func makeReadyToSend(
        firstPacket: UInt32, _ parameters: QueuePairParameters = QueuePairParameters()
    ) throws(VerbsError) {
        try parameters.check()
        try check(firstPacket: firstPacket)
        var attributes = ibv_qp_attr()
        attributes.qp_state = IBV_QPS_RTS
        attributes.sq_psn = firstPacket
        attributes.timeout = parameters.acknowledgeTimeout
        attributes.retry_cnt = parameters.retryCount
        attributes.rnr_retry = parameters.receiverNotReadyRetryCount
        attributes.max_rd_atomic = parameters.initiatorDepth
        try modify(
            &attributes,
            IBV_QP_STATE.rawValue | IBV_QP_SQ_PSN.rawValue | IBV_QP_TIMEOUT.rawValue
                | IBV_QP_RETRY_CNT.rawValue | IBV_QP_RNR_RETRY.rawValue | IBV_QP_MAX_QP_RD_ATOMIC.rawValue,
            "to ready to send")
    }

    /// From any state to `error`: everything outstanding is reported as `flushed`, and the partner reaches
    /// nothing through it any more. Only `close()` is left then.
    public func fail() throws(VerbsError) {
        try QueuePairReference(pointer: pointer).fail()
    }

    // MARK: Beneath

    /// Numbers of queue pairs and of packets have 24 bits.
    private static let largestNumber: UInt32 = 0xff_ffff

    private func modify(
        _ attributes: inout ibv_qp_attr, _ mask: UInt32, _ step: @autoclosure () -> String
    ) throws(VerbsError) {
        try ErrorNumber.checkReturned(
            "ibv_modify_qp", ibv_modify_qp(pointer, &attributes, Int32(mask)),
            "queue pair \(number) \(step())")
    }

    private func check(firstPacket: UInt32) throws(VerbsError) {
        guard firstPacket <= Self.largestNumber else {
            throw refusal("first packet \(firstPacket), expected 24 bits")
        }
    }

    private func refusal(_ what: String) -> VerbsError {
        VerbsError(call: "ibv_modify_qp", errno: EINVAL, detail: "queue pair \(number): \(what)")
    }
}
