/// What a CCM wants done. The driver MUST carry the actions out in their order.
public enum Action: Sendable {
    /// Begin to connect to the partner's boot port with this private data.
    case connect(ConnectionID, ConnectionPrivateData.Words)
    /// Accept a request; it is this connection from now on.
    case accept(RequestID, ConnectionID, ConnectionPrivateData.Words)
    /// Refuse a request.
    case reject(RequestID, Rejection.Words)
    /// Post a read of 64 bytes at `PresetAddress.statusBlock` with this remote key.
    case readStatusBlock(ConnectionID, Operation, key: UInt32)
    /// Post a write of a slot at `PresetAddress.mailbox` plus the kind's offset, with this remote key.
    case writeMailbox(ConnectionID, Operation, MailboxSlot.Kind, MailboxSlot.Words, key: UInt32)
    /// Send a message (`IBV_WR_SEND`). Its end is told by `Event.sent`.
    case send(ConnectionID, [UInt8])
    /// Make queue pairs and register memory for these clients, on the device of this connection, in the order
    /// of their numbers; answered by `Event.portsMade`, or `Event.portsFailed` for a client.
    case makePorts(ConnectionID, [PortOrder])
    /// Connect queue pairs that were made with those of these tables, receives posted first; answered by
    /// `Event.portsConnected`, or `Event.portsFailed` for a client.
    case connectPorts(ConnectionID, [PortTable])
    /// Destroy the queue pairs of these clients and the keys of their memory. Afterwards nothing of the
    /// partner's can reach that memory.
    case destroyPorts(ConnectionID, [ClientPair])
    /// Tell a client.
    case notify(ClientID, ClientNotice)
    /// End a connection and destroy its endpoint. Afterwards nothing of it can reach memory, and no event of
    /// it MUST reach the CCM.
    case retire(ConnectionID)
    /// Store the own status block of a rail, whole words at a time.
    case publish(StatusBlock.Words, RailID = .first)
    /// Zero the mailbox of a rail.
    case clearMailbox(RailID = .first)
    /// Have a timer come due at this instant, instead of any that it was set to.
    case setTimer(TimerName, Instant, RailID = .first)
    /// Forget a timer.
    case cancelTimer(TimerName, RailID = .first)
    /// Write a line of history.
    case record(HistoryRecord)
    /// The goodbye is done: the process may end.
    case finished
}
