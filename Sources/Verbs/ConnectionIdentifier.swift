import CRDMA
import Glibc

/// One end of a connection, a listener, or an attempt at either (rdma_create_id(3)), with its queue pair.
///
/// Order of a connection that is made: `resolveAddress`, event, `resolveRoute`, event, `createQueuePair`,
/// receives, `connect`, event. Of one that is accepted: event, `createQueuePair`, receives, `accept`, event. Operations only begin
/// what an event of the channel later reports. None of them has a timer worth having: the kernel repeats a
/// connection request about every 4 s, and gives up after a minute or more. Keep a timer, close, begin again.
///
/// The identifier keeps its channel, and its queue pair's protection domain and completion queue, alive.
/// `close()` does not take leave: the kernel tells the partner that the connection ended all the same, unless
/// it cannot reach it.
public struct ConnectionIdentifier: ~Copyable, WorkPosting {
    let pointer: UnsafeMutablePointer<rdma_cm_id>
    private let channel: ConnectionChannel.Handle
    /// Both are set while there is a queue pair, for no other purpose than to outlive it.
    private var domain: ProtectionDomain.Handle?
    private var completions: CompletionQueue.Handle?
    private var isReleased = false

    /// An identifier of reliable connections (`RDMA_PS_TCP`), whose events arrive at `channel` with `context`.
    public init(channel: borrowing ConnectionChannel, context: UInt64) throws(VerbsError) {
        self.channel = channel.handle
        var id: UnsafeMutablePointer<rdma_cm_id>?
        try ErrorNumber.check(
            "rdma_create_id",
            rdma_create_id(
                channel.handle.pointer, &id, UnsafeMutableRawPointer(bitPattern: UInt(context)), RDMA_PS_TCP))
        pointer = try ErrorNumber.checkPointer("rdma_create_id", id)
    }

    /// Takes over the identifier of a connect request.
    init(inbound id: UnsafeMutablePointer<rdma_cm_id>, channel: ConnectionChannel.Handle) {
        pointer = id
        self.channel = channel
    }

    deinit {
        // The last resort of a path that did not get to close(): release the same way, with nobody to tell.
        if !isReleased { _ = Self.release(pointer) }
    }

    /// Destroys the queue pair, and with it work in flight, which may or may not complete; then the identifier.
    ///
    /// No event of this identifier arrives afterwards. Completions of its queue pair that nobody has polled
    /// stay in the queue. A request that was neither accepted nor rejected is rejected.
    public consuming func close() throws(VerbsError) {
        isReleased = true
        let (result, number) = Self.release(pointer)
        if result != 0 { throw VerbsError(call: "rdma_destroy_id", errno: number) }
    }

    /// The channel, and the domain and the completion queue of its queue pair. They live at least as long as the identifier
    /// and whoever holds these: who closes it on another thread keeps them from being released there.
    public var foundations: [AnyObject] {
        var all: [AnyObject] = [channel]
        if let domain { all.append(domain) }
        if let completions { all.append(completions) }
        return all
    }

    /// Takes the queue pair out of the identifier, which has none afterwards.
    ///
    /// librdmacm looks at the queue pair of whatever identifier an event names (rdma_get_cm_event(3)): one that is destroyed
    /// on another thread than takes the events has to be out of its sight first.
    ///
    /// - Returns: the queue pair, which lives no longer than what this identifier was made from; nil when there is none.
    public func detachQueuePair() -> DetachedQueuePair? {
        guard let queuePair = pointer.pointee.qp else { return nil }
        pointer.pointee.qp = nil
        return DetachedQueuePair(pointer: queuePair)
    }

    private static func release(_ id: UnsafeMutablePointer<rdma_cm_id>) -> (Int32, Int32) {
        if id.pointee.qp != nil { rdma_destroy_qp(id) }
        let result = rdma_destroy_id(id)
        return (result, result == 0 ? 0 : ErrorNumber.last)
    }

    // MARK: What it is

    /// What its events are marked with. An inbound identifier starts with its listener's.
    public var context: UInt64 {
        get { UInt64(UInt(bitPattern: pointer.pointee.context)) }
        nonmutating set { pointer.pointee.context = UnsafeMutableRawPointer(bitPattern: UInt(newValue)) }
    }

    /// Whether it is bound to a device: after `bind` to an address of one, after `addressResolved`, or inbound.
    public var hasDevice: Bool { pointer.pointee.verbs != nil }

    /// The name of its device; nil when it has none.
    public var deviceName: String? {
        guard let context = pointer.pointee.verbs else { return nil }
        return ibv_get_device_name(context.pointee.device).map { String(cString: $0) }
    }

    /// The port of its device, counted from 1; 0 when it has none.
    public var devicePort: UInt8 { pointer.pointee.port_num }

