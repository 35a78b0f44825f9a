import Testing

@testable import ClusterConnection

// The driver: events in, actions out.

extension TwoPartners {
    func feed(_ event: Event, to life: Life) {
        guard life.endedAt == nil else { return }
        if life.isFrozen { return life.backlog.append(event) }
        // The driver's contract: nothing of a retired connection comes through.
        if let connection = event.connection, life.wires[connection] == nil { return }
        for rail in life.manager.railNumbers where life.manager.watchesMailbox(of: rail) {
            guard hexLines(life[rail].mailbox) != hexLines(life[rail].mailboxSeen) else { continue }
            life[rail].mailboxSeen = life[rail].mailbox
            handle(.mailbox(life[rail].mailbox, rail), by: life)
        }
        guard life.endedAt == nil else { return }
        if case .connected(let connection, _) = event, let wire = life.wires[connection] {
            // To have heard of the acceptance is what makes the transport come up at the other end.
            if let acceptor = wire.acceptor, acceptor.life !== life {
                wire.initiator.isUp = true
                send(to: acceptor, on: connection.rail) { [self] in
                    wire.acceptor?.isUp = true
                    tell(acceptor, .connected(acceptor.connection, nil))
                }
            }
        }
        handle(event, by: life)
    }

    func handle(_ event: Event, by life: Life) {
        for action in life.manager.handle(event, at: now) {
            carryOut(action, by: life)
            if life.endedAt != nil { return }
        }
        check(life, after: event)
    }

    // MARK: Actions out

    func carryOut(_ action: Action, by life: Life) {
        switch action {
        case .connect(let connection, let words): connect(life, connection, words)
        case .accept(let request, let connection, let words): accept(life, request, connection, words)
        case .reject(let request, let words):
            guard let (wire, _) = life.requests.removeValue(forKey: request) else { return }
            send(to: wire.initiator, on: request.rail) { [self] in
                tell(wire.initiator, .refused(wire.initiator.connection, words))
            }
        case .readStatusBlock(let connection, let operation, let key):
            reach(life, connection, operation, key) {
                $0.key(of: connection.rail) == key ? $0[connection.rail].block : nil
            }
        case .writeMailbox(let connection, let operation, let kind, let words, let key):
            reach(life, connection, operation, key) {
                guard $0.key(of: connection.rail) &+ 1 == key else { return nil }
                for index in words.indices {
                    $0[connection.rail].mailbox[kind.offset / 8 + index] = words[index]
                }
                return InlineArray(repeating: 0)
            }
        case .retire(let connection):
            guard let wire = life.wires.removeValue(forKey: connection) else {
                Issue.record("\(name): \(connection) retired twice, or never begun\n\(tail)")
                return
            }
            sendEnd(of: wire, from: life)
        case .publish(let words, let rail):
            life[rail].block = words
            life.everSaw.insert(life.manager[rail].block.partnerSeen)
        case .clearMailbox(let rail):
            life[rail].mailbox = InlineArray(repeating: 0)
            life[rail].mailboxSeen = life[rail].mailbox
        case .setTimer(let timer, let at, let rail): arm(TimerKey(name: timer, rail: rail), at, of: life)
        case .cancelTimer(let timer, let rail): life.timers[TimerKey(name: timer, rail: rail)] = nil
        case .send(let connection, let bytes): carry(bytes, of: connection, from: life)
        case .makePorts(let connection, let orders): makePorts(connection, orders, of: life)
        case .connectPorts(let connection, let tables): connectPorts(connection, tables, of: life)
        case .destroyPorts(_, let pairs):
            for pair in pairs { life.ports[pair] = nil }
            life.ordered.subtract(pairs)
        case .notify(let client, let notice):
            check(notice, to: client, of: life)
            life.notices[client, default: []].append(notice)
        case .record(let record): note(record, by: life)
        case .finished:
            end(life)
        }
    }

    func arm(_ timer: TimerKey, _ at: Instant, of life: Life) {
        life.armings += 1
        let arming = life.armings
        life.timers[timer] = (at, arming)
        time.arrange(after: at - now) { [self] in
            if !life.isFrozen { fire(timer, arming, of: life) }
        }
    }

    func fire(_ timer: TimerKey, _ arming: UInt64, of life: Life) {
        guard life.endedAt == nil, life.timers[timer]?.arming == arming else { return }
        life.timers[timer] = nil
        feed(.timer(timer.name, timer.rail), to: life)
    }

    func end(_ life: Life) {
        noteFault()
        life.endedAt = now
        lives[life.node] = nil
    }

    func noteFault() { lastFault = now }

    func note(_ record: HistoryRecord, by life: Life) {
        history.append(Line(at: now, node: life.node, incarnation: life.incarnation, record: record))
        if record.event == .established, let rail = record.rail { checkEstablishment(by: life, on: rail) }
        if record.event == .verdict { checkVerdict(record, by: life) }
        if let (node, event) = killAfter, node == life.node, event == record.event {
            killAfter = nil
            kill(node)
        }
    }
}

extension Event {
    /// The connection that the event is of.
    fileprivate var connection: ConnectionID? {
        switch self {
        case .connected(let connection, _), .refused(let connection, _), .connectFailed(let connection, _),
            .disconnected(let connection), .completed(let connection, _, _, _), .received(let connection, _),
            .overlong(let connection),
            .sent(let connection, _), .portsMade(let connection, _), .portsConnected(let connection, _),
            .portsFailed(let connection, _):
            connection
        case .accessRefused(_, let connection, _): connection
        case .listening, .railLost, .bootPhase, .timer, .request, .mailbox, .register, .withdraw, .stop:
            nil
        }
    }
}
