import ClusterConnection

// The models of the clients: what they do with what they are told, and what they write into their partner's history.

extension World {
    mutating func client(_ moment: ClientMoment, of number: LifeNumber) {
        guard lives[number].endedAt == nil else { return }
        guard !lives[number].isFrozen else {
            return agenda.add(.client(number, moment), at: now + fabric.tryInterval)
        }
        switch moment {
        case .register(let place):
            let model = lives[number].clients[place]
            lives[number].clients[place].isRegistered = true
            // Before it is told anything, as in a partner process.
            if case .failoverMonitor(_, let patience) = model.plan.behaviour {
                wake(place, of: number, after: patience)
            }
            feed(.register(model.client, model.plan.information), to: number)
        case .withdraw(let place):
            guard lives[number].clients[place].isRegistered else { return }
            feed(.withdraw(lives[number].clients[place].client), to: number)
            lives[number].clients[place].isRegistered = false
        case .wake(let place, let arming):
            guard lives[number].clients[place].armings == arming else { return }
            woken(place, of: number)
        }
    }

    private mutating func wake(_ place: Int, of number: LifeNumber, after span: TimeSpan?) {
        lives[number].clients[place].armings += 1
        guard let span else { return }
        agenda.add(
            .client(number, .wake(place, arming: lives[number].clients[place].armings)), at: now + span)
    }

    mutating func notify(_ client: ClientID, _ notice: ClientNotice, of number: LifeNumber) {
        guard let place = lives[number].clients.firstIndex(where: { $0.client == client }) else { return }
        check(notice, to: client, place, of: number)
        switch notice {
        case .ready, .resumed: lives[number].clients[place].standing = .ready
        case .paused: lives[number].clients[place].standing = .paused
        case .lost: lives[number].clients[place].standing = .lost
        case .noCounterpart, .refused, .portsFailed, .verdict, .partnerPhase, .partnerStalled: break
        }
        switch lives[number].clients[place].plan.behaviour {
        case .passive: break
        case .messenger: messengerNotified(notice, place, of: number)
        case .logMirror: mirrorNotified(notice, place, of: number)
        case .failoverMonitor: monitorNotified(notice, place, of: number)
        }
    }

    private mutating func woken(_ place: Int, of number: LifeNumber) {
        switch lives[number].clients[place].plan.behaviour {
        case .passive: break
        case .messenger: ask(place, of: number)
        case .logMirror: mirrorWoken(place, of: number)
        case .failoverMonitor:
            decideAway(lives[number].clients[place].monitor.reason, place, of: number)
        }
    }

    mutating func completed(_ work: PortWork, _ outcome: Outcome, _ place: Int, of number: LifeNumber) {
        guard case .logMirror = lives[number].clients[place].plan.behaviour else { return }
        mirrorCompleted(work, outcome, place, of: number)
    }

    private mutating func note(_ record: HistoryRecord, of place: Int, _ number: LifeNumber) {
        note(record.with("client", lives[number].clients[place].name), by: number)
    }
}

// MARK: - Messenger

extension World {
    private mutating func messengerNotified(_ notice: ClientNotice, _ place: Int, of number: LifeNumber) {
        switch notice {
        case .ready(let partner, let ports, _):
            lives[number].clients[place].messenger = MessengerModel()
            lives[number].clients[place].messenger.partner = partner
            lives[number].clients[place].messenger.isTalking = ports > 0
            ask(place, of: number)
        case .resumed(_, let ports, _):
            lives[number].clients[place].messenger.asked = 0
            lives[number].clients[place].messenger.answered = 0
            lives[number].clients[place].messenger.isTalking = ports > 0
            ask(place, of: number)
        case .paused, .lost:
            wake(place, of: number, after: nil)
            lives[number].clients[place].messenger.isTalking = false
            guard case .lost = notice else { return }
            let messenger = lives[number].clients[place].messenger
            let record = HistoryRecord(.messengerReport).with("requests", .number(messenger.requests))
                .with("replies", .number(messenger.replies)).with("outOfOrder", .number(0))
                .with("partnerIncarnation", .incarnation(messenger.partner))
            note(record, of: place, number)
        case .noCounterpart, .refused, .portsFailed, .verdict, .partnerPhase, .partnerStalled: break
        }
    }

