// The boot handshake: read 1, write 1, read 2, write 2 (claims C1b to C1e). Both sides do the same four
// operations at the same time; none of them needs the partner's operating system.

extension ConnectionManager {
    mutating func beginHandshake(_ peer: Peer, at now: Instant, into actions: inout [Action]) {
        actions.append(
            .record(
                HistoryRecord(.connected).with("connection", .number(UInt64(peer.connection.value)))
                    .with("partnerIncarnation", .incarnation(peer.incarnation))
                    .with("side", .text(settings.isInitiator ? "initiator" : "acceptor"))
                    .with("attempt", .number(UInt64(peer.attempt))).with(peer.rail)))
        actions.append(.setTimer(.handshake, now + settings.handshakeTimeout, peer.rail))
        startTicking(on: peer.rail, at: now, into: &actions)
        proceed(Handshake(peer: peer, readPosted: now), to: .firstRead, at: now, into: &actions)
        // The partner may have greeted before this side learnt that the transport is up.
        lookIntoMailbox(on: peer.rail, at: now, into: &actions)
    }

    /// Posts the next operation, then records the end of the one before and the post: writing history must
    /// not delay the handshake.
    private mutating func proceed(
        _ handshake: Handshake, to operation: Operation, after completion: HistoryRecord? = nil,
        at now: Instant, into actions: inout [Action]
    ) {
        var handshake = handshake
        handshake.step = .operation(operation)
        if operation == .firstRead || operation == .secondRead { handshake.readPosted = now }
        move(handshake.peer.rail, to: .handshaking(handshake))
        let peer = handshake.peer
        let posted: EventName
        let address: UInt64
        let key: UInt32
        switch operation {
        case .firstRead, .secondRead, .heartbeatRead:
            posted = operation == .firstRead ? .firstReadPosted : .secondReadPosted
            address = PresetAddress.statusBlock(of: peer.rail)
            key = peer.statusBlockKey
            actions.append(.readStatusBlock(peer.connection, operation, key: key))
        case .firstWrite, .secondWrite:
            posted = operation == .firstWrite ? .firstWritePosted : .secondWritePosted
            let kind: MailboxSlot.Kind = operation == .firstWrite ? .greeting : .confirmation
            address = PresetAddress.mailbox(of: peer.rail) + UInt64(kind.offset)
            key = peer.mailboxKey
            let slot = MailboxSlot(kind: kind, writer: incarnation, reader: peer.incarnation)
            actions.append(.writeMailbox(peer.connection, operation, kind, slot.words, key: key))
        }
        if let completion { actions.append(.record(completion)) }
        // A partner that never looks is read again and again; the history shows the doublings only.
        guard handshake.repeats & (handshake.repeats &- 1) == 0 else { return }
        actions.append(
            .record(
                HistoryRecord(posted).with("connection", .number(UInt64(peer.connection.value)))
                    .with("address", .hexadecimal(address)).with("key", .hexadecimal(UInt64(key)))
                    .with("repeat", .number(handshake.repeats))))
    }

    /// An operation of the boot handshake ended.
    mutating func completed(
        _ handshake: Handshake, _ operation: Operation, _ outcome: Outcome, _ words: StatusBlock.Words?,
        at now: Instant, into actions: inout [Action]
    ) {
        guard case .operation(operation) = handshake.step else {
            counters.staleEvents += 1
            return
        }
        guard outcome == .success else {
            return fail(handshake, outcome.name, at: now, into: &actions)
        }
        let rail = handshake.peer.rail
        switch operation {
        case .firstRead, .secondRead:
            readCompleted(handshake, operation, words, at: now, into: &actions)
        case .firstWrite:
            proceed(
                handshake, to: .secondRead, after: completion(.firstWriteCompleted, handshake), at: now,
                into: &actions)
        case .secondWrite:
            actions.append(.record(completion(.secondWriteCompleted, handshake)))
            var handshake = handshake
            handshake.step = .confirmation
            if handshake.confirmationSeen {
                establish(handshake, at: now, into: &actions)
            } else {
                move(rail, to: .handshaking(handshake))
                actions.append(.setTimer(.poll, now + settings.handshakePoll, rail))
            }
        case .heartbeatRead:
            counters.staleEvents += 1
        }
    }

    private mutating func readCompleted(
        _ handshake: Handshake, _ operation: Operation, _ words: StatusBlock.Words?, at now: Instant,
        into actions: inout [Action]
    ) {
        var handshake = handshake
        let partner: StatusBlock
        do throws(WireError) {
            guard let words else { throw .tooShort }
            partner = try StatusBlock(words: words)
        } catch {
            guard error == .badChecksum else {
                return fail(handshake, error.name, at: now, into: &actions)
            }
            counters.tornReads += 1
            return readAgain(handshake, operation, at: now, into: &actions)
        }
        guard partner.cluster == settings.cluster, partner.node == settings.partnerNode else {
            return fail(handshake, "strangersBlock", at: now, into: &actions)
        }
        guard partner.incarnation == handshake.peer.incarnation else {
            return fail(handshake, "incarnationChanged", at: now, into: &actions)
        }
        if let regress = regress(of: partner, on: handshake.peer.rail, since: handshake.heartbeat) {
            counters.violations += 1
            return fail(handshake, regress, at: now, into: &actions)
        }
        handshake.heartbeat = partner.heartbeat
        if operation == .firstRead {
            handshake.repeats = 0
            proceed(
                handshake, to: .firstWrite,
                after: completion(.firstReadCompleted, handshake)
                    .with("partnerIncarnation", .incarnation(partner.incarnation))
                    .with("phase", .text(partner.phase.name)),
                at: now, into: &actions)
        } else if partner.partnerSeen == incarnation {
            let repeats = handshake.repeats
            handshake.repeats = 0
            proceed(
                handshake, to: .secondWrite,
                after: completion(.secondReadCompleted, handshake)
                    .with("phase", .text(partner.phase.name)).with("repeats", .number(repeats)),
                at: now, into: &actions)
        } else {
            readAgain(handshake, operation, at: now, into: &actions)
        }
        proven(partner, on: handshake.peer.rail, at: now, into: &actions)
    }

