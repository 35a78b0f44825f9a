import ClusterConnection

// By what two worlds are recognised as the same state.

extension World {
    /// A number for the state: all that decides what can happen next. Time is in it as the order of what waits for it,
    /// and how long that is by powers of four; what merely counts is left out.
    var fingerprint: UInt64 {
        let names = wireNames
        var digest = Digest()
        for node in 0..<2 {
            digest.add(hasPower[node])
            guard let number = current[node] else {
                digest.add(0 as UInt64)
                continue
            }
            fingerprint(of: number, names, into: &digest)
        }
        for cut in cuts { digest.add(UInt64(cut)) }
        // What is under way in different queues has no order among itself.
        var sum: UInt64 = 0
        for place in agenda.entries.indices {
            var entry = Digest()
            fingerprint(happening: place, names, into: &entry)
            sum = sum &+ entry.value
        }
        digest.add(sum)
        return digest.value
    }

    /// The transport connections that still matter, in the order in which they began.
    private var wireNames: [WireNumber] {
        var names: [WireNumber] = []
        for wire in wires.indices where wires[wire].initiator.isOpen || wires[wire].acceptor?.isOpen ?? false
        {
            names.append(wire)
        }
        for entry in agenda.entries {
            guard let wire = entry.what.wire, !names.contains(wire) else { continue }
            names.append(wire)
        }
        return names.sorted()
    }

    private func fingerprint(of number: LifeNumber, _ names: [WireNumber], into digest: inout Digest) {
        let life = lives[number]
        var connections = ConnectionNames()
        for endpoint in life.endpoints {
            connections.add(endpoint.connection, as: UInt64(names.firstIndex(of: endpoint.wire) ?? 99))
        }
        digest.add(life.incarnation.value)
        digest.add(life.isListening)
        digest.add(life.isFrozen)
        digest.add(UInt64(life.backlog.count))
        life.manager.fingerprint(connections, at: now, into: &digest)
        for memory in life.memory {
            for index in memory.mailbox.indices { digest.add(memory.mailbox[index]) }
            digest.add(memory.hasNews)
        }
        for endpoint in life.endpoints {
            digest.add(connections[endpoint.connection])
            digest.add(endpoint.underWay != nil)
            digest.add(UInt64(endpoint.messages))
            let end = wires[endpoint.wire][endpoint.side]
            digest.add(end?.isUp ?? false)
            digest.add(UInt64(end?.arrived ?? 0))
            // A heartbeat is news or it is not.
            if let there = wires[endpoint.wire][endpoint.side.other], there.isOpen,
                case .established(let session) = life.manager.rails[Int(endpoint.connection.rail.index)].link
            {
                digest.add(
                    lives[there.life].manager.rails[Int(endpoint.connection.rail.index)].block.heartbeat
                        > session.heartbeat)
            }
        }
        for request in life.requests { digest.add(UInt64(names.firstIndex(of: request.wire) ?? 99)) }
        for (place, at) in life.timers.armed {
            digest.add(UInt64(place))
            digest.add(Self.magnitude(at - now))
        }
        var seen: UInt64 = 0
        for incarnation in life.everSaw { seen = seen &+ incarnation.value &* 0x9e37_79b9_7f4a_7c15 }
        digest.add(seen)
        for ports in life.ports {
            digest.add(connections[ports.connection])
            digest.add(UInt64(ports.table.pair.own.value))
            digest.add(ports.isConnected)
        }
        for (pair, partner) in life.everConnected {
            digest.add(UInt64(pair.own.value))
            digest.add(partner.value)
        }
        for client in life.clients {
            digest.add(client.isRegistered)
            switch client.standing {
            case .none: digest.add(0 as UInt64)
            case .ready: digest.add(1 as UInt64)
            case .paused: digest.add(2 as UInt64)
            case .lost: digest.add(3 as UInt64)
            }
        }
    }

