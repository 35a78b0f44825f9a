// The exchange of messages after the establishment: peer information, client information, ports, ready.

extension ConnectionManager {
    /// Begins the exchange on a connection that has just been established.
    mutating func beginExchange(_ peer: Peer, at now: Instant, into actions: inout [Action]) {
        let early = self[peer.rail].early
        self[peer.rail].early = nil
        exchange.open(peer)
        actions.append(.setTimer(.exchange, now + settings.exchangeTimeout))
        saySomething(into: &actions)
        if let early { take(early, at: now, into: &actions) }
    }

    /// A message arrived; nil when it did not fit into its receive.
    mutating func received(
        _ connection: ConnectionID, _ bytes: [UInt8]?, at now: Instant, into actions: inout [Action]
    ) {
        let rail = connection.rail
        switch self[rail].link {
        case .accepting(let peer) where peer.connection == connection:
            // Nobody can be established with a side that has not greeted, and nobody else has anything to say.
            counters.violations += 1
            lose(rail, verdict, WireError.outOfOrder.name, at: now, into: &actions)
        case .handshaking(let handshake) where handshake.peer.connection == connection:
            // The partner is established a moment earlier, and then waits for an answer to its first message.
            guard let bytes, self[rail].early == nil else {
                counters.violations += 1
                let error = bytes == nil ? WireError.tooLong : .outOfOrder
                return fail(handshake, error.name, at: now, into: &actions)
            }
            self[rail].early = bytes
        case .established(let session) where session.peer.connection == connection:
            guard
                exchange.standing != .none && exchange.connection == connection
                    || moveExchange(to: session.peer, at: now, into: &actions)
            else {
                counters.violations += 1
                return lose(rail, nil, WireError.outOfOrder.name, at: now, into: &actions)
            }
            take(bytes, at: now, into: &actions)
        case .closed, .waiting, .connecting, .accepting, .handshaking, .established, .farewell:
            counters.staleEvents += 1
        }
    }

    /// A message left, or could not.
    mutating func sent(
        _ connection: ConnectionID, _ outcome: Outcome, at now: Instant, into actions: inout [Action]
    ) {
        guard case .established(let session) = self[connection.rail].link,
            session.peer.connection == connection, exchange.connection == connection
        else {
            counters.staleEvents += 1
            return
        }
        guard outcome == .success || exchange.standing == .refused else {
            let verdict: Verdict = outcome == .refusedByPartner ? .dead : .unreachable
            return judge(connection.rail, verdict, outcome.name, after: now, at: now, into: &actions)
        }
        exchange.delivered &+= 1
        if exchange.standing == .refused, exchange.refusal == nil, exchange.delivered == exchange.sent {
            loseIncompatible("refused", at: now, into: &actions)
        }
    }

    /// The partner has taken so many of this connection's messages, as its status block shows.
    mutating func partnerTook(_ count: UInt32, on connection: ConnectionID, into actions: inout [Action]) {
        // Never back, and never more than were sent: anything else is no count of this connection.
        guard connection == exchange.connection, count != exchange.taken,
            count &- exchange.taken <= exchange.sent &- exchange.taken
        else {
            return
        }
        exchange.taken = count
        saySomething(into: &actions)
    }

    mutating func exchangeTimedOut(at now: Instant, into actions: inout [Action]) {
        guard let rail = exchange.standing == .none ? firstEstablished : exchange.connection.rail,
            self[rail].isEstablished, !exchange.isReady
        else { return }
        actions.append(
            .record(
                HistoryRecord(.exchangeFailed)
                    .with("connection", .number(UInt64(self[rail].link.peer?.connection.value ?? 0)))
                    .with("reason", .text("deadline"))))
        lose(rail, nil, "exchangeDeadline", at: now, into: &actions)
    }
}

// MARK: - What the partner says

extension ConnectionManager {
    private mutating func take(_ bytes: [UInt8]?, at now: Instant, into actions: inout [Action]) {
        exchange.received &+= 1
        self[exchange.connection.rail].block.messagesTaken = exchange.received
        counters.messagesReceived += 1
        do throws(WireError) {
            guard let bytes else { throw .tooLong }
            // However fast it sends, it gets no more than so many messages handled in an interval.
            guard !exchange.isOverrun else { throw .tooMany }
            let message = try Message(bytes: bytes)
            guard message.writer == exchange.partner, message.reader == incarnation else {
                throw .foreignIncarnation
            }
            guard message.number == exchange.received else { throw .outOfOrder }
            guard let kind = message.kind else {
                guard message.rawKind & Message.optionalKind != 0 else { throw .unknownKind }
                return
            }
            actions.append(
                .record(
                    HistoryRecord(.messageReceived).with("kind", .text(kind.name))
                        .with("connection", .number(UInt64(exchange.connection.value)))
                        .with("number", .number(UInt64(message.number)))
                        .with("bytes", .number(UInt64(bytes.count)))))
            try take(kind, message, at: now, into: &actions)
        } catch {
            counters.violations += 1
            actions.append(
                .record(
                    HistoryRecord(.exchangeFailed)
                        .with("connection", .number(UInt64(exchange.connection.value)))
                        .with("reason", .text(error.name))))
            loseIncompatible("protocolViolation", at: now, into: &actions)
        }
    }

