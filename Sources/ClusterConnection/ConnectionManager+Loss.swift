// The end of a connection, and what comes after it.

extension ConnectionManager {
    mutating func disconnected(
        _ connection: ConnectionID, at now: Instant, into actions: inout [Action]
    ) {
        let rail = connection.rail
        guard let peer = self[rail].link.peer, peer.connection == connection else {
            counters.staleEvents += 1
            return
        }
        switch self[rail].link {
        case .handshaking(let handshake):
            fail(handshake, "disconnected", at: now, into: &actions)
        case .established where exchange.standing == .refused:
            // The partner read the refusal and left, before this side knew that it had been delivered.
            loseIncompatible("refused", at: now, into: &actions)
        case .established:
            judge(rail, .dead, "disconnected", after: now, at: now, into: &actions)
        case .accepting:
            lose(rail, verdict, "disconnected", at: now, into: &actions)
        case .farewell:
            endFarewell(on: rail, "farewell", into: &actions)
        case .closed, .waiting, .connecting:
            counters.staleEvents += 1
        }
    }

    /// An established connection ended in a way that speaks against the partner, unless this side itself had
    /// stood still when what failed began: then the partner was right to give this side up, and the end says
    /// nothing of the partner.
    mutating func judge(
        _ rail: RailID, _ new: Verdict, _ reason: StaticString, after began: Instant, at now: Instant,
        into actions: inout [Action]
    ) {
        if wasLate(at: began) {
            lose(rail, nil, "ownLateness", at: now, into: &actions)
        } else {
            lose(rail, new, reason, at: now, into: &actions)
        }
    }

    /// Tears the connection of a rail down, then says what is held of the partner, then begins again.
    ///
    /// In this order, because once the verdict is out and the clients are told, nothing of the old connection
    /// may reach memory. While another rail carries heartbeats the partner lives: what ended is a rail.
    mutating func lose(
        _ rail: RailID, _ new: Verdict?, _ reason: StaticString, pause: TimeSpan? = nil, at now: Instant,
        into actions: inout [Action]
    ) {
        guard let peer = self[rail].link.peer else { return }
        let carriedHeartbeats = self[rail].isEstablished
        tearDown(peer, reason, into: &actions)
        if firstEstablished == nil {
            // Nobody is alive without a connection whose reads succeed; without evidence of what became of the
            // partner, there is no verdict.
            let held = new == .alive ? nil : new
            counters.losses.add(held.map { Int($0.rawValue) } ?? Tally.noVerdict)
            setVerdict(held, reason, at: now, into: &actions)
            tellLosses(into: &actions)
        } else if carriedHeartbeats {
            noteRailFault(peer, new, reason, into: &actions)
        }
        wait(rail, pause ?? nextPause(on: rail), at: now, into: &actions)
        goOnElsewhere(at: now, into: &actions)
    }

    /// The own device or address of a rail is gone, and every connection with it.
    ///
    /// That is this side's own fault: it says nothing of the partner, which may live and run. So whoever was
    /// alive is no more held for anything, and a verdict for which there was evidence stands.
    mutating func railLost(_ rail: RailID, at now: Instant, into actions: inout [Action]) {
        switch self[rail].link {
        case .closed:
            return
        case .farewell(let peer):
            // Nobody can hear the rest of the goodbye.
            if peer != nil { endFarewell(on: rail, "railLost", into: &actions) }
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
            if firstEstablished != nil { noteRailFault(session.peer, nil, "railLost", into: &actions) }
        }
        if firstEstablished == nil {
            setVerdict(verdict == .alive ? nil : verdict, "railLost", at: now, into: &actions)
            tellLosses(into: &actions)
        }
        actions.append(.cancelTimer(.attempt, rail))
        actions.append(.cancelTimer(.backoff, rail))
        // The memory behind it goes, and what comes in its place is empty.
        self[rail].mailbox = InlineArray(repeating: 0)
        // What failed before says nothing of the rail that comes back.
        self[rail].backoff.reset()
        move(rail, to: .closed)
        goOnElsewhere(at: now, into: &actions)
    }