    private mutating func ask(_ place: Int, of number: LifeNumber) {
        guard case .messenger(let interval) = lives[number].clients[place].plan.behaviour,
            lives[number].clients[place].messenger.isTalking
        else { return }
        if interval != .zero { wake(place, of: number, after: interval) }
        let messenger = lives[number].clients[place].messenger
        guard messenger.asked - messenger.answered < MessengerModel.mostAsked else { return }
        guard
            post(
                .request(number: messenger.asked + 1, asked: now), for: lives[number].clients[place].client,
                of: number)
        else { return }
        lives[number].clients[place].messenger.asked += 1
        lives[number].clients[place].messenger.requests += 1
    }

    mutating func answered(_ reply: UInt64, _ asked: Instant, _ place: Int, of number: LifeNumber) {
        guard case .messenger(let interval) = lives[number].clients[place].plan.behaviour,
            reply == lives[number].clients[place].messenger.answered + 1
        else { return }
        lives[number].clients[place].messenger.answered += 1
        lives[number].clients[place].messenger.replies += 1
        if lives[number].clients[place].messenger.replies == 1 {
            note(
                HistoryRecord(.firstReply).with("roundTripNs", .number((now - asked).nanoseconds))
                    .with(
                        "partnerIncarnation", .incarnation(lives[number].clients[place].messenger.partner)),
                of: place, number)
        }
        if interval == .zero { ask(place, of: number) }
    }
}

// MARK: - Failover monitor

extension World {
    private mutating func monitorNotified(_ notice: ClientNotice, _ place: Int, of number: LifeNumber) {
        guard case .failoverMonitor(_, let patience) = lives[number].clients[place].plan.behaviour else {
            return
        }
        switch notice {
        case .verdict(let verdict, let partner):
            lives[number].clients[place].monitor.verdict = verdict
            lives[number].clients[place].monitor.partner = partner
            judge(verdict, patience, place, of: number)
        case .partnerPhase(let phase, let partner):
            lives[number].clients[place].monitor.phase = phase
            lives[number].clients[place].monitor.partner = partner
            lives[number].clients[place].monitor.standstill = phase == .panicked ? "panicked" : nil
            if lives[number].clients[place].monitor.verdict == .alive {
                bearStandstill(patience, place, of: number)
            }
            giveBack(place, of: number)
        case .partnerStalled:
            lives[number].clients[place].monitor.standstill = "stalled"
            bearStandstill(patience, place, of: number)
        case .ready(let partner, _, _):
            lives[number].clients[place].monitor.isReady = true
            lives[number].clients[place].monitor.partner = partner
            giveBack(place, of: number)
        case .lost: lives[number].clients[place].monitor.isReady = false
        case .noCounterpart, .refused, .portsFailed, .paused, .resumed: break
        }
    }

    private mutating func judge(
        _ verdict: Verdict?, _ patience: TimeSpan, _ place: Int, of number: LifeNumber
    ) {
        switch verdict {
        case .alive: bearStandstill(patience, place, of: number)
        case .dead where lives[number].clients[place].monitor.phase != .shuttingDown:
            lives[number].clients[place].monitor.reason = "dead"
            wake(place, of: number, after: lives[number].manager.settings.deathConfirmation)
        case .dead, .hung, .rebooted:
            wake(place, of: number, after: nil)
            decideAway(verdict?.name ?? "none", place, of: number)
        case .unreachable, nil:
            lives[number].clients[place].monitor.reason = verdict?.name ?? "noContact"
            wake(place, of: number, after: patience)
        case .incompatible, .stranger:
            wake(place, of: number, after: nil)
            decide("wait", isAway: true, verdict?.name ?? "none", place, of: number)
        }
    }

    private mutating func bearStandstill(_ patience: TimeSpan, _ place: Int, of number: LifeNumber) {
        guard let standstill = lives[number].clients[place].monitor.standstill else {
            return wake(place, of: number, after: nil)
        }
        lives[number].clients[place].monitor.reason = standstill
        wake(place, of: number, after: patience)
    }

