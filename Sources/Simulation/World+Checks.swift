import ClusterConnection

// What must hold after every event, whatever happened before.

extension World {
    mutating func violate(_ invariant: Invariant, _ node: NodeNumber?, _ finding: String) {
        // The first tells what is wrong; the others follow from it.
        guard violations.count < 8 else { return }
        violations.append(Violation(invariant: invariant, node: node, at: now, finding: finding))
    }

    mutating func check(_ number: LifeNumber, after event: Event) {
        if case .timer(.tick, _) = event { checkDiscovery(by: number) }
        if let (invariant, finding) = lives[number].check(after: event) {
            violate(invariant, lives[number].node, finding)
        }
    }

    /// Established only between two incarnations that were both alive and each saw the other.
    mutating func checkEstablishment(by number: LifeNumber, on rail: RailID) {
        let life = lives[number]
        guard let peer = life.manager.rails[Int(rail.index)].link.peer,
            let partner = partner(of: number, on: peer.connection)
        else { return violate(.establishedTogether, life.node, "established without a connection") }
        let other = lives[partner]
        if other.incarnation != peer.incarnation {
            violate(
                .establishedTogether, life.node,
                "established with an incarnation that is not at the other end")
        }
        if !other.everSaw.contains(life.incarnation) || !life.everSaw.contains(other.incarnation) {
            violate(.establishedTogether, life.node, "established, although one did not see the other")
        }
        let place = life.endpoints.place(of: peer.connection)
        if let place, life.memory[Int(rail.index)].confirmedOn != life.endpoints[place].wire {
            violate(
                .establishedTogether, life.node,
                "established without the partner's confirmation on this connection")
        }
        if let place { lives[number].endpoints[place].isProven = true }
        guard isTimed, let endedAt = other.endedAt else { return }
        // News are two packets old at most, and the mailbox is looked into every 250 us. Who stood still for less than
        // half the miss limit does not notice it.
        var age = TimeSpan.nanoseconds(
            2 * fabric.longestLatency + 500_000 + fabric.afterlife.upperBound)
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

    /// A partner that lives, runs and is connected is never given another verdict than alive, and one that is gone is
    /// called what it is.
    mutating func checkVerdict(by number: LifeNumber) {
        guard let verdict = lives[number].manager.verdict, verdict != .alive, fabric.lossPerMillion == 0,
            isSpeakingAlike
        else { return }
        let node = lives[number].node
        guard isTimed else {
            if isUntroubled {
                violate(.noFalseVerdict, node, "\(verdict.name), although nothing happened to anybody")
            }
            return
        }
        // The retries, the miss limit or an attempt's patience after the last trouble, the truth is out.
        let settings = lives[number].manager.settings
        let bound =
            max(
                fabric.patience, settings.heartbeatInterval * UInt64(settings.missLimit),
                settings.handshakeTimeout)
            + settings.attemptTimeout + .milliseconds(100)
        func isRecent(_ instant: Instant?) -> Bool { instant.map { now - $0 < bound } ?? false }
        let isCut = cuts.prefix(lives[number].memory.count).contains { $0 != 0 }
        // Whatever was before the connection, its handshake has proven the partner anew. That this side stood still
        // is no excuse: it has to know that.
        if let since = lives[number].lostSince, !isCut, current[1 - node] != nil,
            troubles[1 - node].map({ $0 < since }) ?? true, lastCut.map({ $0 < since }) ?? true
        {
            return violate(
                .noFalseVerdict, node,
                "\(verdict.name), and its partner has lived and run since they connected")
        }
        if !isRecent(troubles[1 - node]), !isRecent(lastCut), !isCut, !isRecent(boots[node]) {
            return violate(
                .noFalseVerdict, node, "\(verdict.name), and its partner lives, runs and is connected")
        }
        guard !wasEverSilent, verdict == .unreachable || verdict == .hung, current[1 - node] == nil,
            let last = lives.last(where: { $0.node == 1 - node }), last.ending != .poweredOff,
            last.thawedAt == nil,
            lives[number].thawedAt == nil, !last.isFrozen
        else { return }
        violate(
            .foundInTime, node, "\(verdict.name), and its partner's process has ended on a node that lives")
    }

    /// At a heartbeat: a partner that died, hung or was cut off is found within the bound that the settings promise.
    mutating func checkDiscovery(by number: LifeNumber) {
        guard isTimed, fabric.lossPerMillion == 0 else { return }
        let settings = lives[number].manager.settings
        let bound =
            max(
                fabric.patience + fabric.tryInterval,
                settings.heartbeatInterval * UInt64(settings.missLimit + 2))
            + settings.heartbeatInterval * 3
            + .nanoseconds(
                8 * fabric.longestLatency + fabric.afterlife.upperBound + fabric.burial.upperBound)
        for index in lives[number].manager.rails.indices {
            guard case .established(let session) = lives[number].manager.rails[index].link,
                let partner = partner(of: number, on: session.peer.connection),
                let gone = lives[partner].endedAt ?? lives[partner].frozenAt ?? silentSince[index]
            else { continue }
            let since = max(gone, lives[number].thawedAt ?? gone, lastCut ?? gone)
            if now - since > bound {
                violate(
                    .foundInTime, lives[number].node,
                    "still established \((now - since).nanoseconds / 1_000_000) ms after the partner was gone"
                )
            }
        }
    }

    /// Attempts that fail come at the pace of the backoff.
    mutating func checkPace(of number: LifeNumber) {
        guard isTimed else { return }
        lives[number].attempts.append(now)
        guard lives[number].attempts.count == Self.storm else { return }
        let first = lives[number].attempts.removeFirst()
        guard now - first < .milliseconds(150) else { return }
        violate(.attemptsArePaced, lives[number].node, "\(Self.storm) attempts to connect within 150 ms")
    }

    private static let storm = 24

    /// No pause between attempts is longer than the settings say.
    mutating func checkPause(_ span: TimeSpan, by number: LifeNumber) {
        let settings = lives[number].manager.settings
        guard span > max(settings.backoffCap, settings.slowRetry) else { return }
        violate(
            .attemptsArePaced, lives[number].node,
            "a pause of \(span.nanoseconds / 1_000_000) ms between attempts")
    }

    /// A request is answered at once, and a block that is not whole is not taken for one.
    mutating func checkAnswer(
        to event: Event, _ before: (tornReads: UInt64, staleEvents: UInt64), by number: LifeNumber
    ) {
        switch event {
        case .request(let request, _):
            guard lives[number].requests.contains(where: { $0.request == request }) else { return }
            violate(.driverCanObey, lives[number].node, "request \(request.value) is left without an answer")
        case .completed(let connection, _, .success, let words?):
            guard (try? StatusBlock(words: words)) == nil,
                lives[number].endpoints.place(of: connection) != nil,
                lives[number].manager.counters.tornReads == before.tornReads,
                lives[number].manager.counters.staleEvents == before.staleEvents
            else { return }
            violate(
                .tornIsNotTrusted, lives[number].node, "a block in the middle of a store was taken for whole")
        default: break
        }
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
                violate(
                    .readyTogether, lives[number].node, "client \(client.value) is told ready out of turn")
            }
            if resumes, lives[number].clients[place].readyWith != incarnation {
                violate(
                    .readyTogether, lives[number].node,
                    "client \(client.value) goes on with another life of the partner, and never heard of the loss"
                )
            }
            lives[number].clients[place].readyWith = incarnation
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
        guard let end = wires[wire][side],
            lives[end.life].manager.rails[Int(end.connection.rail.index)].isEstablished,
            lives[end.life].exchangeConnection == end.connection
        else { return }
        // A process that stands still posts no receives, and the transport waits for it.
        guard !lives[end.life].isFrozen else { return }
        if end.arrived &- lives[end.life].messagesTaken > UInt32(ConnectionManager.messageWindow) {
            violate(.driverCanObey, 1 - lives[end.life].node, "a message is sent without a receive for it")
        }
    }
}
