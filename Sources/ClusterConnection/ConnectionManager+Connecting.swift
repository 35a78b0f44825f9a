// Attempts to connect. The side with the lower node identity asks to be connected; the higher one knocks,
// which the lower answers with a refusal and an attempt of its own at once. So whichever side boots last, the
// connection begins when it does, and not when a pause of the other side's backoff happens to end.

extension ConnectionManager {
    /// - Parameter isCalled: whether the partner's knock is what begins the attempt.
    mutating func attempt(
        on rail: RailID, isCalled: Bool = false, at now: Instant, into actions: inout [Action]
    ) {
        let number = counters.attempts + counters.knocks + 1
        if settings.isInitiator { counters.attempts += 1 } else { counters.knocks += 1 }
        let connection = nextConnection(on: rail)
        move(rail, to: .connecting(Attempt(connection: connection, number: number, since: now)))
        if isCalled || self[rail].failures.isNextWorthALine {
            actions.append(
                .record(
                    HistoryRecord(.connectStarted).with("connection", .number(UInt64(connection.value)))
                        .with("attempt", .number(number))
                        .with("kind", .text(settings.isInitiator ? "connect" : "knock"))
                        .with(rail)))
        }
        actions.append(.cancelTimer(.backoff, rail))
        actions.append(.setTimer(.attempt, now + settings.attemptTimeout, rail))
        actions.append(
            .connect(
                connection,
                privateData(
                    settings.isInitiator ? .connect : .knock, on: rail,
                    attempt: UInt16(truncatingIfNeeded: number)
                ).words))
    }

    func privateData(
        _ kind: ConnectionPrivateData.Kind, on rail: RailID, attempt: UInt16
    ) -> ConnectionPrivateData {
        ConnectionPrivateData(
            versions: settings.versions, cluster: settings.cluster, node: settings.node,
            incarnation: incarnation, statusBlockKey: self[rail].keys.statusBlock,
            mailboxKey: self[rail].keys.mailbox,
            role: settings.role, kind: kind, attempt: attempt)
    }

    mutating func attemptTimedOut(on rail: RailID, at now: Instant, into actions: inout [Action]) {
        guard case .connecting(let attempt) = self[rail].link else { return }
        counters.attemptsDropped += 1
        partnerIsSilent("unansweredInTime", at: now, into: &actions)
        giveUp(attempt, "unansweredInTime", pause: nil, at: now, into: &actions)
    }

    mutating func connectFailed(
        _ connection: ConnectionID, _ failure: ConnectFailure, at now: Instant, into actions: inout [Action]
    ) {
        let rail = connection.rail
        switch self[rail].link {
        case .connecting(let attempt) where attempt.connection == connection:
            counters.attemptsFailed += 1
            if failure == .staleTransport { counters.staleTransport += 1 }
            let pause = nextPause(on: rail)
            switch failure {
            case .nobodyListens: partnerProcessIsGone(at: now, into: &actions)
            case .unresolved, .unanswered: partnerIsSilent(failure.name, at: now, into: &actions)
            case .staleTransport, .refusedByTransport, .local: break
            }
            giveUp(attempt, failure.name, pause: pause, at: now, into: &actions)
        case .accepting(let peer) where peer.connection == connection:
            lose(rail, verdict, failure.name, at: now, into: &actions)
        case .closed, .waiting, .connecting, .accepting, .handshaking, .established, .farewell:
            counters.staleEvents += 1
        }
    }

    /// The partner's node answered that nothing listens there: whoever was there has died.
    private mutating func partnerProcessIsGone(at now: Instant, into actions: inout [Action]) {
        guard partnerIncarnation != .none else { return }
        holdUnconnected(.dead, ConnectFailure.nobodyListens.name, at: now, into: &actions)
    }

    /// Whoever was there and was lost without a verdict does not answer. A verdict that stands knows more
    /// than silence tells.
    private mutating func partnerIsSilent(
        _ reason: StaticString, at now: Instant, into actions: inout [Action]
    ) {
        guard partnerIncarnation != .none, verdict == nil else { return }
        holdUnconnected(.unreachable, reason, at: now, into: &actions)
    }

