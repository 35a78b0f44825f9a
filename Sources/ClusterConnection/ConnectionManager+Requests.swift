// Connection requests. Whoever asks is a stranger until the private data proves otherwise; a stranger is
// refused with a reason and changes nothing but counters.

extension ConnectionManager {
    mutating func requested(
        _ request: RequestID, _ words: ConnectionPrivateData.Words?, at now: Instant,
        into actions: inout [Action]
    ) {
        counters.requests += 1
        let data: ConnectionPrivateData
        do throws(WireError) {
            guard let words else { throw .tooShort }
            data = try ConnectionPrivateData(words: words)
            guard data.kind != .acceptance else { throw .badField }
        } catch {
            return refuseStranger(request, .malformed, detail: error.name, into: &actions)
        }
        guard data.cluster == settings.cluster else {
            return refuseStranger(request, .foreignCluster, into: &actions)
        }
        guard data.node != settings.node, data.incarnation != incarnation else {
            return refuseStranger(request, .ownIdentity, into: &actions)
        }
        guard data.node == settings.partnerNode else {
            return refuseStranger(request, .foreignNode, into: &actions)
        }
        requestedByPartner(request, data, at: now, into: &actions)
    }

    private mutating func requestedByPartner(
        _ request: RequestID, _ data: ConnectionPrivateData, at now: Instant, into actions: inout [Action]
    ) {
        let rail = request.rail
        switch self[rail].link {
        case .closed, .farewell:
            return refusePartner(request, data, .shuttingDown, into: &actions)
        case .waiting, .connecting, .accepting, .handshaking, .established:
            break
        }
        let version = settings.versions.highestCommon(with: data.versions)
        guard let version, data.incarnation != incompatiblePartner else {
            refusePartner(request, data, .incompatible, into: &actions)
            if self[rail].link.peer == nil {
                holdUnconnected(.incompatible, RejectReason.incompatible.name, at: now, into: &actions)
            }
            return
        }
        guard !superseded.contains(data.incarnation) else {
            return refusePartner(request, data, .staleIncarnation, into: &actions)
        }
        if verdict == .dead, data.incarnation == partnerIncarnation {
            // The life that ended the connection still asks: it had given this side up, and is not gone.
            holdUnconnected(.unreachable, "asksAgain", at: now, into: &actions)
        }
        switch (data.kind, settings.isInitiator) {
        case (.knock, true):
            refusePartner(request, data, .initiating, into: &actions)
            knocked(data, on: rail, at: now, into: &actions)
        case (.connect, false):
            accept(request, data, version: version, at: now, into: &actions)
        case (.knock, false), (.connect, true), (.acceptance, _):
            refusePartner(request, data, .wrongDirection, into: &actions)
        }
    }

    private mutating func accept(
        _ request: RequestID, _ data: ConnectionPrivateData, version: UInt16, at now: Instant,
        into actions: inout [Action]
    ) {
        let rail = request.rail
        if let peer = self[rail].link.peer, peer.incarnation == data.incarnation,
            !isNewer(data.attempt, than: peer.attempt)
        {
            return refusePartner(request, data, .staleAttempt, into: &actions)
        }
        recordReceived(request, data, into: &actions)
        if let peer = self[rail].link.peer {
            if peer.incarnation != data.incarnation {
                lose(rail, .rebooted, "newIncarnation", at: now, into: &actions)
                replaced = peer.incarnation
            } else {
                lose(rail, verdict, "partnerReconnects", at: now, into: &actions)
            }
        }
        if case .connecting(let attempt) = self[rail].link {
            // The own knock has done its work, or came too late to matter.
            actions.append(.retire(attempt.connection))
        }
        actions.append(.cancelTimer(.attempt, rail))
        actions.append(.cancelTimer(.backoff, rail))
        let peer = Peer(
            connection: nextConnection(on: rail), incarnation: data.incarnation,
            statusBlockKey: data.statusBlockKey, mailboxKey: data.mailboxKey, version: version,
            attempt: data.attempt, since: now)
        move(rail, to: .accepting(peer))
        actions.append(
            .record(
                HistoryRecord(.requestAccepted).with("request", .number(UInt64(request.value)))
                    .with("connection", .number(UInt64(peer.connection.value))).with(rail)))
        actions.append(.setTimer(.handshake, now + settings.handshakeTimeout, rail))
        actions.append(
            .accept(request, peer.connection, privateData(.acceptance, on: rail, attempt: data.attempt).words)
        )
    }

