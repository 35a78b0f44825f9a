import CRDMA

/// What a connection event says (rdma_get_cm_event(3)).
public enum ConnectionEventKind: Hashable, Sendable {
    /// The partner's address is known and the identifier is bound to a device: resolve the route next.
    case addressResolved
    /// The address could not be resolved; the status is a negative error number.
    case addressError
    /// The route is known: create the queue pair and connect.
    case routeResolved
    /// The route could not be resolved; the status is a negative error number.
    case routeError
    /// A request arrived at a listener; the event owns an identifier for it.
    case connectRequest
    /// The partner answered an identifier without a queue pair. Does not occur when one was created.
    case connectResponse
    /// The connection could not be completed on this side; the status is a negative error number.
    case connectError
    /// Nobody answered, or an established connection's address became unreachable.
    case unreachable
    /// The partner refused; the status is a `RejectReason`.
    case rejected
    /// The connection is up on this side.
    case established
    /// The partner ended the connection, or its process did. Work in flight here goes on until `disconnect()`
    /// flushes it.
    case disconnected
    /// The device is being removed: close everything that was made of it.
    case deviceRemoval
    /// A multicast group was joined. Does not occur in this module.
    case multicastJoined
    /// A multicast group could not be joined or was lost. Does not occur in this module.
    case multicastError
    /// The network address behind the identifier changed.
    case addressChanged
    /// The time in which late packets of a connection might have arrived is over. Not guaranteed to come.
    case timeWaitExited
    /// A kind that this module does not know.
    case unknown(UInt32)

    /// The kind with that number in `rdma_cma.h`.
    init(_ type: rdma_cm_event_type) {
        self =
            switch type {
            case RDMA_CM_EVENT_ADDR_RESOLVED: .addressResolved
            case RDMA_CM_EVENT_ADDR_ERROR: .addressError
            case RDMA_CM_EVENT_ROUTE_RESOLVED: .routeResolved
            case RDMA_CM_EVENT_ROUTE_ERROR: .routeError
            case RDMA_CM_EVENT_CONNECT_REQUEST: .connectRequest
            case RDMA_CM_EVENT_CONNECT_RESPONSE: .connectResponse
            case RDMA_CM_EVENT_CONNECT_ERROR: .connectError
            case RDMA_CM_EVENT_UNREACHABLE: .unreachable
            case RDMA_CM_EVENT_REJECTED: .rejected
            case RDMA_CM_EVENT_ESTABLISHED: .established
            case RDMA_CM_EVENT_DISCONNECTED: .disconnected
            case RDMA_CM_EVENT_DEVICE_REMOVAL: .deviceRemoval
            case RDMA_CM_EVENT_MULTICAST_JOIN: .multicastJoined
            case RDMA_CM_EVENT_MULTICAST_ERROR: .multicastError
            case RDMA_CM_EVENT_ADDR_CHANGE: .addressChanged
            case RDMA_CM_EVENT_TIMEWAIT_EXIT: .timeWaitExited
            default: .unknown(type.rawValue)
            }
    }
}

extension ConnectionEventKind: CustomStringConvertible {
    /// A few lower-case words: `connect request`.
    public var description: String {
        switch self {
        case .addressResolved: "address resolved"
        case .addressError: "address error"
        case .routeResolved: "route resolved"
        case .routeError: "route error"
        case .connectRequest: "connect request"
        case .connectResponse: "connect response"
        case .connectError: "connect error"
        case .unreachable: "unreachable"
        case .rejected: "rejected"
        case .established: "established"
        case .disconnected: "disconnected"
        case .deviceRemoval: "device removal"
        case .multicastJoined: "multicast joined"
        case .multicastError: "multicast error"
        case .addressChanged: "address changed"
        case .timeWaitExited: "time wait exited"
        case .unknown(let number): "unknown event \(number)"
        }
    }
}