    mutating func refused(
        _ connection: ConnectionID, _ words: Rejection.Words?, at now: Instant, into actions: inout [Action]
    ) {
        let rail = connection.rail
        if case .accepting(let peer) = self[rail].link, peer.connection == connection {
            return lose(rail, verdict, "withdrawn", at: now, into: &actions)
        }
        guard case .connecting(let attempt) = self[rail].link, attempt.connection == connection else {
            counters.staleEvents += 1
            return
        }
        guard let words, let rejection = try? Rejection(words: words) else {
            counters.attemptsFailed += 1
            giveUp(
                attempt, "refusedWithoutReason", pause: nextPause(on: rail), at: now, into: &actions)
            return
        }
        if rejection.reason == .initiating {
            // The knock was heard. Knock again if the partner's own attempt does not come through: it may
            // have been under way already, and lost, before this side could answer it.
            let pause = max(settings.knockAgain, nextPause(on: rail))
            giveUp(attempt, rejection.reason.name, pause: pause, at: now, into: &actions)
            return
        }
        counters.attemptsFailed += 1
        let pause: TimeSpan
        switch rejection.reason {
        case .incompatible:
            holdUnconnected(.incompatible, rejection.reason.name, at: now, into: &actions)
            pause = settings.slowRetry
        case .foreignCluster, .foreignNode, .ownIdentity:
            holdUnconnected(.stranger, rejection.reason.name, at: now, into: &actions)
            pause = settings.slowRetry
        case .malformed, .staleIncarnation, .staleAttempt, .initiating, .wrongDirection, .shuttingDown:
            pause = nextPause(on: rail)
        }
        giveUp(
            attempt, rejection.reason.name, pause: pause,
            partnerVersions: rejection.reason == .incompatible ? rejection.versions : nil, at: now,
            into: &actions)
    }

    private mutating func giveUp(
        _ attempt: Attempt, _ reason: StaticString, pause: TimeSpan?, partnerVersions: VersionRange? = nil,
        at now: Instant, into actions: inout [Action]
    ) {
        let rail = attempt.connection.rail
        let pause = pause ?? nextPause(on: rail)
        actions.append(.retire(attempt.connection))
        if self[rail].failures.isWorthALine(for: reason) {
            let record = HistoryRecord(.connectFailed)
                .with("connection", .number(UInt64(attempt.connection.value)))
                .with("attempt", .number(attempt.number)).with("reason", .text(reason))
                .with("backoffNs", .number(pause.nanoseconds))
            actions.append(.record(partnerVersions.map { record.with(settings.versions, $0) } ?? record))
        }
        wait(rail, pause, at: now, into: &actions)
    }

    mutating func wait(
        _ rail: RailID, _ pause: TimeSpan, at now: Instant, into actions: inout [Action]
    ) {
        move(rail, to: .waiting)
        actions.append(.cancelTimer(.attempt, rail))
        actions.append(.setTimer(.backoff, now + pause, rail))
    }

    mutating func connected(
        _ connection: ConnectionID, _ words: ConnectionPrivateData.Words?, at now: Instant,
        into actions: inout [Action]
    ) {
        let rail = connection.rail
        switch self[rail].link {
        case .connecting(let attempt) where attempt.connection == connection:
            accepted(attempt, words, at: now, into: &actions)
        case .accepting(let peer) where peer.connection == connection:
            beginHandshake(peer, at: now, into: &actions)
        case .closed, .waiting, .connecting, .accepting, .handshaking, .established, .farewell:
            counters.staleEvents += 1
        }
    }

    /// The partner, or whoever is in its place, accepted the attempt.
    private mutating func accepted(
        _ attempt: Attempt, _ words: ConnectionPrivateData.Words?, at now: Instant,
        into actions: inout [Action]
    ) {
        guard settings.isInitiator, let words, let data = try? ConnectionPrivateData(words: words),
            data.kind == .acceptance, data.cluster == settings.cluster, data.node == settings.partnerNode,
            data.incarnation != incarnation
        else {
            counters.attemptsFailed += 1
            holdUnconnected(.stranger, "strangerAccepted", at: now, into: &actions)
            giveUp(attempt, "strangerAccepted", pause: settings.slowRetry, at: now, into: &actions)
            return
        }
        guard let version = settings.versions.highestCommon(with: data.versions) else {
            counters.attemptsFailed += 1
            holdUnconnected(.incompatible, RejectReason.incompatible.name, at: now, into: &actions)
            giveUp(
                attempt, RejectReason.incompatible.name, pause: settings.slowRetry,
                partnerVersions: data.versions, at: now, into: &actions)
            return
        }
        guard !superseded.contains(data.incarnation) else {
            counters.attemptsFailed += 1
            giveUp(
                attempt, RejectReason.staleIncarnation.name, pause: nextPause(on: attempt.connection.rail),
                at: now,
                into: &actions)
            return
        }
        actions.append(.cancelTimer(.attempt, attempt.connection.rail))
        beginHandshake(
            Peer(
                connection: attempt.connection, incarnation: data.incarnation,
                statusBlockKey: data.statusBlockKey, mailboxKey: data.mailboxKey, version: version,
                attempt: UInt16(truncatingIfNeeded: attempt.number), since: now),
            at: now, into: &actions)
    }
}
