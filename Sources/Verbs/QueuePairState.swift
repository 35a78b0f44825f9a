import CRDMA

/// The state of a queue pair, and what the connection set in it (ibv_query_qp(3)). For diagnosis.
public struct QueuePairState: Hashable, Sendable {
    /// Where a queue pair stands.
    public enum Phase: Hashable, Sendable {
        /// Takes no work.
        case reset
        /// Takes receives.
        case initialized
        /// Serves the partner.
        case readyToReceive
        /// Serves the partner and does work of its own.
        case readyToSend
        /// Finishes what is under way, begins nothing.
        case sendQueueDrained
        /// Send work failed; receives go on.
        case sendQueueError
        /// Everything is flushed.
        case error
        /// A state that this module does not know.
        case unknown(UInt32)
    }

    /// Where it stands.
    public let phase: Phase
    /// The number of the partner's queue pair.
    public let remoteNumber: UInt32
    /// The largest packet, in bytes of payload.
    public let pathMTU: Int
    /// The acknowledge timeout as an exponent: 4.096 us * 2^n, 0 for none.
    public let acknowledgeTimeout: UInt8
    /// How often a packet is sent again.
    public let retryCount: UInt8
    /// How often a send is tried again while the partner has no receive posted.
    public let receiverNotReadyRetryCount: UInt8

    /// What C answered.
    init(_ attributes: ibv_qp_attr) {
        phase =
            switch attributes.qp_state {
            case IBV_QPS_RESET: .reset
            case IBV_QPS_INIT: .initialized
            case IBV_QPS_RTR: .readyToReceive
            case IBV_QPS_RTS: .readyToSend
            case IBV_QPS_SQD: .sendQueueDrained
            case IBV_QPS_SQE: .sendQueueError
            case IBV_QPS_ERR: .error
            default: .unknown(attributes.qp_state.rawValue)
            }
        remoteNumber = attributes.dest_qp_num
        pathMTU = Device.byteCount(of: attributes.path_mtu)
        acknowledgeTimeout = attributes.timeout
        retryCount = attributes.retry_cnt
        receiverNotReadyRetryCount = attributes.rnr_retry
    }
}