    private func fingerprint(happening place: Int, _ names: [WireNumber], into digest: inout Digest) {
        let entry = agenda.entries[place]
        let what = entry.what
        digest.add(what.kind)
        if let wire = what.wire {
            digest.add(UInt64(names.firstIndex(of: wire) ?? 99))
            digest.add(lives[wires[wire].initiator.life].incarnation.value)
        }
        if let channel = what.channel {
            // How many of the same queue come before it.
            var before: UInt64 = 0
            for other in agenda.entries where other.what.channel == channel && other.isBefore(entry) {
                before += 1
            }
            digest.add(before)
        } else {
            digest.add(Self.magnitude(entry.at - now))
        }
        switch what {
        case .powerOn(let node, _): digest.add(UInt64(node))
        case .thaw(let life), .strike(let life, _): digest.add(lives[life].incarnation.value)
        case .boot(let life, let moment):
            digest.add(lives[life].incarnation.value)
            digest.add(UInt64(moment.rawValue))
        case .answer(_, let answer):
            switch answer {
            case .accepted: digest.add(1 as UInt64)
            case .refused(let words):
                digest.add(2 as UInt64)
                if let words { for index in words.indices { digest.add(words[index]) } }
            case .failed(let failure): digest.add(3 + UInt64(failure.rawValue))
            }
        case .ended(_, let side), .sent(_, let side): digest.add(UInt64(side.rawValue))
        case .reach(_, let side, let operation), .retry(_, let side, let operation):
            digest.add(UInt64(side.rawValue))
            digest.add(UInt64(operation.operation.rawValue))
        case .reached(let wire, let side, let operation, let outcome, let words):
            digest.add(UInt64(side.rawValue))
            digest.add(UInt64(operation.operation.rawValue))
            digest.add(UInt64(outcome.rawValue))
            if let words, let block = try? StatusBlock(words: words) {
                digest.add(block.incarnation.value)
                digest.add(block.partnerSeen.value)
                digest.add(UInt64(block.phase.rawValue))
                digest.add(UInt64(block.messagesTaken))
                if let end = wires[wire][side],
                    case .established(let session) = lives[end.life].manager.rails[
                        Int(wires[wire].rail.index)
                    ].link
                {
                    digest.add(block.heartbeat > session.heartbeat)
                }
            }
        case .message(_, let side, let letter):
            digest.add(UInt64(side.rawValue))
            digest.add(UInt64(letter.number))
        case .portsMade(let life, _, let orders):
            digest.add(lives[life].incarnation.value)
            digest.add(UInt64(orders.count))
        case .portsConnected(let life, _, let tables):
            digest.add(lives[life].incarnation.value)
            digest.add(UInt64(tables.count))
        case .client(let life, _): digest.add(lives[life].incarnation.value)
        case .portWork(let work), .portWorkEnded(let work, _): digest.add(UInt64(work.number))
        case .vanished(let life), .buried(let life): digest.add(lives[life].incarnation.value)
        case .request, .transportUp, .unresolved: break
        }
    }

    private static func magnitude(_ span: TimeSpan) -> UInt64 {
        UInt64(UInt64.bitWidth - (span.nanoseconds / 1_000).leadingZeroBitCount + 1) / 2
    }
}

extension Happening {
    /// The transport connection that it is of.
    var wire: WireNumber? {
        switch self {
        case .request(let wire), .unresolved(let wire), .answer(let wire, _), .transportUp(let wire),
            .ended(let wire, _),
            .reach(let wire, _, _), .reached(let wire, _, _, _, _),
            .retry(let wire, _, _), .message(let wire, _, _), .sent(let wire, _):
            wire
        case .powerOn, .strike, .thaw, .boot, .vanished, .buried, .portsMade, .portsConnected, .client,
            .portWork, .portWorkEnded:
            nil
        }
    }

    fileprivate var kind: UInt64 {
        switch self {
        case .powerOn: 1
        case .boot: 2
        case .request: 3
        case .answer: 4
        case .transportUp: 5
        case .ended: 6
        case .vanished: 7
        case .reach: 8
        case .reached: 9
        case .retry: 10
        case .message: 11
        case .sent: 12
        case .portsMade: 13
        case .portsConnected: 14
        case .client: 15
        case .portWork: 16
        case .portWorkEnded: 17
        case .thaw: 18
        case .strike: 19
        case .buried: 20
        case .unresolved: 21
        }
    }
}