    private mutating func take(
        _ kind: Message.Kind, _ message: Message, at now: Instant, into actions: inout [Action]
    ) throws(WireError) {
        switch (kind, exchange.standing) {
        case (.refusal, .greeting), (.refusal, .open):
            take(try Refusal(payload: message.payload), at: now, into: &actions)
        case (.peerInformation, .greeting):
            take(try PeerInformation(payload: message.payload), into: &actions)
        case (.clientInformation, .open):
            guard message.version == exchange.version else { throw .unknownVersion }
            try take(
                try ClientSet(payload: message.payload, version: exchange.version), at: now, into: &actions)
        case (.portInformation, .open):
            guard message.version == exchange.version else { throw .unknownVersion }
            try take(try PortTables(payload: message.payload), into: &actions)
        case (.ready, .open):
            guard message.version == exchange.version else { throw .unknownVersion }
            try take(try ReadyPairs(payload: message.payload), into: &actions)
        case (_, .refused):
            // What still comes until the partner has read the refusal.
            break
        case (_, .none), (_, .greeting), (.peerInformation, .open):
            throw .outOfOrder
        }
        saySomething(into: &actions)
    }

    private mutating func take(_ information: PeerInformation, into actions: inout [Action]) {
        exchange.partnerInformation = information
        actions.append(
            .record(
                HistoryRecord(.peerInformation).with("role", .text(information.role.name))
                    .with(settings.versions, information.versions)
                    .with(
                        "version",
                        .number(UInt64(settings.versions.highestCommon(with: information.versions) ?? 0)))))
        guard let version = settings.versions.highestCommon(with: information.versions) else {
            return refuse(.noCommonVersion, nil, into: &actions)
        }
        let unknown = information.capabilities.first {
            $0.isRequired && !settings.knownCapabilities.contains($0.name)
        }
        if let unknown { return refuse(.unknownCapability, unknown.name, into: &actions) }
        exchange.version = version
        exchange.standing = .open
        exchange.owesSet = true
    }

    private mutating func refuse(
        _ reason: Refusal.Reason, _ capability: Name?, into actions: inout [Action]
    ) {
        exchange.standing = .refused
        exchange.refusal = Refusal(reason: reason, versions: settings.versions, capability: capability)
        actions.append(.record(refusalRecord(reason, capability, by: "own")))
    }

    private mutating func take(_ refusal: Refusal, at now: Instant, into actions: inout [Action]) {
        actions.append(
            .record(
                refusalRecord(refusal.reason, refusal.capability, by: "partner")
                    .with("partnerVersions", .partnerVersions(refusal.versions))))
        loseIncompatible(refusal.reason.name, at: now, into: &actions)
    }

    private func refusalRecord(
        _ reason: Refusal.Reason, _ capability: Name?, by side: StaticString
    ) -> HistoryRecord {
        let record = HistoryRecord(.partnerRefused)
            .with("connection", .number(UInt64(exchange.connection.value))).with("by", .text(side))
            .with("reason", .text(reason.name))
        return capability.map { record.with("capability", $0) } ?? record
    }

    /// Ends all connections with a partner that speaks otherwise, which time alone does not mend.
    mutating func loseIncompatible(
        _ reason: StaticString, at now: Instant, into actions: inout [Action]
    ) {
        guard let rail = firstEstablished, let peer = self[rail].link.peer else { return }
        incompatiblePartner = peer.incarnation
        retireAll(but: rail, reason, pause: settings.slowRetry, at: now, into: &actions)
        lose(rail, .incompatible, reason, pause: settings.slowRetry, at: now, into: &actions)
    }
}

// MARK: - What this side says

extension ConnectionManager {
    /// Sends what there is to say, as far as the partner has room for it.
    mutating func saySomething(into actions: inout [Action]) {
        while exchange.maySend, let (kind, payload) = nextMessage() {
            exchange.sent &+= 1
            counters.messagesSent += 1
            let message = Message(
                kind, version: exchange.version, number: exchange.sent, writer: incarnation,
                reader: exchange.partner, payload: payload)
            let bytes = message.bytes
            actions.append(.send(exchange.connection, bytes))
            actions.append(
                .record(
                    HistoryRecord(.messageSent).with("kind", .text(kind.name))
                        .with("connection", .number(UInt64(exchange.connection.value)))
                        .with("number", .number(UInt64(message.number)))
                        .with("bytes", .number(UInt64(bytes.count)))))
            if kind == .ready { tellReady(into: &actions) }
        }
    }

    private mutating func nextMessage() -> (Message.Kind, [UInt8])? {
        if exchange.owesInformation {
            exchange.owesInformation = false
            return (.peerInformation, ownInformation.payload)
        }
        if let refusal = exchange.refusal {
            exchange.refusal = nil
            return (.refusal, refusal.payload)
        }
        guard exchange.standing == .open else { return nil }
        if exchange.owesSet {
            exchange.owesSet = false
            for index in exchange.registrations.indices { exchange.registrations[index].isSaid = true }
            return (.clientInformation, exchange.ownSet.payload(version: exchange.version))
        }
        if let tables = exchange.takeTablesToSay() {
            return (.portInformation, PortTables(tables: tables).payload)
        }
        if let pairs = exchange.takePairsToSay() { return (.ready, ReadyPairs(pairs: pairs).payload) }
        return nil
    }

    private var ownInformation: PeerInformation {
        PeerInformation(
            versions: settings.versions, role: settings.role, capabilities: settings.capabilities)
    }
}
