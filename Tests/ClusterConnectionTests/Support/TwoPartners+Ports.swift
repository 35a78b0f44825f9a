import Testing

@testable import ClusterConnection

// What follows the establishment: messages in their order, and ports that take time to be made.

extension TwoPartners {
    /// A message: delivered in order, tried again while nothing answers, into a receive that must be there.
    func carry(_ bytes: [UInt8], of connection: ConnectionID, from life: Life) {
        guard let wire = life.wires[connection] else {
            Issue.record("\(name): a message on a connection that is gone\n\(tail)")
            return
        }
        let here = End(life: life, connection: connection)
        let side = life === wire.initiator.life ? 1 : 0
        let travel = TimeSpan.nanoseconds(.random(in: latency, using: &random))
        let arrival = max(now + travel, wire.lastArrival[side] + .nanoseconds(1))
        wire.lastArrival[side] = arrival
        deliver(bytes, on: wire, to: side, from: here, at: arrival, posted: now)
    }

    private func deliver(
        _ bytes: [UInt8], on wire: Wire, to side: Int, from here: End, at arrival: Instant, posted: Instant
    ) {
        time.arrange(after: arrival - now) { [self] in
            guard here.exists else { return }
            guard !cutRails.contains(here.connection.rail), let there = wire.other(than: here.life),
                there.exists,
                hasPower[there.life.node]
            else {
                if now - posted >= retryTime { return tell(here, .sent(here.connection, .retryExceeded)) }
                // Whatever came behind it has to wait as well; the sender resends from here on.
                return deliver(
                    bytes, on: wire, to: side, from: here, at: now + .milliseconds(15), posted: posted)
            }
            wire.arrived[side] += 1
            let exchange = there.life.manager.exchange
            let taken = exchange.connection == there.connection ? exchange.received : 0
            if there.life.manager[there.connection.rail].isEstablished,
                wire.arrived[side] - taken > Exchange.window
            {
                Issue.record("\(name): a message without a receive for it\n\(tail)")
            }
            tell(there, .received(there.connection, bytes))
            send(to: here, on: here.connection.rail) { [self] in tell(here, .sent(here.connection, .success))
            }
        }
    }

    func makePorts(_ connection: ConnectionID, _ orders: [PortOrder], of life: Life) {
        life.ordered.formUnion(orders.map(\.pair))
        time.arrange(after: life.portLatency * UInt64(orders.count)) { [self] in
            guard life.endedAt == nil, life.wires[connection] != nil else { return }
            var tables: [PortTable] = []
            // Not those that were taken back meanwhile.
            for order in orders where life.ordered.remove(order.pair) != nil {
                guard !life.cannotMakePorts.contains(order.pair.own) else {
                    feed(.portsFailed(connection, order.pair), to: life)
                    continue
                }
                let entries = (0..<order.ports).map {
                    PortTable.Entry(queuePair: 100 + $0, firstPacket: 7 + $0)
                }
                let table = PortTable(
                    pair: order.pair, ports: entries, memoryAddress: 0x7000, memoryByteCount: order.memory,
                    memoryKey: life.key)
                life.ports[order.pair] = PortsOfPair(connection: connection, table: table)
                tables.append(table)
            }
            feed(.portsMade(connection, tables), to: life)
        }
    }

    func connectPorts(_ connection: ConnectionID, _ tables: [PortTable], of life: Life) {
        time.arrange(after: life.portLatency) { [self] in
            guard life.endedAt == nil, life.wires[connection] != nil else { return }
            var pairs = tables.map(\.pair).filter { life.ports[$0] != nil }
            for pair in pairs where life.cannotConnectPorts.contains(pair.own) {
                feed(.portsFailed(connection, pair), to: life)
            }
            pairs.removeAll { life.cannotConnectPorts.contains($0.own) }
            for pair in pairs {
                life.ports[pair]?.isConnected = true
                life.everConnected.insert(pair)
            }
            feed(.portsConnected(connection, pairs), to: life)
        }
    }

    func register(
        _ name: String, at node: Int, role: ClientRole = .symmetric, ports: UInt32 = 2, memory: UInt64 = 4_096
    ) -> ClientID {
        let client = ClientID(value: UInt16(100 * (node + 1) + (lives[node]?.clients ?? 0)))
        guard let life = lives[node], let name = Name(name) else { return client }
        life.clients += 1
        feed(
            .register(client, ClientInformation(name: name, role: role, ports: ports, memory: memory)),
            to: life)
        return client
    }

    /// Whether so many clients have been told ready on both sides, and not lost since.
    func areReady(clients: Int) -> Bool {
        lives.allSatisfy { life in
            clients
                == life?.manager.exchange.registrations.count {
                    if case .ready = $0.ports { true } else { false }
                }
        }
    }

    func notices(_ client: ClientID, at node: Int) -> [ClientNotice] { lives[node]?.notices[client] ?? [] }

    /// Ready, loss and nothing else, in their order, as short words.
    func standing(_ client: ClientID, at node: Int) -> [String] {
        notices(client, at: node).compactMap { notice in
            switch notice {
            case .noCounterpart: "none"
            case .refused(let limit, _, _): "refused \(limit.name)"
            case .portsFailed: "failed"
            case .ready(_, let ports, let memory): "ready \(ports) \(memory)"
            case .paused: "paused"
            case .resumed(_, let ports, let memory): "resumed \(ports) \(memory)"
            case .lost(_, let loss): "lost \(loss.reason.name) \(loss.verdict?.name ?? "none")"
            case .verdict, .partnerPhase, .partnerStalled: nil
            }
        }
    }

    /// No client is told ready before both sides' ports can receive; each ready is followed by at most one loss,
    /// told when nothing of the partner's reaches memory any more.
    func check(_ notice: ClientNotice, to client: ClientID, of life: Life) {
        let told = life.notices[client] ?? []
        let isReady = told.last { $0.endsReady || $0.bringsPorts }.map(\.bringsPorts) ?? false
        let isPaused = told.last { $0.endsReady || $0.bringsPorts }.map { $0.isPause } ?? false
        let own = life.ports.first { $0.key.own == client }
        switch notice {
        case .ready(let incarnation, _, _), .resumed(let incarnation, _, _):
            guard !isReady, notice.isResumption == isPaused, let own, own.value.isConnected,
                let wire = life.wires[own.value.connection], let partner = wire.other(than: life)?.life,
                partner.incarnation == incarnation,
                partner.endedAt != nil
                    || partner.everConnected.contains(
                        ClientPair(own: own.key.partner, partner: own.key.own))
            else {
                Issue.record("\(name): told ready too early\n\(tail)")
                return
            }
            if isPaused, life.readyWith[client] != own.key.partner {
                Issue.record("\(name): resumed with another client than it was ready with\n\(tail)")
            }
            life.readyWith[client] = own.key.partner
        case .paused, .lost:
            if !isReady, !isPaused || notice.isPause {
                Issue.record("\(name): lost without a ready\n\(tail)")
            }
            if own != nil { Issue.record("\(name): told of a loss while its ports exist\n\(tail)") }
        default: break
        }
    }
}

extension ClientNotice {
    var isPause: Bool { if case .paused = self { true } else { false } }
    var isResumption: Bool { if case .resumed = self { true } else { false } }
    /// Whether there are no ports from now on.
    var endsReady: Bool { if case .lost = self { true } else { isPause } }
}