    /// Reads once more: at once a few times, because the partner is usually about to look, then at the pace
    /// of the poll until the handshake's deadline.
    private mutating func readAgain(
        _ handshake: Handshake, _ operation: Operation, at now: Instant, into actions: inout [Action]
    ) {
        var handshake = handshake
        handshake.repeats += 1
        guard handshake.repeats > 2 else {
            return proceed(handshake, to: operation, at: now, into: &actions)
        }
        handshake.step = .nextRead(operation)
        move(handshake.peer.rail, to: .handshaking(handshake))
        actions.append(.setTimer(.poll, now + settings.handshakePoll, handshake.peer.rail))
    }

    private func completion(_ event: EventName, _ handshake: Handshake) -> HistoryRecord {
        HistoryRecord(event).with("connection", .number(UInt64(handshake.peer.connection.value)))
    }

    mutating func poll(on rail: RailID, at now: Instant, into actions: inout [Action]) {
        guard case .handshaking(let handshake) = self[rail].link else { return }
        switch handshake.step {
        case .nextRead(let operation):
            proceed(handshake, to: operation, at: now, into: &actions)
        case .confirmation:
            // The driver has looked into the mailbox because it woke; only the next waking must be arranged.
            actions.append(.setTimer(.poll, now + settings.handshakePoll, handshake.peer.rail))
        case .operation:
            break
        }
    }

    /// Takes what the partner wrote: its greeting is answered in the own status block, its confirmation ends
    /// the wait.
    mutating func lookIntoMailbox(on rail: RailID, at now: Instant, into actions: inout [Action]) {
        guard case .handshaking(var handshake) = self[rail].link else {
            if case .accepting(let peer) = self[rail].link, holds(.greeting, of: peer) {
                showPartnerSeen(peer.incarnation, on: rail, into: &actions)
            }
            return
        }
        if !handshake.greetingSeen, holds(.greeting, of: handshake.peer) {
            handshake.greetingSeen = true
            showPartnerSeen(handshake.peer.incarnation, on: rail, into: &actions)
            recordSeen(.greetingSeen, handshake, into: &actions)
        }
        // Who confirms without having greeted was never seen here.
        if handshake.greetingSeen, !handshake.confirmationSeen, holds(.confirmation, of: handshake.peer) {
            handshake.confirmationSeen = true
            recordSeen(.confirmationSeen, handshake, into: &actions)
        }
        move(handshake.peer.rail, to: .handshaking(handshake))
        if handshake.confirmationSeen, case .confirmation = handshake.step {
            establish(handshake, at: now, into: &actions)
        }
    }

    /// Whether the mailbox holds this slot, whole, and for this very pair of incarnations.
    private func holds(_ kind: MailboxSlot.Kind, of peer: Peer) -> Bool {
        guard let slot = try? MailboxSlot(kind, in: self[peer.rail].mailbox) else { return false }
        return slot.writer == peer.incarnation && slot.reader == incarnation
    }

    private func recordSeen(_ event: EventName, _ handshake: Handshake, into actions: inout [Action]) {
        actions.append(
            .record(
                HistoryRecord(event).with("connection", .number(UInt64(handshake.peer.connection.value)))
                    .with("partnerIncarnation", .incarnation(handshake.peer.incarnation))
                    .with(handshake.peer.rail)))
    }

    private mutating func establish(
        _ handshake: Handshake, at now: Instant, into actions: inout [Action]
    ) {
        if let lateAt, handshake.readPosted < lateAt {
            // This side stood still since read 2, and the partner may be gone meanwhile: it reads again first.
            return proceed(handshake, to: .secondRead, at: now, into: &actions)
        }
        let rail = handshake.peer.rail
        move(rail, to: .established(Session(peer: handshake.peer, heartbeat: handshake.heartbeat)))
        counters.established += 1
        actions.append(.cancelTimer(.handshake, rail))
        actions.append(.cancelTimer(.poll, rail))
        recordSeen(.established, handshake, into: &actions)
        setVerdict(.alive, "established", at: now, into: &actions)
        watchBoot(at: now, into: &actions)
        useForExchange(handshake.peer, at: now, into: &actions)
    }

    mutating func handshakeTimedOut(on rail: RailID, at now: Instant, into actions: inout [Action]) {
        switch self[rail].link {
        case .accepting: lose(rail, verdict, "transportNeverCameUp", at: now, into: &actions)
        case .handshaking(let handshake): fail(handshake, "deadline", at: now, into: &actions)
        case .closed, .waiting, .connecting, .established, .farewell: break
        }
    }

    /// The handshake came to nothing: what was known of the partner before still stands, unless it was alive.
    mutating func fail(
        _ handshake: Handshake, _ reason: StaticString, at now: Instant, into actions: inout [Action]
    ) {
        counters.handshakesFailed += 1
        actions.append(
            .record(
                HistoryRecord(.handshakeFailed)
                    .with("connection", .number(UInt64(handshake.peer.connection.value)))
                    .with("step", .text(handshake.stepName)).with("reason", .text(reason))
                    .with("attempt", .number(UInt64(handshake.peer.attempt)))))
        lose(handshake.peer.rail, verdict, reason, at: now, into: &actions)
    }
}