    private mutating func decideAway(_ reason: StaticString, _ place: Int, of number: LifeNumber) {
        guard case .failoverMonitor(let goesAlone, _) = lives[number].clients[place].plan.behaviour else {
            return
        }
        decide(goesAlone ? "takeover" : "wait", isAway: true, reason, place, of: number)
    }

    private mutating func giveBack(_ place: Int, of number: LifeNumber) {
        let monitor = lives[number].clients[place].monitor
        guard monitor.isReady, monitor.phase == .storageOSActive, monitor.isAway else { return }
        decide("giveback", isAway: false, "partnerActive", place, of: number)
    }

    private mutating func decide(
        _ decision: StaticString, isAway: Bool, _ reason: StaticString, _ place: Int, of number: LifeNumber
    ) {
        let monitor = lives[number].clients[place].monitor
        guard decision.description != monitor.decision.description else { return }
        lives[number].clients[place].monitor.decision = decision
        lives[number].clients[place].monitor.isAway = isAway
        note(
            HistoryRecord(.decision).with("decision", .text(decision)).with("reason", .text(reason))
                .with("verdict", .text(monitor.verdict?.name ?? "none"))
                .with("phase", .text(monitor.phase?.name ?? "unknown"))
                .with("partnerIncarnation", .incarnation(monitor.partner)),
            of: place, number)
    }
}

// MARK: - Log mirror

extension World {
    private mutating func mirrorNotified(_ notice: ClientNotice, _ place: Int, of number: LifeNumber) {
        switch notice {
        case .ready(let partner, let ports, let memory):
            lives[number].clients[place].mirror.partner = partner
            lives[number].clients[place].mirror.acknowledgedHere = 0
            begin(ports, memory, place, of: number)
        case .resumed(_, let ports, let memory): begin(ports, memory, place, of: number)
        case .paused:
            wake(place, of: number, after: nil)
            lives[number].clients[place].mirror.state = .paused
            checkMemory("paused", place, of: number)
            lives[number].clients[place].mirror.isFenced = true
        case .lost:
            if lives[number].clients[place].mirror.state != .idle { report(place, of: number) }
            lives[number].clients[place].mirror.state = .idle
            checkMemory("lost", place, of: number)
            lives[number].clients[place].mirror.isFenced = true
            wake(place, of: number, after: MirrorModel.vigil)
        case .noCounterpart, .refused, .portsFailed, .verdict, .partnerPhase, .partnerStalled: break
        }
    }

    /// Ports are about to be made for a client: its memory opens.
    mutating func portsComing(_ order: PortOrder, of number: LifeNumber) {
        guard let place = lives[number].clients.firstIndex(where: { $0.client == order.pair.own }),
            case .logMirror(_, let recordBytes) = lives[number].clients[place].plan.behaviour
        else { return }
        if lives[number].clients[place].mirror.isFenced {
            checkMemory("remade", place, of: number)
            lives[number].clients[place].mirror.isFenced = false
            wake(place, of: number, after: nil)
        }
        let slots = Int(clamping: order.memory / max(1, recordBytes))
        let kept = lives[number].clients[place].shared
        guard slots > MirrorModel.window, kept.count != slots else { return }
        // What is kept is laid out for the memory that is agreed now.
        var laid: [MirrorRecord?] = Array(repeating: nil, count: slots)
        for record in kept.compactMap({ $0 }).sorted(by: { $0.number < $1.number }) {
            laid[Int((record.number - 1) % UInt64(slots))] = record
        }
        lives[number].clients[place].shared = laid
    }

    private mutating func begin(_ ports: UInt32, _ memory: UInt64, _ place: Int, of number: LifeNumber) {
        guard case .logMirror(_, let recordBytes) = lives[number].clients[place].plan.behaviour else {
            return
        }
        let slots = Int(clamping: memory / max(1, recordBytes))
        lives[number].clients[place].mirror.slots = slots
        guard ports > 0, slots > MirrorModel.window else { return }
        lives[number].clients[place].mirror.state = .reading
        if !post(.readBack, for: lives[number].clients[place].client, of: number) {
            lives[number].clients[place].mirror.state = .failed
        }
    }

