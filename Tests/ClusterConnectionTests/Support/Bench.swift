@testable import ClusterConnection

/// One manager on the bench: the test plays its driver and its partner.
///
/// Node 1 with incarnation `a` where the settings are the initiator's, node 2 with incarnation `b` otherwise.
/// The partner's life is `partner`; its keys are 11 (status block) and 12 (mailbox).
struct Bench {
    var manager: ConnectionManager
    var now = Instant.start
    /// What the partner shows when it is read.
    var partner: StatusBlock
    var mailbox: Mailbox = InlineArray(repeating: 0)
    var request: UInt32 = 0
    /// Sees the actions of every event.
    var observe: ((Event, [Action]) -> Void)?

    init(_ settings: Settings, seed: UInt64 = 1) {
        manager = ConnectionManager(
            settings: settings, incarnation: settings.isInitiator ? .a : .b, seed: seed, at: .start)
        partner = StatusBlock(
            phase: .ccmListening, role: .storageSystem, incarnation: settings.isInitiator ? .b : .a,
            cluster: .ours, node: settings.partnerNode, heartbeat: 1, partnerSeen: .none)
    }

    /// Hands an event over and returns the actions as text.
    @discardableResult
    mutating func handle(_ event: Event, after span: TimeSpan = .zero) -> [String] {
        handled(event, after: span).map { $0.text(at: now) }
    }

    /// Hands an event over and returns the actions.
    @discardableResult
    mutating func handled(_ event: Event, after span: TimeSpan = .zero) -> [Action] {
        now = now + span
        let actions = manager.handle(event, at: now)
        observe?(event, actions)
        return actions
    }

    // MARK: What the partner does

    func data(
        _ kind: ConnectionPrivateData.Kind, attempt: UInt16 = 1, versions: VersionRange = .supported,
        cluster: ClusterIdentity = .ours, node: NodeIdentity? = nil, incarnation: Incarnation? = nil
    ) -> ConnectionPrivateData.Words {
        ConnectionPrivateData(
            versions: versions, cluster: cluster, node: node ?? partner.node,
            incarnation: incarnation ?? partner.incarnation, statusBlockKey: 11, mailboxKey: 12,
            role: .storageSystem, kind: kind, attempt: attempt
        ).words
    }

    mutating func requested(_ words: ConnectionPrivateData.Words?, after span: TimeSpan = .zero) -> [String] {
        request += 1
        return handle(.request(RequestID(value: request), words), after: span)
    }

    /// The partner's writes 1 and 2 land in the mailbox.
    mutating func write(_ kind: MailboxSlot.Kind, writer: Incarnation? = nil, reader: Incarnation? = nil)
        -> [String]
    {
        let slot = MailboxSlot(
            kind: kind, writer: writer ?? partner.incarnation, reader: reader ?? manager.incarnation
        ).words
        for index in slot.indices { mailbox[kind.offset / 8 + index] = slot[index] }
        return handle(.mailbox(mailbox))
    }

    mutating func complete(_ operation: Operation, _ outcome: Outcome = .success) -> [String] {
        let reads = operation != .firstWrite && operation != .secondWrite && outcome == .success
        return handle(.completed(connection, operation, outcome, reads ? partner.words : nil))
    }

    // MARK: Where the manager stands

    /// The state's name.
    var state: String { "\(manager.rails[0].link.name)" }

    /// The connection of the moment.
    var connection: ConnectionID {
        if case .connecting(let attempt) = manager.rails[0].link { return attempt.connection }
        return manager.rails[0].link.peer?.connection ?? ConnectionID(value: 0)
    }

    // MARK: The way to a state

    mutating func listen() -> [String] { handle(.listening(statusBlockKey: 1, mailboxKey: 2)) }

    /// Up to the transport being up and read 1 posted.
    mutating func reachHandshake() {
        if case .closed = manager.rails[0].link { _ = listen() }
        if manager.settings.isInitiator {
            if case .waiting = manager.rails[0].link { handle(.timer(.backoff)) }
            handle(.connected(connection, data(.acceptance)))
        } else {
            let attempt = UInt16(truncatingIfNeeded: request + 1)
            _ = requested(data(.connect, attempt: attempt))
            handle(.connected(connection, nil))
        }
    }

    /// Up to the wait for the partner's confirmation.
    mutating func reachConfirmation() {
        reachHandshake()
        _ = complete(.firstRead)
        _ = complete(.firstWrite)
        partner.partnerSeen = manager.incarnation
        _ = complete(.secondRead)
        _ = write(.greeting)
        _ = complete(.secondWrite)
    }

    mutating func establish() {
        reachConfirmation()
        _ = write(.confirmation)
    }

    /// One heartbeat interval: the tick, and the read that brings the partner's block.
    @discardableResult
    mutating func beat(moving: Bool = true, _ outcome: Outcome = .success) -> [String] {
        let tick = handle(.timer(.tick), after: manager.settings.heartbeatInterval)
        if moving { partner.heartbeat += 1 }
        return tick + complete(.heartbeatRead, outcome)
    }

    /// The partner dies and comes back with another life.
    mutating func rebootPartner() {
        partner.incarnation = .b2
        partner.partnerSeen = .none
        partner.heartbeat = 1
        mailbox = InlineArray(repeating: 0)
    }
}
