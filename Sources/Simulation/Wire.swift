import ClusterConnection

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
        /// When the latest packet to it arrives: packets of a connection do not overtake each other.
        var lastArrival = Instant(nanoseconds: 0)
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