    /// The GID it uses on that port.
    public var localIdentifier: GlobalIdentifier {
        GlobalIdentifier(pointer.pointee.route.addr.addr.ibaddr.sgid)
    }

    /// The address it is bound to; nil when it is not.
    public var localAddress: HardwareAddress? {
        HardwareAddress(rdma_get_local_addr(pointer))
    }

    /// The partner's address; nil when there is none yet.
    public var partnerAddress: HardwareAddress? {
        HardwareAddress(rdma_get_peer_addr(pointer))
    }

    /// Its queue pair, for posting; nil when it has none.
    public var queuePairReference: QueuePairReference? {
        pointer.pointee.qp.map { QueuePairReference(pointer: $0) }
    }

    /// The number of its queue pair; nil when it has none.
    public var queuePairNumber: UInt32? { pointer.pointee.qp?.pointee.qp_num }

    // MARK: Settings

    /// Lets an address be bound again while remains of an earlier identifier still hold it
    /// (`RDMA_OPTION_ID_REUSEADDR`). Before `bind`.
    public func setReuseAddress() throws(VerbsError) {
        var on: Int32 = 1
        try ErrorNumber.check(
            "rdma_set_option",
            rdma_set_option(
                pointer, Int32(RDMA_OPTION_ID), Int32(RDMA_OPTION_ID_REUSEADDR), &on, MemoryLayout<Int32>.size
            ),
            "RDMA_OPTION_ID_REUSEADDR")
    }

    /// Sets how long a packet may stay unacknowledged: 4.096 us * 2^`exponent`, 1 to 31
    /// (`RDMA_OPTION_ID_ACK_TIMEOUT`). Before `connect` or `accept`; it cannot be changed later.
    ///
    /// Together with the retry count this bounds the time to notice a partner that is gone. Soft-RoCE rounds
    /// up to jiffies, so small exponents do not differ. 0 would switch the timer off, and is refused.
    public func setAcknowledgeTimeout(exponent: UInt8) throws(VerbsError) {
        try Retries.checkAcknowledgeTimeout(exponent, for: "rdma_set_option")
        var value = exponent
        try ErrorNumber.check(
            "rdma_set_option",
            rdma_set_option(pointer, Int32(RDMA_OPTION_ID), Int32(RDMA_OPTION_ID_ACK_TIMEOUT), &value, 1),
            "RDMA_OPTION_ID_ACK_TIMEOUT \(exponent)")
    }

    // MARK: Coming about

    /// Claims an address and port, and with the address its device (rdma_bind_addr(3)). Port 0 takes a free one.
    ///
    /// Throws `ENODEV` when the address belongs to an interface without RDMA device, `EADDRNOTAVAIL` when it
    /// belongs to none, `EADDRINUSE` when the port is taken. The wildcard addresses belong to no device.
    public func bind(to address: HardwareAddress) throws(VerbsError) {
        try ErrorNumber.check(
            "rdma_bind_addr", address.withSocketAddress { rdma_bind_addr(pointer, $0) }, "\(address)")
        guard hasDevice || address.isWildcard else {
            throw VerbsError(call: "rdma_bind_addr", errno: ENODEV, detail: "\(address)")
        }
    }

    /// Begins to take connection requests on the bound address, at most `backlog` of them unanswered.
    public func listen(backlog: Int32) throws(VerbsError) {
        try ErrorNumber.check(
            "rdma_listen", rdma_listen(pointer, backlog), localAddress.map { "\($0)" } ?? "without an address"
        )
    }

    /// Looks for the device and the neighbour behind `partner` (rdma_resolve_addr(3)). Reports
    /// `addressResolved` or `addressError`, after `timeoutMilliseconds` at the latest.
    public func resolveAddress(
        from local: HardwareAddress?, to partner: HardwareAddress, timeoutMilliseconds: Int32
    ) throws(VerbsError) {
        let result = partner.withSocketAddress { target in
            guard let local else { return rdma_resolve_addr(pointer, nil, target, timeoutMilliseconds) }
            return local.withSocketAddress { rdma_resolve_addr(pointer, $0, target, timeoutMilliseconds) }
        }
        try ErrorNumber.check(
            "rdma_resolve_addr", result, local.map { "\($0) to \(partner)" } ?? "to \(partner)")
    }

    /// Looks for the route to the resolved address (rdma_resolve_route(3)). Reports `routeResolved` or
    /// `routeError`.
    public func resolveRoute(timeoutMilliseconds: Int32) throws(VerbsError) {
        try requireDevice(for: "rdma_resolve_route")
        try ErrorNumber.check("rdma_resolve_route", rdma_resolve_route(pointer, timeoutMilliseconds), route)
    }