    /// Another life of the partner has been proven: the connections with the one before go, whatever they were doing.
    mutating func retireOthers(
        than incarnation: Incarnation, at now: Instant, into actions: inout [Action]
    ) {
        for rail in railNumbers {
            guard let peer = self[rail].link.peer, peer.incarnation != incarnation else { continue }
            tearDown(peer, "newIncarnation", into: &actions)
            wait(rail, nextPause(on: rail), at: now, into: &actions)
        }
    }

    /// All that there is with the partner goes, but for one rail.
    mutating func retireAll(
        but kept: RailID, _ reason: StaticString, pause: TimeSpan, at now: Instant,
        into actions: inout [Action]
    ) {
        for rail in railNumbers where rail != kept {
            guard let peer = self[rail].link.peer else { continue }
            tearDown(peer, reason, into: &actions)
            wait(rail, pause, at: now, into: &actions)
        }
    }

    private mutating func noteRailFault(
        _ peer: Peer, _ evidence: Verdict?, _ reason: StaticString, into actions: inout [Action]
    ) {
        self[peer.rail].faults += 1
        self[peer.rail].lastFault = reason
        counters.railFaults += 1
        actions.append(
            .record(
                HistoryRecord(.railFault).with("connection", .number(UInt64(peer.connection.value)))
                    .with("evidence", .text(evidence?.name ?? "none")).with("reason", .text(reason))
                    .with("partnerIncarnation", .incarnation(peer.incarnation)).with(peer.rail)))
    }

    private mutating func tearDown(_ peer: Peer, _ reason: StaticString, into actions: inout [Action]) {
        let rail = peer.rail
        actions.append(.retire(peer.connection))
        actions.append(
            .record(
                HistoryRecord(.retired).with("connection", .number(UInt64(peer.connection.value)))
                    .with("reason", .text(reason)).with("attempt", .number(UInt64(peer.attempt))).with(rail)))
        endExchange(of: peer.connection, into: &actions)
        stopTicking(on: rail, into: &actions)
        // Until it is moved on, the rail is between two attempts.
        move(rail, to: .waiting)
        if firstEstablished == nil {
            actions.append(.cancelTimer(.stall))
            if isSpokenTo { actions.append(.cancelTimer(.exchange)) }
        }
        actions.append(.cancelTimer(.handshake, rail))
        actions.append(.cancelTimer(.poll, rail))
        actions.append(.clearMailbox(rail))
        self[rail].mailbox = InlineArray(repeating: 0)
        self[rail].early = nil
        self[rail].block.messagesTaken = 0
        showPartnerSeen(.none, on: rail, into: &actions)
    }

    // MARK: An orderly goodbye

    mutating func beginFarewell(at now: Instant, into actions: inout [Action]) {
        if case .farewell = rails[0].link { return }
        advance(to: .shuttingDown, into: &actions)
        for rail in railNumbers {
            if case .connecting(let attempt) = self[rail].link { actions.append(.retire(attempt.connection)) }
            move(rail, to: .farewell(self[rail].link.peer))
            for timer in [TimerName.attempt, .backoff, .handshake, .poll] {
                actions.append(.cancelTimer(timer, rail))
            }
        }
        actions.append(.cancelTimer(.exchange))
        actions.append(.cancelTimer(.stall))
        guard rails.contains(where: { $0.link.peer != nil }) else { return finish(into: &actions) }
        // Long enough for the partner to read that this is a shutdown and not a crash.
        actions.append(.setTimer(.farewell, now + settings.heartbeatInterval * 2))
    }

    /// Says the last of the goodbye on a rail; the last of all ends this CCM.
    ///
    /// - Parameter reason: whether the partner's side has ended the connection (`farewell`), or the goodbye's time was over
    ///   without any word of that (`farewellTimer`).
    mutating func endFarewell(on rail: RailID, _ reason: StaticString, into actions: inout [Action]) {
        guard case .farewell(let peer?) = self[rail].link else { return }
        tearDown(peer, reason, into: &actions)
        move(rail, to: .farewell(nil))
        if rails.allSatisfy({ $0.link.peer == nil }) { finish(into: &actions) }
    }

    private mutating func finish(into actions: inout [Action]) {
        tellLosses(into: &actions)
        actions.append(.cancelTimer(.farewell))
        actions.append(.finished)
    }
}
