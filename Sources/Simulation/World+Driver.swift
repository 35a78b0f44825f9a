import ClusterConnection

// The driver of a connection manager: events in, actions out.

extension World {
    /// Hands an event to a life's manager and carries out what it asks for.
    mutating func feed(_ event: Event, to number: LifeNumber) {
        guard lives[number].endedAt == nil else { return }
        if lives[number].isFrozen { return lives[number].backlog.append(event) }
        // The contract: nothing of a retired connection comes through.
        if let connection = event.connection, lives[number].endpoints.place(of: connection) == nil { return }
        lookIntoMailboxes(of: number)
        guard lives[number].endedAt == nil else { return }
        // What it saw there may have been its failpoint.
        if lives[number].isFrozen { return lives[number].backlog.append(event) }
        if let connection = event.connection, lives[number].endpoints.place(of: connection) == nil { return }
        if case .connected(let connection, _) = event { transportIsUp(connection, of: number) }
        handle(event, by: number)
        // What failed on the spot is told before anything else.
        while !eventsToCome.isEmpty {
            let failure = eventsToCome.removeFirst()
            if lives[number].isFrozen {
                lives[number].backlog.append(failure)
            } else if lives[number].endedAt == nil {
                handle(failure, by: number)
            }
        }
    }

    private mutating func lookIntoMailboxes(of number: LifeNumber) {
        for index in lives[number].memory.indices where lives[number].memory[index].hasNews {
            let rail = RailID(index: UInt8(index))
            guard lives[number].manager.watchesMailbox(of: rail) else { continue }
            lives[number].memory[index].hasNews = false
            handle(.mailbox(lives[number].memory[index].mailbox, rail), by: number)
            guard lives[number].endedAt == nil, !lives[number].isFrozen else { return }
        }
    }

    private mutating func handle(_ event: Event, by number: LifeNumber) {
        events += 1
        let before = (lives[number].manager.counters.tornReads, lives[number].manager.counters.staleEvents)
        var actions: [Action] = []
        swap(&actions, &self.actions)
        actions.removeAll(keepingCapacity: true)
        if let tamper {
            var changed = event
            if tamper.before(&changed, &lives[number].manager, at: now) {
                lives[number].manager.handle(changed, at: now, into: &actions)
            }
            tamper.after(changed, &lives[number].manager, &actions, at: now)
        } else {
            lives[number].manager.handle(event, at: now, into: &actions)
        }
        steps?.append(Step(at: now, life: number, event: event, actions: actions))
        if let failpoint = lives[number].failpoint, let place = place(of: failpoint.after, in: actions) {
            lives[number].failpoint = nil
            reach(failpoint, at: place, in: actions, by: number)
            guard lives[number].endedAt == nil else {
                self.actions = actions
                return
            }
            if lives[number].isFrozen { holdBack(&actions, by: number) }
        }
        for index in actions.indices {
            carryOut(&actions[index], by: number)
            if lives[number].endedAt != nil { break }
        }
        self.actions = actions
        guard lives[number].endedAt == nil else { return }
        check(number, after: event)
        checkAnswer(to: event, before, by: number)
    }

    /// Keeps what a process that froze itself will do when it goes on. What it noted before, it noted.
    private mutating func holdBack(_ actions: inout [Action], by number: LifeNumber) {
        for action in actions {
            if case .record(let record) = action {
                note(record, by: number)
            } else {
                lives[number].heldActions.append(action)
            }
        }
        actions.removeAll(keepingCapacity: true)
    }

    private func place(of moment: Failpoint.Moment, in actions: [Action]) -> Int? {
        actions.firstIndex {
            if case .record(let record) = $0 { record.event == moment.event } else { false }
        }
    }

    /// The laboratory's failpoint. When it strikes without a delay, nothing of what was to follow the moment happens, or
    /// not until the process is thawed.
    private mutating func reach(
        _ failpoint: Failpoint, at place: Int, in actions: [Action], by number: LifeNumber
    ) {
        let isAtOnce = failpoint.delay == .zero
        if isAtOnce, failpoint.act == .kill {
            for case .record(let record) in actions[...place] { note(record, by: number) }
        }
        note(
            HistoryRecord(.failpointReached).with("act", .text(failpoint.act.name))
                .with("after", .text(failpoint.after.name)).with(
                    "dueNs", .number((now + failpoint.delay).nanoseconds)), by: number)
        guard !isAtOnce else { return strike(number, failpoint.act) }
        agenda.add(.strike(number, failpoint.act), at: now + failpoint.delay)
    }

