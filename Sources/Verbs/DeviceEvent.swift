import CRDMA

/// One asynchronous event of a device (ibv_get_async_event(3)), copied out and already acknowledged.
public struct DeviceEvent: Hashable, Sendable {
    /// What happened.
    public enum Kind: Hashable, Sendable {
        /// The port can send and receive.
        case portActive
        /// The port cannot send or receive: on Soft-RoCE, its network interface went down.
        case portError
        /// The port's GIDs changed: on RoCE, an address was added or removed.
        case globalIdentifierChanged
        /// The device is gone or broken: close everything that was made on it.
        case deviceFatal
        /// A queue pair failed without a completion to tell of it.
        case queuePairFatal
        /// A queue pair got a request that it could not take.
        case queuePairRequestError
        /// A queue pair got a request for memory that is not open for it.
        case queuePairAccessError
        /// The first message arrived before the connection was known to be up.
        case communicationEstablished
        /// A completion queue ran over.
        case completionQueueError
        /// The port's local identifier, partition table, subnet manager or registration changed. InfiniBand.
        case subnetChanged
        /// Any other event, with its number in `verbs.h`.
        case other(UInt32)
    }

    /// What happened.
    public let kind: Kind
    /// The port concerned, counted from 1; nil when it is not about a port.
    public let port: Int?
    /// The queue pair concerned; nil when it is not about one.
    public let queuePairNumber: UInt32?

    /// What C reported.
    init(_ event: ibv_async_event) {
        kind =
            switch event.event_type {
            case IBV_EVENT_PORT_ACTIVE: .portActive
            case IBV_EVENT_PORT_ERR: .portError
            case IBV_EVENT_GID_CHANGE: .globalIdentifierChanged
            case IBV_EVENT_DEVICE_FATAL: .deviceFatal
            case IBV_EVENT_QP_FATAL: .queuePairFatal
            case IBV_EVENT_QP_REQ_ERR: .queuePairRequestError
            case IBV_EVENT_QP_ACCESS_ERR: .queuePairAccessError
            case IBV_EVENT_COMM_EST: .communicationEstablished
            case IBV_EVENT_CQ_ERR: .completionQueueError
            case IBV_EVENT_LID_CHANGE, IBV_EVENT_PKEY_CHANGE, IBV_EVENT_SM_CHANGE,
                IBV_EVENT_CLIENT_REREGISTER:
                .subnetChanged
            default: .other(event.event_type.rawValue)
            }
        switch event.event_type {
        case IBV_EVENT_PORT_ACTIVE, IBV_EVENT_PORT_ERR, IBV_EVENT_GID_CHANGE, IBV_EVENT_LID_CHANGE,
            IBV_EVENT_PKEY_CHANGE, IBV_EVENT_SM_CHANGE, IBV_EVENT_CLIENT_REREGISTER:
            port = Int(event.element.port_num)
            queuePairNumber = nil
        case IBV_EVENT_QP_FATAL, IBV_EVENT_QP_REQ_ERR, IBV_EVENT_QP_ACCESS_ERR, IBV_EVENT_COMM_EST,
            IBV_EVENT_SQ_DRAINED, IBV_EVENT_PATH_MIG, IBV_EVENT_PATH_MIG_ERR, IBV_EVENT_QP_LAST_WQE_REACHED:
            port = nil
            // Destroying a queue pair drops its events, so the pointer is good until this one is acknowledged.
            queuePairNumber = event.element.qp?.pointee.qp_num
        default:
            port = nil
            queuePairNumber = nil
        }
    }
}

extension DeviceEvent: CustomStringConvertible {
    /// A few words: `port error, port 1`.
    public var description: String {
        let text =
            switch kind {
            case .portActive: "port active"
            case .portError: "port error"
            case .globalIdentifierChanged: "GID changed"
            case .deviceFatal: "device fatal"
            case .queuePairFatal: "queue pair fatal"
            case .queuePairRequestError: "queue pair request error"
            case .queuePairAccessError: "queue pair access error"
            case .communicationEstablished: "communication established"
            case .completionQueueError: "completion queue error"
            case .subnetChanged: "subnet changed"
            case .other(let number): "device event \(number)"
            }
        if let port { return "\(text), port \(port)" }
        if let queuePairNumber { return "\(text), queue pair \(queuePairNumber)" }
        return text
    }
}
