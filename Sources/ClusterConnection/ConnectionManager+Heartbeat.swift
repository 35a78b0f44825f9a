// Heartbeats: the own counter rises every interval, the partner's is read every interval, and what a read
// brings decides the verdict (claim C32). A message would only tell that a process sends; a read also tells
// a process that stands still from a partner that is gone.

extension ConnectionManager {
    /// An interval is over.
    mutating func heartbeat(on rail: RailID, at now: Instant, into actions: inout [Action]) {
        guard case .established(var session) = self[rail].link else { return }
        if let posted = session.readPosted {
            guard now - posted > settings.readDeadline, !wasLate(at: now) else { return }
            return lose(rail, .unreachable, "readDeadline", at: now, into: &actions)
        }
        session.readPosted = now
        move(rail, to: .established(session))
        actions.append(
            .readStatusBlock(session.peer.connection, .heartbeatRead, key: session.peer.statusBlockKey))
    }

    /// An operation ended, whichever.
    mutating func completed(
        _ connection: ConnectionID, _ operation: Operation, _ outcome: Outcome, _ words: StatusBlock.Words?,
        at now: Instant, into actions: inout [Action]
    ) {
        switch self[connection.rail].link {
        case .handshaking(let handshake) where handshake.peer.connection == connection:
            completed(handshake, operation, outcome, words, at: now, into: &actions)
        case .established(let session) where session.peer.connection == connection:
            guard operation == .heartbeatRead else {
                counters.staleEvents += 1
                return
            }
            readCompleted(session, outcome, words, at: now, into: &actions)
        case .closed, .waiting, .connecting, .accepting, .handshaking, .established, .farewell:
            counters.staleEvents += 1
        }
    }

    private mutating func readCompleted(
        _ session: Session, _ outcome: Outcome, _ words: StatusBlock.Words?, at now: Instant,
        into actions: inout [Action]
    ) {
        guard let posted = session.readPosted else {
            counters.staleEvents += 1
            return
        }
        switch outcome {
        case .success:
            break
        case .retryExceeded, .flushed, .failed:
            return judge(
                session.peer.rail, .unreachable, outcome.name, after: posted, at: now, into: &actions)
        case .refusedByPartner:
            return judge(session.peer.rail, .dead, outcome.name, after: posted, at: now, into: &actions)
        }
        let rail = session.peer.rail
        var session = session
        session.readPosted = nil
        guard let words, let partner = try? StatusBlock(words: words) else {
            // Torn by the partner's own store, if it lives; for ever the same, if it stopped in the middle.
            counters.tornReads += 1
            return countMiss(session, at: now, into: &actions)
        }
        guard partner.cluster == settings.cluster, partner.node == settings.partnerNode else {
            return lose(rail, .stranger, "strangersBlock", at: now, into: &actions)
        }
        guard partner.incarnation == session.peer.incarnation else {
            return lose(rail, .rebooted, "incarnationChanged", at: now, into: &actions)
        }
        if let regress = regress(of: partner, on: rail, since: session.heartbeat) {
            counters.violations += 1
            return loseIncompatible(regress, at: now, into: &actions)
        }
        counters.beats += 1
        if partner.heartbeat == session.heartbeat {
            countMiss(session, at: now, into: &actions)
        } else {
            session.heartbeat = partner.heartbeat
            session.misses = 0
            // Only a connection that has carried a heartbeat ends the series of failures before it.
            self[rail].backoff.reset()
            self[rail].failures.end()
            self[rail].refusals.end()
            move(rail, to: .established(session))
        }
        proven(partner, on: rail, at: now, into: &actions)
        partnerTook(partner.messagesTaken, on: session.peer.connection, into: &actions)
    }

    /// What of a block only ever rises within an incarnation, and is lower than it was; nil when nothing is.
    func regress(
        of partner: StatusBlock, on rail: RailID, since heartbeat: UInt64
    ) -> StaticString? {
        if partner.heartbeat < heartbeat { return "heartbeatWentBack" }
        if partner.incarnation == partnerIncarnation, let phase = self[rail].partnerPhase,
            partner.phase < phase
        {
            return "phaseWentBack"
        }
        return nil
    }

    private mutating func countMiss(_ session: Session, at now: Instant, into actions: inout [Action]) {
        let rail = session.peer.rail
        var session = session
        counters.misses += 1
        session.misses += 1
        move(rail, to: .established(session))
        guard session.misses >= settings.missLimit else { return }
        lose(rail, .hung, "counterStandsStill", at: now, into: &actions)
    }
}