    private mutating func mirrorWoken(_ place: Int, of number: LifeNumber) {
        if lives[number].clients[place].mirror.isFenced { return checkMemory("later", place, of: number) }
        guard lives[number].clients[place].mirror.state == .running,
            case .logMirror(let interval, _) = lives[number].clients[place].plan.behaviour
        else { return }
        wake(place, of: number, after: interval)
        append(place, of: number)
    }

    /// Begins a record and posts it, unless as many are under way as the window allows.
    private mutating func append(_ place: Int, of number: LifeNumber) {
        let mirror = lives[number].clients[place].mirror
        guard mirror.last - mirror.acknowledged < UInt64(MirrorModel.window) else { return }
        let record = MirrorRecord(number: mirror.last + 1, writer: lives[number].incarnation)
        lives[number].clients[place].mirror.last += 1
        lives[number].clients[place].mirror.ring[Int(mirror.last % UInt64(mirror.slots))] = record
        write(record, place, of: number)
    }

    private mutating func write(_ record: MirrorRecord, _ place: Int, of number: LifeNumber) {
        if !post(.write(record), for: lives[number].clients[place].client, of: number) {
            lives[number].clients[place].mirror.state = .failed
        }
    }

    private mutating func mirrorCompleted(
        _ work: PortWork, _ outcome: Outcome, _ place: Int, of number: LifeNumber
    ) {
        guard outcome == .success else {
            lives[number].clients[place].mirror.state = .failed
            return wake(place, of: number, after: nil)
        }
        switch (work.kind, lives[number].clients[place].mirror.state) {
        case (.readBack, .reading): compare(place, of: number)
        case (.write, .rewriting):
            lives[number].clients[place].mirror.rewritesUnderWay -= 1
            rewriteOn(place, of: number)
        case (.write(let record), .running):
            acknowledge(record.number, place, of: number)
            if case .logMirror(.zero, _) = lives[number].clients[place].plan.behaviour {
                append(place, of: number)
            }
        default: break
        }
    }

    private mutating func acknowledge(_ record: UInt64, _ place: Int, of number: LifeNumber) {
        let mirror = lives[number].clients[place].mirror
        guard record > mirror.acknowledged else { return }
        lives[number].clients[place].mirror.acknowledgedHere += record - mirror.acknowledged
        lives[number].clients[place].mirror.acknowledged = record
        guard mirror.notedAt.map({ now - $0 >= MirrorModel.noteSpan }) ?? true else { return }
        lives[number].clients[place].mirror.notedAt = now
        noteAcknowledged(place, of: number)
    }

    private mutating func noteAcknowledged(_ place: Int, of number: LifeNumber) {
        let mirror = lives[number].clients[place].mirror
        guard mirror.noted != mirror.acknowledged else { return }
        lives[number].clients[place].mirror.noted = mirror.acknowledged
        note(
            HistoryRecord(.mirrorAcknowledged).with("highest", .number(mirror.acknowledged)), of: place,
            number)
    }

    private mutating func report(_ place: Int, of number: LifeNumber) {
        let client = lives[number].clients[place]
        guard case .logMirror(_, let recordBytes) = client.plan.behaviour else { return }
        note(
            HistoryRecord(.mirrorReport).with("acknowledged", .number(client.mirror.acknowledgedHere))
                .with("highest", .number(client.mirror.acknowledged))
                .with("bytes", .number(client.mirror.acknowledgedHere * recordBytes))
                .with("partnerIncarnation", .incarnation(client.mirror.partner)),
            of: place, number)
    }

    /// Looks the memory over that the partner's log lies in.
    private mutating func checkMemory(_ moment: StaticString, _ place: Int, of number: LifeNumber) {
        let client = lives[number].clients[place]
        var checksum: UInt64 = 0xcbf2_9ce4_8422_2325
        var records: UInt64 = 0
        var highest: UInt64 = 0
        for record in client.shared {
            for part in [record?.number ?? 0, record?.writer.value ?? 0] {
                checksum = (checksum ^ part) &* 0x100_0000_01b3
            }
            guard let record else { continue }
            records += 1
            highest = max(highest, record.number)
        }
        note(
            HistoryRecord(.memoryChecked).with("moment", .text(moment))
                .with("checksum", .hexadecimal(checksum)).with("records", .number(records))
                .with("highest", .number(highest)).with("outOfTurn", .number(0))
                .with("partnerIncarnation", .incarnation(client.mirror.partner)),
            of: place, number)
    }

