import ClusterConnection

// What must hold after every event, whatever happened before.

extension World {
    mutating func violate(_ invariant: Invariant, _ node: NodeNumber?, _ finding: String) {
        // The first tells what is wrong; the others follow from it.
        guard violations.count < 8 else { return }
        violations.append(Violation(invariant: invariant, node: node, at: now, finding: finding))
    }

    mutating func check(_ number: LifeNumber, after event: Event) {
        let isLeaving = if case .farewell = lives[number].manager.rails[0].link { true } else { false }
        if (lives[number].manager.verdict == .alive) != lives[number].isEstablished, !isLeaving {
            violate(
                .noFalseVerdict, lives[number].node,
                "alive and established are not the same: \(lives[number].manager.verdict.map { "\($0.name)" } ?? "no verdict")")
        }
        checkExchange(of: number)
        for index in lives[number].memory.indices {
            check(number, on: RailID(index: UInt8(index)), after: event, isLeaving: isLeaving)
        }
    }

    private mutating func check(
        _ number: LifeNumber, on rail: RailID, after event: Event, isLeaving: Bool
    ) {
        let state = lives[number].manager[rail].link
        let armed = lives[number].timers.bits(of: rail)
        var allowed: UInt16
        var needed: UInt16
        switch state {
        case .closed: (allowed, needed) = (0, 0)
        case .waiting: (allowed, needed) = (Self.backoff, Self.backoff)
        case .connecting: (allowed, needed) = (Self.attempt, Self.attempt)
        case .accepting: (allowed, needed) = (Self.handshake, Self.handshake)
        case .handshaking: (allowed, needed) = (Self.tick | Self.handshake | Self.poll, Self.handshake)
        case .established: (allowed, needed) = (Self.tick | Self.ofThePair, Self.tick)
        case .farewell(let peer):
            (allowed, needed) = (Self.tick | Self.farewell, peer == nil || rail != .first ? 0 : Self.farewell)
        }
        // The deadlines of the pair are kept with its first rail, whichever rail they are for.
        if rail == .first, lives[number].isEstablished { allowed |= Self.ofThePair }
        // The mailbox is looked into before the timer that woke the process is handed over.
        if case .mailbox = event { needed = 0 }
        if armed & ~allowed != 0 || armed & needed != needed {
            violate(
                .nothingLeaks, lives[number].node,
                "rail \(rail.index) is \(state.name) with timers \(Self.names(of: armed))")
        }
        let endpoints = lives[number].endpoints.count { $0.connection.rail == rail }
        if endpoints > 1 {
            violate(.nothingLeaks, lives[number].node, "\(endpoints) endpoints on rail \(rail.index)")
        }
    }

    private static let tick = UInt16(1) << TimerName.tick.rawValue
    private static let attempt = UInt16(1) << TimerName.attempt.rawValue
    private static let backoff = UInt16(1) << TimerName.backoff.rawValue
    private static let handshake = UInt16(1) << TimerName.handshake.rawValue
    private static let poll = UInt16(1) << TimerName.poll.rawValue
    private static let farewell = UInt16(1) << TimerName.farewell.rawValue
    private static let ofThePair =
        UInt16(1) << TimerName.exchange.rawValue | UInt16(1) << TimerName.stall.rawValue

    private static func names(of bits: UInt16) -> String {
        let names = TimerName.allCases.filter { bits & (1 << $0.rawValue) != 0 }.map { "\($0)" }
        return names.isEmpty ? "none" : names.joined(separator: ", ")
    }

    /// The exchange is on a connection that is established, and all ports are that connection's.
    private mutating func checkExchange(of number: LifeNumber) {
        let connection = lives[number].manager.exchangeConnection
        if let connection, lives[number].manager[connection.rail].link.peer?.connection != connection {
            violate(.nothingLeaks, lives[number].node, "an exchange on a connection that is gone")
        }
        for ports in lives[number].ports where ports.connection != connection {
            violate(
                .nothingLeaks, lives[number].node,
                "ports of connection \(ports.connection.value), which is not the exchange's")
        }
    }

