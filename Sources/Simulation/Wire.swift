import ClusterConnection

/// What of a connection arrives in its order. Among the queues there is none: requests and answers are completed by
/// different queues, and the connection's own events come over another queue pair altogether.
enum Queue: Int, Sendable {
    /// Of the connection manager of the kernel: accepted, up, gone.
    case connection
    /// One-sided operations and messages.
    case requests
    /// Their acknowledgements.
    case responses
}

/// A transport connection, from the request on.
struct Wire: Sendable {
    /// One of its ends.
    struct End: Sendable {
        let life: LifeNumber
        let connection: ConnectionID
        /// Whether its side still has the endpoint.
        var isOpen = true
        /// Whether it has learnt that the transport is up.
        var isUp = false
        /// When the latest packet to it arrives, by queue.
        var lastArrivals = InlineArray<3, Instant>(repeating: Instant(nanoseconds: 0))
        /// Messages that have arrived here.
        var arrived: UInt32 = 0
    }

    let rail: RailID
    /// The request's private data.
    let words: ConnectionPrivateData.Words
    var initiator: End
    var acceptor: End?

    subscript(side: Side) -> End? {
        get { side == .initiator ? initiator : acceptor }
        set {
            switch side {
            case .initiator: if let newValue { initiator = newValue }
            case .acceptor: acceptor = newValue
            }
        }
    }
}