    /// The partner is there and asks to be connected.
    private mutating func knocked(
        _ data: ConnectionPrivateData, on rail: RailID, at now: Instant, into actions: inout [Action]
    ) {
        switch self[rail].link {
        case .waiting:
            attempt(on: rail, isCalled: true, at: now, into: &actions)
        case .connecting(let attempt):
            // An attempt from before the partner could answer is lost; a young one is on its way.
            guard now - attempt.since >= settings.staleAttempt else { return }
            actions.append(.retire(attempt.connection))
            self.attempt(on: rail, isCalled: true, at: now, into: &actions)
        case .accepting, .handshaking, .established:
            guard let peer = self[rail].link.peer else { return }
            if peer.incarnation != data.incarnation {
                lose(rail, .rebooted, "newIncarnation", at: now, into: &actions)
                replaced = peer.incarnation
                attempt(on: rail, isCalled: true, at: now, into: &actions)
            } else if now - peer.since > settings.attemptTimeout {
                // Younger connections may well be the knock's own answer, overtaken on its way.
                lose(rail, verdict, "partnerReconnects", at: now, into: &actions)
                attempt(on: rail, isCalled: true, at: now, into: &actions)
            }
        case .closed, .farewell:
            break
        }
    }

    private func recordReceived(
        _ request: RequestID, _ data: ConnectionPrivateData, into actions: inout [Action]
    ) {
        actions.append(
            .record(
                HistoryRecord(.requestReceived).with("request", .number(UInt64(request.value)))
                    .with("node", .number(data.node.value))
                    .with("requestIncarnation", .incarnation(data.incarnation))
                    .with("attempt", .number(UInt64(data.attempt)))))
    }

    /// Numbers of attempts wrap around; the newer of two is less than half the circle ahead.
    private func isNewer(_ attempt: UInt16, than other: UInt16) -> Bool {
        Int16(bitPattern: attempt &- other) > 0
    }

    /// Refuses one who is not the partner. Logged once for each reason, so that nobody can fill the log.
    private mutating func refuseStranger(
        _ request: RequestID, _ reason: RejectReason, detail: StaticString = "", into actions: inout [Action]
    ) {
        counters.strangersRejected += 1
        let flag = UInt32(1) << UInt32(reason.rawValue)
        if strangerReasonsLogged & flag == 0 {
            strangerReasonsLogged |= flag
            actions.append(
                .record(
                    HistoryRecord(.requestRejected).with("request", .number(UInt64(request.value)))
                        .with("reason", .text(reason.name)).with("detail", .text(detail))))
        }
        reject(request, reason, into: &actions)
    }

    private mutating func refusePartner(
        _ request: RequestID, _ data: ConnectionPrivateData, _ reason: RejectReason,
        into actions: inout [Action]
    ) {
        if reason != .initiating { counters.partnerRejected += 1 }
        if self[request.rail].refusals.isWorthALine(for: reason.name) {
            recordReceived(request, data, into: &actions)
            let record = HistoryRecord(.requestRejected).with("request", .number(UInt64(request.value)))
                .with("reason", .text(reason.name))
            actions.append(
                .record(
                    reason == .incompatible ? record.with(settings.versions, data.versions) : record))
        }
        reject(request, reason, into: &actions)
    }

    private mutating func reject(
        _ request: RequestID, _ reason: RejectReason, into actions: inout [Action]
    ) {
        counters.rejects.add(Int(reason.rawValue))
        actions.append(.reject(request, Rejection(reason: reason, versions: settings.versions).words))
    }
}
