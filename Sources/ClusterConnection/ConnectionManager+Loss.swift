// The end of a connection, and what comes after it.

extension ConnectionManager {
    mutating func disconnected(
        _ connection: ConnectionID, at now: Instant, into actions: inout [Action]
    ) {
        guard let peer = link.peer, peer.connection == connection else {
            counters.staleEvents += 1
            return
        }
        switch link {
        case .handshaking(let handshake):
            fail(handshake, "disconnected", at: now, into: &actions)
        case .established where exchange.standing == .refused:
            // The partner read the refusal and left, before this side knew that it had been delivered.
            loseIncompatible("refused", at: now, into: &actions)
        case .established:
            judge(.dead, "disconnected", after: now, at: now, into: &actions)
        case .accepting:
            lose(verdict, "disconnected", at: now, into: &actions)
        case .farewell:
            endFarewell(into: &actions)
        case .closed, .waiting, .connecting:
            counters.staleEvents += 1
        }
    }

    /// An established connection ended in a way that speaks against the partner, unless this side itself had
    /// stood still when what failed began: then the partner was right to give this side up, and the end says
    /// nothing of the partner.
    mutating func judge(
        _ new: Verdict, _ reason: StaticString, after began: Instant, at now: Instant,
        into actions: inout [Action]
    ) {
        if wasLate(at: began) {
            lose(nil, "ownLateness", at: now, into: &actions)
        } else {
            lose(new, reason, at: now, into: &actions)
        }
    }

    /// Tears the connection down, then says what is held of the partner, then begins again.
    ///
    /// In this order, because once the verdict is out and the clients are told, nothing of the old connection
    /// may reach memory.
    mutating func lose(
        _ new: Verdict?, _ reason: StaticString, pause: TimeSpan? = nil, at now: Instant,
        into actions: inout [Action]
    ) {
        guard let peer = link.peer else { return }
        tearDown(peer, reason, into: &actions)
        // Nobody is alive without a connection whose reads succeed; without evidence of what became of the
        // partner, there is no verdict.
        let held = new == .alive ? nil : new
        counters.losses.add(held.map { Int($0.rawValue) } ?? Tally.noVerdict)
        setVerdict(held, reason, at: now, into: &actions)
        tellLosses(into: &actions)
        wait(pause ?? backoff.next(using: &random), at: now, into: &actions)
    }

    /// The own device or address is gone, and every connection with it.
    ///
    /// That is this side's own fault: it says nothing of the partner, which may live and run. So whoever was
    /// alive is no more held for anything, and a verdict for which there was evidence stands.
    mutating func railLost(at now: Instant, into actions: inout [Action]) {
        switch link {
        case .closed:
            return
        case .farewell(let peer):
            // Nobody can hear the rest of the goodbye.
            if peer != nil { endFarewell(into: &actions) }
            return
        case .connecting(let attempt):
            actions.append(.retire(attempt.connection))
        case .waiting:
            break
        case .accepting(let peer):
            tearDown(peer, "railLost", into: &actions)
        case .handshaking(let handshake):
            tearDown(handshake.peer, "railLost", into: &actions)
        case .established(let session):
            tearDown(session.peer, "railLost", into: &actions)
        }
        setVerdict(verdict == .alive ? nil : verdict, "railLost", at: now, into: &actions)
        tellLosses(into: &actions)
        actions.append(.cancelTimer(.attempt))
        actions.append(.cancelTimer(.backoff))
        // The memory behind it goes, and what comes in its place is empty.
        mailbox = InlineArray(repeating: 0)
        // What failed before says nothing of the rail that comes back.
        backoff.reset()
        move(to: .closed)
    }

    private mutating func tearDown(_ peer: Peer, _ reason: StaticString, into actions: inout [Action]) {
        actions.append(.retire(peer.connection))
        actions.append(
            .record(
                HistoryRecord(.retired).with("connection", .number(UInt64(peer.connection.value)))
                    .with("reason", .text(reason))))
        endExchange(into: &actions)
        stopTicking(into: &actions)
        actions.append(.cancelTimer(.stall))
        actions.append(.cancelTimer(.handshake))
        actions.append(.cancelTimer(.poll))
        actions.append(.clearMailbox)
        mailbox = InlineArray(repeating: 0)
        showPartnerSeen(.none, into: &actions)
    }

    // MARK: An orderly goodbye

    mutating func beginFarewell(at now: Instant, into actions: inout [Action]) {
        if case .farewell = link { return }
        advance(to: .shuttingDown, into: &actions)
        if case .connecting(let attempt) = link { actions.append(.retire(attempt.connection)) }
        let peer = link.peer
        move(to: .farewell(peer))
        for timer in [TimerName.attempt, .backoff, .handshake, .poll, .exchange, .stall] {
            actions.append(.cancelTimer(timer))
        }
        guard peer != nil else { return endFarewell(into: &actions) }
        // Long enough for the partner to read that this is a shutdown and not a crash.
        actions.append(.setTimer(.farewell, now + settings.heartbeatInterval * 2))
    }

    mutating func endFarewell(into actions: inout [Action]) {
        guard case .farewell(let peer) = link else { return }
        if let peer {
            tearDown(peer, "farewell", into: &actions)
            tellLosses(into: &actions)
        }
        actions.append(.cancelTimer(.farewell))
        move(to: .farewell(nil))
        actions.append(.finished)
    }
}