    /// Makes the queue pair of a connection (rdma_create_qp(3)): reliable, every completion reported to
    /// `completionQueue`, of work posted unsignaled too. Receives may be posted at once.
    ///
    /// Fails with `EINVAL` when the device is another than the domain's, and on an inbound identifier whose
    /// sender has given up in the meantime: close it and carry on.
    public mutating func createQueuePair(
        in domain: borrowing ProtectionDomain, completionQueue: borrowing CompletionQueue,
        limits: QueuePairLimits
    ) throws(VerbsError) {
        try requireDevice(for: "rdma_create_qp")
        var attributes = try limits.attributes(
            in: domain.handle, sends: completionQueue.handle, receives: completionQueue.handle,
            signalsAll: true, for: "rdma_create_qp")
        try ErrorNumber.check(
            "rdma_create_qp", rdma_create_qp(pointer, domain.handle.pointer, &attributes),
            "on \(deviceName ?? "no device") for \(limits)")
        self.domain = domain.handle
        completions = completionQueue.handle
    }

    /// Asks for the connection (rdma_connect(3)). Reports `established`, `rejected`, `unreachable` or
    /// `connectError`. At most 56 bytes of private data.
    public func connect(_ parameters: ConnectionParameters) throws(VerbsError) {
        try parameters.check(for: "rdma_connect", capacity: ConnectionParameters.requestCapacity)
        _ = try requireQueuePair(for: "rdma_connect")
        try ErrorNumber.check(
            "rdma_connect", parameters.withConnectionParameters { rdma_connect(pointer, $0) }, route)
    }

    /// Accepts the connection request this identifier came with (rdma_accept(3)). Reports `established`. At
    /// most 196 bytes of private data.
    public func accept(_ parameters: ConnectionParameters) throws(VerbsError) {
        try parameters.check(for: "rdma_accept", capacity: ConnectionParameters.acceptanceCapacity)
        _ = try requireQueuePair(for: "rdma_accept")
        try ErrorNumber.check(
            "rdma_accept", parameters.withConnectionParameters { rdma_accept(pointer, $0) }, route)
    }

    /// Refuses the connection request this identifier came with (rdma_reject(3)): the sender sees `rejected`
    /// with `RejectReason.consumer`. At most 148 bytes of private data.
    public func reject(privateData: PrivateData = PrivateData()) throws(VerbsError) {
        try ConnectionParameters.check(
            privateData, for: "rdma_reject", capacity: ConnectionParameters.rejectionCapacity)
        try ErrorNumber.check(
            "rdma_reject", privateData.withUnsafePointer { rdma_reject(pointer, $0, $1) }, route)
    }

    /// Ends the connection (rdma_disconnect(3)): work in flight here is flushed, the partner sees
    /// `disconnected`. Also the answer to a `disconnected` event, to flush what is still in flight.
    public func disconnect() throws(VerbsError) {
        try requireDevice(for: "rdma_disconnect")
        try ErrorNumber.check("rdma_disconnect", rdma_disconnect(pointer), route)
    }

    /// Puts the queue pair in the error state, from any other: everything outstanding is reported as `flushed`, and the
    /// partner reaches nothing through it any more. It may still `disconnect()`, which tells the partner.
    public func fail() throws(VerbsError) {
        try requireQueuePair(for: "ibv_modify_qp").fail()
    }

    /// What the kernel says of the queue pair (ibv_query_qp(3)).
    public func queuePairState() throws(VerbsError) -> QueuePairState {
        try requireQueuePair(for: "ibv_query_qp").state()
    }

    /// The way that this connection goes, for queue pairs brought up by hand (rdma_init_qp_attr(3)).
    ///
    /// From `established` on, at both ends, until the connection ends: then, and before, `EINVAL` or
    /// `ENOTCONN`.
    public func pathToPartner() throws(VerbsError) -> PathToPartner {
        try requireDevice(for: "rdma_init_qp_attr")
        var attributes = ibv_qp_attr()
        // Asks for what moves a queue pair to this state, which is where the path is set.
        attributes.qp_state = IBV_QPS_RTR
        var mask: Int32 = 0
        try ErrorNumber.check("rdma_init_qp_attr", rdma_init_qp_attr(pointer, &attributes, &mask), route)
        return try PathToPartner(
            attributes, mask: mask, device: UInt(bitPattern: pointer.pointee.verbs))
    }

    // MARK: Preconditions

    // librdmacm follows null pointers where a step was left out. These refuse first.

    private func requireDevice(for call: StaticString) throws(VerbsError) {
        guard hasDevice else {
            throw VerbsError(call: call, errno: EINVAL, detail: "the identifier is not bound to a device yet")
        }
    }

    /// Both addresses, for error messages.
    private var route: String {
        let local = localAddress.map { "\($0)" } ?? "no address"
        let partner = partnerAddress.map { "\($0)" } ?? "no address"
        return "\(local) to \(partner)"
    }
}