    /// Established only between two incarnations that were both alive and each saw the other.
    mutating func checkEstablishment(by number: LifeNumber, on rail: RailID) {
        let life = lives[number]
        guard let peer = life.manager[rail].link.peer, let partner = partner(of: number, on: peer.connection)
        else { return violate(.establishedTogether, life.node, "established without a connection") }
        let other = lives[partner]
        if other.incarnation != peer.incarnation {
            violate(.establishedTogether, life.node, "established with an incarnation that is not at the other end")
        }
        if !other.everSaw.contains(life.incarnation) || !life.everSaw.contains(other.incarnation) {
            violate(.establishedTogether, life.node, "established, although one did not see the other")
        }
        guard isTimed, let endedAt = other.endedAt else { return }
        // News are two packets old at most, and the mailbox is looked into every 250 us. Who stood still for less than
        // half the miss limit does not notice it.
        var age = TimeSpan.nanoseconds(2 * fabric.latency.upperBound + 500_000)
        if let thawedAt = life.thawedAt, now - thawedAt < .milliseconds(20) {
            age = age + life.manager.settings.heartbeatInterval * UInt64(life.manager.settings.missLimit)
        }
        if fabric.lossPerMillion > 0 { age = age + fabric.patience }
        if now - endedAt >= age {
            violate(
                .establishedTogether, life.node,
                "established \((now - endedAt).nanoseconds / 1000) us after the partner had died")
        }
    }

    /// A partner that lives, runs and is connected is never given another verdict than alive.
    mutating func checkVerdict(_ record: HistoryRecord, by number: LifeNumber) {
        guard let verdict = lives[number].manager.verdict ?? .some(.dead), isTimed else { return }
        guard lives[number].manager.verdict != nil || record.event == .verdict, verdict != .alive else { return }
        guard fabric.lossPerMillion == 0, isSpeakingAlike else { return }
        // The retries, the miss limit or an attempt's patience after the last fault, the truth is out.
        let settings = lives[number].manager.settings
        let bound =
            max(fabric.patience, settings.heartbeatInterval * UInt64(settings.missLimit), settings.handshakeTimeout)
            + settings.attemptTimeout + .milliseconds(100)
        if let lastFault, now - lastFault < bound { return }
        violate(.noFalseVerdict, lives[number].node, "\(verdict.name), although nothing happened to anybody")
    }

    /// Whether the two can understand each other; otherwise `incompatible` is the truth.
    var isSpeakingAlike: Bool {
        nodes[0].settings.versions.highestCommon(with: nodes[1].settings.versions) != nil
            && nodes[0].settings.capabilities == nodes[1].settings.capabilities
    }

    /// No client is told ready before both sides' ports can receive; each ready is followed by at most one loss, told
    /// when nothing of the partner's reaches memory any more.
    mutating func check(_ notice: ClientNotice, to client: ClientID, _ place: Int, of number: LifeNumber) {
        let standing = lives[number].clients[place].standing
        let own = lives[number].ports.first { $0.table.pair.own == client }
        switch notice {
        case .ready(let incarnation, _, _), .resumed(let incarnation, _, _):
            let resumes = if case .resumed = notice { true } else { false }
            if standing == .ready || resumes != (standing == .paused) {
                violate(.readyTogether, lives[number].node, "client \(client.value) is told ready out of turn")
            }
            guard let own, own.isConnected, let partner = partner(of: number, on: own.connection),
                lives[partner].incarnation == incarnation
            else {
                return violate(
                    .readyTogether, lives[number].node, "client \(client.value) is told ready without ports")
            }
            let pair = ClientPair(own: own.table.pair.partner, partner: client)
            let couldReceive = lives[partner].everConnected.contains {
                $0.pair == pair && $0.partner == lives[number].incarnation
            }
            if !couldReceive {
                violate(
                    .readyTogether, lives[number].node,
                    "client \(client.value) is told ready before its partner's ports can receive")
            }
        case .paused, .lost:
            let pauses = if case .paused = notice { true } else { false }
            if standing != .ready, pauses || standing != .paused {
                violate(.readyTogether, lives[number].node, "client \(client.value) is told of a loss twice")
            }
            if own != nil {
                violate(
                    .fencedBeforeTold, lives[number].node,
                    "client \(client.value) is told of a loss while its ports exist")
            }
        case .noCounterpart, .refused, .portsFailed, .verdict, .partnerPhase, .partnerStalled: break
        }
    }

    /// There is a receive for each message: as many as the window holds, minus those that were not taken.
    mutating func checkReceive(_ wire: WireNumber, _ side: Side) {
        guard let end = wires[wire][side], lives[end.life].manager[end.connection.rail].isEstablished,
            lives[end.life].manager.exchangeConnection == end.connection
        else { return }
        // A process that stands still posts no receives, and the transport waits for it.
        guard !lives[end.life].isFrozen else { return }
        if end.arrived &- lives[end.life].manager.messagesTaken > UInt32(ConnectionManager.messageWindow) {
            violate(.driverCanObey, 1 - lives[end.life].node, "a message is sent without a receive for it")
        }
    }
}
