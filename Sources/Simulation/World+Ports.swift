import ClusterConnection

// Ports: made and connected by the driver, which takes time, and the clients' work on them.

extension World {
    mutating func portsMade(_ connection: ConnectionID, _ orders: [PortOrder], of number: LifeNumber) {
        guard lives[number].endedAt == nil, lives[number].endpoints.place(of: connection) != nil else {
            return
        }
        // A driver that stands still makes none; it goes on when it wakes.
        guard !lives[number].isFrozen else {
            return agenda.add(.portsMade(number, connection, orders), at: now + fabric.tryInterval)
        }
        var tables: [PortTable] = []
        for order in orders {
            guard !lives[number].cannotMakePorts.contains(order.pair.own) else {
                feed(.portsFailed(connection, order.pair), to: number)
                continue
            }
            portsComing(order, of: number)
            lives[number].regions += 1
            let key = Life.key(of: .first, lives[number].incarnation) &+ lives[number].regions << 16
            let entries = (0..<order.ports).map {
                PortTable.Entry(queuePair: 100 + $0, firstPacket: (key &+ $0) & 0xff_ffff)
            }
            let table = PortTable(
                pair: order.pair, ports: entries, memoryAddress: 0x7000, memoryByteCount: order.memory,
                memoryKey: key)
            lives[number].ports.append(Life.Ports(connection: connection, table: table))
            tables.append(table)
        }
        feed(.portsMade(connection, tables), to: number)
    }

    mutating func portsConnected(_ connection: ConnectionID, _ tables: [PortTable], of number: LifeNumber) {
        guard lives[number].endedAt == nil, lives[number].endpoints.place(of: connection) != nil else {
            return
        }
        guard !lives[number].isFrozen else {
            return agenda.add(.portsConnected(number, connection, tables), at: now + fabric.tryInterval)
        }
        var pairs: [ClientPair] = []
        for table in tables {
            guard
                let place = lives[number].ports.firstIndex(where: {
                    $0.table.pair == table.pair && $0.connection == connection
                })
            else { continue }
            lives[number].ports[place].partnerTable = table
            pairs.append(table.pair)
            if let partner = partner(of: number, on: connection) {
                lives[number].everConnected.append((table.pair, lives[partner].incarnation))
            }
        }
        feed(.portsConnected(connection, pairs), to: number)
    }

    /// The life at the other end of a connection; nil when there is none.
    func partner(of number: LifeNumber, on connection: ConnectionID) -> LifeNumber? {
        guard let place = lives[number].endpoints.place(of: connection) else { return nil }
        let endpoint = lives[number].endpoints[place]
        return wires[endpoint.wire][endpoint.side.other]?.life
    }

    mutating func destroyPorts(_ pairs: [ClientPair], of connection: ConnectionID, by number: LifeNumber) {
        lives[number].ports.removeAll { $0.connection == connection && pairs.contains($0.table.pair) }
    }

    // MARK: Work

    /// Posts work at a client's ports.
    ///
    /// - Returns: whether there were ports to post it at.
    @discardableResult
    mutating func post(_ kind: PortWork.Kind, for client: ClientID, of number: LifeNumber) -> Bool {
        guard let place = lives[number].ports.firstIndex(where: { $0.table.pair.own == client }),
            let partnerTable = lives[number].ports[place].partnerTable, !lives[number].ports[place].hasFailed,
            !lives[number].ports[place].table.ports.isEmpty
        else { return false }
        lives[number].ports[place].posted += 1
        let ports = lives[number].ports[place]
        let work = PortWork(
            life: number, rail: ports.connection.rail, pair: ports.table.pair, ownKey: ports.table.memoryKey,
            partnerKey: partnerTable.memoryKey, number: ports.posted, kind: kind, posted: now)
        let instant = max(
            now + .nanoseconds(.random(in: fabric.latency, using: &random)),
            ports.lastArrival + .nanoseconds(1))
        lives[number].ports[place].lastArrival = instant
        agenda.add(.portWork(work), at: instant)
        return true
    }

    mutating func arrive(_ work: PortWork) {
        let node = lives[work.life].node
        guard cuts[Int(work.rail.index)] == 0, hasPower[1 - node], let (there, place) = counterpart(of: work),
            lives[there].ports[place].arrived + 1 >= work.number, !isWaitedFor(work, at: there)
        else { return tryAgain(work) }
        // What is under way arrives, whatever became of its sender meanwhile.
        if lives[there].ports[place].arrived + 1 == work.number {
            lives[there].ports[place].arrived += 1
            touch(work, at: there)
        }
        agenda.add(
            .portWorkEnded(work, .success),
            at: now + .nanoseconds(.random(in: fabric.latency, using: &random)))
    }

    /// A process that stands still takes no message, and the transport waits for it.
    private func isWaitedFor(_ work: PortWork, at there: LifeNumber) -> Bool {
        switch work.kind {
        case .request, .reply: lives[there].isFrozen
        case .write, .readBack: false
        }
    }

    /// It is sent again by its sender, if that is still there, until the transport's patience is over.
    private mutating func tryAgain(_ work: PortWork) {
        guard ports(of: work) != nil else { return }
        guard now - work.posted >= fabric.patience else {
            return agenda.add(.portWork(work), at: now + fabric.tryInterval)
        }
        ended(work, .retryExceeded)
    }

    /// The ports that the work was posted at, if they are still there.
    private func ports(of work: PortWork) -> Life.Ports? {
        guard lives[work.life].endedAt == nil else { return nil }
        return lives[work.life].ports.first { $0.table.memoryKey == work.ownKey }
    }

    /// Where the work goes to: ports that are connected with those that it was posted at.
    private func counterpart(of work: PortWork) -> (LifeNumber, Int)? {
        guard let there = current[1 - lives[work.life].node],
            let place = lives[there].ports.firstIndex(where: {
                $0.table.memoryKey == work.partnerKey && $0.partnerTable?.memoryKey == work.ownKey
            })
        else { return nil }
        return (there, place)
    }

    private mutating func touch(_ work: PortWork, at there: LifeNumber) {
        guard let place = lives[there].clients.firstIndex(where: { $0.client == work.pair.partner }) else {
            return
        }
        switch work.kind {
        case .write(let record):
            let slots = lives[there].clients[place].shared.count
            guard slots > 0 else { return }
            lives[there].clients[place].shared[Int((record.number - 1) % UInt64(slots))] = record
        case .readBack: break
        case .request(let number, let asked):
            post(.reply(number: number, asked: asked), for: work.pair.partner, of: there)
        case .reply(let number, let asked):
            answered(number, asked, place, of: there)
        }
    }

    mutating func ended(_ work: PortWork, _ outcome: Outcome) {
        guard ports(of: work) != nil else { return }
        guard !lives[work.life].isFrozen else {
            return agenda.add(.portWorkEnded(work, outcome), at: now + fabric.tryInterval)
        }
        if outcome != .success,
            let place = lives[work.life].ports.firstIndex(where: { $0.table.memoryKey == work.ownKey })
        {
            lives[work.life].ports[place].hasFailed = true
        }
        guard let place = lives[work.life].clients.firstIndex(where: { $0.client == work.pair.own }) else {
            return
        }
        completed(work, outcome, place, of: work.life)
    }
}