    mutating func strike(_ number: LifeNumber, _ act: Failpoint.Act) {
        guard lives[number].endedAt == nil else { return }
        switch act {
        case .kill:
            kill(lives[number].node)
            lives[number].ending = .failpoint
        case .freeze: freeze(lives[number].node)
        }
    }

    // MARK: Actions out

    /// Takes the action as it lies there: to hand it over would be to copy it, and it is large.
    mutating func carryOut(_ action: inout Action, by number: LifeNumber) {
        switch action {
        case .connect(let connection, let words): connect(number, connection, words)
        case .accept(let request, let connection, let words): accept(number, request, connection, words)
        case .reject(let request, let words):
            guard let place = lives[number].requests.firstIndex(where: { $0.request == request }) else {
                return violate(.driverCanObey, lives[number].node, "a request is refused that is not there")
            }
            answer(lives[number].requests.remove(at: place).wire, .refused(words))
        case .readStatusBlock(let connection, let operation, let key):
            post(
                Happening.OneSided(operation: operation, key: key, posted: now, number: 0), on: connection,
                of: number)
        case .writeMailbox(let connection, let operation, let kind, let words, let key):
            post(
                Happening.OneSided(
                    operation: operation, key: key, slot: words, slotOffset: kind.offset / 8, posted: now,
                    number: 0),
                on: connection, of: number)
        case .retire(let connection):
            lives[number].lostSince = lives[number].endpoints.place(of: connection).flatMap {
                lives[number].endpoints[$0].isProven ? lives[number].endpoints[$0].since : nil
            }
            retire(connection, of: number)
        case .publish(let words, let rail):
            let place = Int(rail.index)
            lives[number].memory[place].blockBefore = lives[number].memory[place].block
            lives[number].memory[place].block = words
            lives[number].memory[place].storedAt = now
            let seen = lives[number].manager.rails[Int(rail.index)].block.partnerSeen
            if !lives[number].everSaw.contains(seen) { lives[number].everSaw.append(seen) }
        case .clearMailbox(let rail):
            lives[number].memory[Int(rail.index)].mailbox = InlineArray(repeating: 0)
            lives[number].memory[Int(rail.index)].hasNews = false
            lives[number].memory[Int(rail.index)].confirmedOn = nil
        case .setTimer(let timer, let instant, let rail):
            lives[number].timers.set(timer, of: rail, instant)
            if timer == .backoff { checkPause(instant - now, by: number) }
        case .cancelTimer(let timer, let rail): lives[number].timers.cancel(timer, of: rail)
        case .send(let connection, let bytes): send(bytes, on: connection, of: number)
        case .makePorts(let connection, let orders):
            agenda.add(
                .portsMade(number, connection, orders), at: now + fabric.portLatency * UInt64(orders.count))
        case .connectPorts(let connection, let tables):
            agenda.add(.portsConnected(number, connection, tables), at: now + fabric.portLatency)
        case .destroyPorts(let connection, let pairs):
            destroyPorts(pairs, of: connection, by: number)
        case .notify(let client, let notice): notify(client, notice, of: number)
        case .record(let record): note(record, by: number)
        case .finished: end(number, .stopped)
        }
    }

    mutating func note(_ record: HistoryRecord, by number: LifeNumber) {
        lines.add(now.nanoseconds)
        lines.add(UInt64(lives[number].node))
        lines.add(record.event.rawValue)
        lines.add(UInt64(record.count))
        if keepsHistory {
            history.append(
                Line(
                    at: now, node: lives[number].node, incarnation: lives[number].incarnation, record: record)
            )
        }
        if record.event == .established, let rail = record.rail { checkEstablishment(by: number, on: rail) }
        if record.event == .verdict { checkVerdict(by: number) }
    }
}

extension Event {
    /// The connection that the event is of.
    fileprivate var connection: ConnectionID? {
        switch self {
        case .connected(let connection, _), .refused(let connection, _), .connectFailed(let connection, _),
            .disconnected(let connection), .completed(let connection, _, _, _),
            .received(let connection, _), .overlong(let connection), .sent(let connection, _),
            .portsMade(let connection, _), .portsConnected(let connection, _),
            .portsFailed(let connection, _):
            connection
        case .accessRefused(_, let connection, _): connection
        case .listening, .railLost, .bootPhase, .timer, .request, .mailbox, .register, .withdraw, .stop:
            nil
        }
    }
}
