import CRDMA

/// One event of a `ConnectionChannel`, copied out and already acknowledged.
///
/// Of a connect request it owns the new identifier: take it, or the request is refused when the event ends.
public struct ConnectionEvent: ~Copyable {
    /// What happened.
    public let kind: ConnectionEventKind
    /// 0, a negative error number, or for `rejected` the number of a `RejectReason`. librdmacm itself sets -1
    /// when it could not open the device that an address resolved to.
    public let status: Int32
    /// The context of the identifier concerned; for a connect request, that of the listener.
    ///
    /// An identifier that was closed gets no more events, but the caller may have retired one that it has not
    /// closed yet: contexts that are never used twice tell such events apart.
    public let context: UInt64
    /// What the partner sent along; see `PrivateData` for its length.
    public let privateData: PrivateData
    /// How many reads at once the other side is ready to serve, in a connect request or an establishment.
    public let responderResources: UInt8
    /// How many reads at once the other side wants to have under way.
    public let initiatorDepth: UInt8
    /// The number of the partner's queue pair, where the event carries it.
    public let remoteQueuePairNumber: UInt32

    private var identifier: ConnectionIdentifier?

    /// Copies `event`, and takes over the new identifier of a connect request.
    init(_ event: rdma_cm_event, channel: ConnectionChannel.Handle) {
        kind = ConnectionEventKind(event.event)
        status = event.status
        privateData = PrivateData(event.param.conn)
        responderResources = event.param.conn.responder_resources
        initiatorDepth = event.param.conn.initiator_depth
        remoteQueuePairNumber = event.param.conn.qp_num
        // The identifier of a connect request starts with its listener's context.
        context = UInt64(UInt(bitPattern: event.id?.pointee.context))
        if kind == .connectRequest, let id = event.id {
            identifier = ConnectionIdentifier(inbound: id, channel: channel)
        } else {
            identifier = nil
        }
    }

    /// Hands out the identifier of a connect request, once. It still has the listener's context: set its own.
    public mutating func takeIdentifier() -> ConnectionIdentifier? {
        identifier.take()
    }

    /// The status in words, for a log: the error, or why the partner refused.
    public var statusDescription: String {
        switch (kind, status) {
        case (_, 0): "no error"
        case (.rejected, _): RejectReason(rawValue: status).description
        case (_, -1): "librdmacm could not open the device (-1)"
        case (_, ..<0): "\(ErrorNumber.name(-status)) (\(ErrorNumber.text(-status)))"
        default: "status \(status)"
        }
    }
}