    /// Compares what the partner holds with the own log, and finds what has to be written again.
    private mutating func compare(_ place: Int, of number: LifeNumber) {
        var mirror = lives[number].clients[place].mirror
        let there = partnersCopy(of: lives[number].clients[place].client, number)
        mirror.found = (0, 0, 0, 0)
        var lowest = UInt64.max
        for record in there {
            guard let record else { continue }
            mirror.found.records += 1
            mirror.found.highest = max(mirror.found.highest, record.number)
            lowest = min(lowest, record.number)
        }
        if mirror.ring.count != mirror.slots { mirror.ring = Array(repeating: nil, count: mirror.slots) }
        if mirror.last == 0 {
            mirror.last = mirror.found.highest
            mirror.acknowledged = mirror.last
            mirror.noted = mirror.last
            if mirror.last > 0, there.count == mirror.slots { mirror.ring = there }
        }
        let kept = UInt64(mirror.slots - MirrorModel.window)
        func oldest(upTo last: UInt64) -> UInt64 { last > kept ? last - kept + 1 : 1 }
        func isThere(_ record: UInt64) -> Bool {
            there.isEmpty ? false : there[Int((record - 1) % UInt64(there.count))]?.number == record
        }
        for record in max(lowest, oldest(upTo: mirror.found.highest))..<max(lowest, mirror.found.highest + 1)
        where !isThere(record) { mirror.found.damaged += 1 }
        mirror.toRewrite = (oldest(upTo: mirror.last)..<(mirror.last + 1)).filter { !isThere($0) }.reversed()
        mirror.found.rewritten = UInt64(mirror.toRewrite.count)
        mirror.rewritesUnderWay = 0
        mirror.state = .rewriting
        lives[number].clients[place].mirror = mirror
        rewriteOn(place, of: number)
    }

    private func partnersCopy(of client: ClientID, _ number: LifeNumber) -> [MirrorRecord?] {
        guard let ports = lives[number].ports.first(where: { $0.table.pair.own == client }),
            let there = current[1 - lives[number].node]
        else { return [] }
        return lives[there].clients.first { $0.client == ports.table.pair.partner }?.shared ?? []
    }

    private mutating func rewriteOn(_ place: Int, of number: LifeNumber) {
        while lives[number].clients[place].mirror.rewritesUnderWay < MirrorModel.window,
            let record = lives[number].clients[place].mirror.toRewrite.popLast()
        {
            let mirror = lives[number].clients[place].mirror
            let known = mirror.ring[Int((record - 1) % UInt64(mirror.slots))]
            lives[number].clients[place].mirror.rewritesUnderWay += 1
            write(
                known ?? MirrorRecord(number: record, writer: lives[number].incarnation), place, of: number)
        }
        let mirror = lives[number].clients[place].mirror
        guard mirror.rewritesUnderWay == 0, mirror.state == .rewriting else { return }
        lives[number].clients[place].mirror.acknowledged = mirror.last
        lives[number].clients[place].mirror.state = .running
        note(
            HistoryRecord(.mirrorRecovered).with("highest", .number(mirror.found.highest))
                .with("records", .number(mirror.found.records)).with("damaged", .number(mirror.found.damaged))
                .with("rewritten", .number(mirror.found.rewritten))
                .with("partnerIncarnation", .incarnation(mirror.partner)),
            of: place, number)
        noteAcknowledged(place, of: number)
        guard case .logMirror(let interval, _) = lives[number].clients[place].plan.behaviour else { return }
        if interval == .zero {
            for _ in 0..<MirrorModel.window { append(place, of: number) }
        } else {
            wake(place, of: number, after: interval)
        }
    }
}
