import ClusterConnection

/// This side's end of a rail of the pair, whether it is there or not.
final class RailEnd {
    let id: RailID
    let configuration: Configuration.Rail
    /// What there is of it; nil while it is waited for.
    var rail: Rail?
    /// What is waited for; nil while the rail is there.
    var missing: MissingPart?
    /// Why the rail has to be torn down, at the end of this turn of the loop.
    var fault: RailFault?
    /// What the connection manager last saw of the mailbox.
    var mailboxSeen: Mailbox = InlineArray(repeating: 0)
    /// When the latest heartbeat read was posted.
    var heartbeatPosted = Instant(nanoseconds: 0)

    init(_ id: RailID, _ configuration: Configuration.Rail) {
        self.id = id
        self.configuration = configuration
    }
}
