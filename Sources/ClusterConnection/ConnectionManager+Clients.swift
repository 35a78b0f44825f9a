// The clients of this side: who registers, who has a counterpart, whose ports can receive, who is told what.

extension ConnectionManager {
    /// A client asks for ports and memory (claim C23).
    mutating func register(
        _ client: ClientID, _ information: ClientInformation, into actions: inout [Action]
    ) {
        if let (limit, requested, allowed) = exceeded(by: information) {
            actions.append(
                .record(
                    clientRecord(.clientRefused, client, information.name).with("limit", .text(limit.name))
                        .with("requested", .number(requested)).with("allowed", .number(allowed))))
            actions.append(.notify(client, .refused(limit, requested: requested, allowed: allowed)))
            return
        }
        exchange.registrations.append(Exchange.Registration(client: client, information: information))
        actions.append(
            .record(
                clientRecord(.clientRegistered, client, information.name)
                    .with("role", .text(information.role.name))
                    .with("ports", .number(UInt64(information.ports)))
                    .with("memory", .number(information.memory))))
        tellStanding(to: client, into: &actions)
        setChanged(into: &actions)
    }

    /// What is held of the partner by now: changes alone would leave one that comes late without any of it.
    private func tellStanding(to client: ClientID, into actions: inout [Action]) {
        if verdict != nil { actions.append(.notify(client, .verdict(verdict, partnerIncarnation))) }
        guard let partnerPhase else { return }
        actions.append(.notify(client, .partnerPhase(partnerPhase, partnerIncarnation)))
        if stallIsReported, verdict == .alive {
            actions.append(.notify(client, .partnerStalled(partnerPhase, partnerIncarnation)))
        }
    }

    /// A client wants nothing any more.
    mutating func withdraw(_ client: ClientID, into actions: inout [Action]) {
        guard let index = exchange.registrations.firstIndex(where: { $0.client == client }) else { return }
        takePorts(from: index, .withdrew, into: &actions)
        tellOwedLoss(index, .withdrew, into: &actions)
        let registration = exchange.registrations.remove(at: index)
        actions.append(
            .record(clientRecord(.clientWithdrawn, client, registration.information.name)))
        setChanged(into: &actions)
    }

    private mutating func setChanged(into actions: inout [Action]) {
        exchange.setNumber &+= 1
        guard exchange.standing == .open else { return }
        // A partner of version 1 takes one set in a connection's life; it learns of changes on the next.
        if exchange.version >= 2 { exchange.owesSet = true }
        match(into: &actions)
        saySomething(into: &actions)
    }

    private func exceeded(by wish: ClientInformation) -> (ClientLimit, UInt64, UInt64)? {
        let limits = settings.clientLimits
        var ports = UInt64(wish.ports)
        var memory = wish.memory
        for other in exchange.registrations {
            if other.information.name == wish.name { return (.name, 2, 1) }
            ports += UInt64(other.information.ports)
            memory =
                memory.addingReportingOverflow(other.information.memory).overflow
                ? .max
                : memory + other.information.memory
        }
        let clients = UInt64(exchange.registrations.count + 1)
        if clients > UInt64(limits.clients) { return (.clients, clients, UInt64(limits.clients)) }
        if wish.ports > limits.portsOfOne {
            return (.portsOfOne, UInt64(wish.ports), UInt64(limits.portsOfOne))
        }
        if ports > UInt64(limits.ports) { return (.ports, ports, UInt64(limits.ports)) }
        if memory > limits.memory { return (.memory, memory, limits.memory) }
        return nil
    }

    private func clientRecord(_ event: EventName, _ client: ClientID, _ name: Name) -> HistoryRecord {
        HistoryRecord(event).with("client", name).with("clientNumber", .number(UInt64(client.value)))
    }
}

// MARK: - Counterparts

extension ConnectionManager {
    mutating func take(
        _ set: ClientSet, at now: Instant, into actions: inout [Action]
    ) throws(WireError) {
        let known = exchange.partnerSet
        if let known {
            guard exchange.version >= 2, set.number > known.number else { throw .outOfOrder }
        }
        exchange.partnerSet = set
        actions.append(
            .record(
                HistoryRecord(.clientInformation).with("clients", .number(UInt64(set.entries.count)))
                    .with("ports", .number(set.entries.reduce(0) { $0 &+ UInt64($1.information.ports) }))
                    .with("memory", .number(set.entries.reduce(0) { $0 &+ $1.information.memory }))
                    .with("number", .number(UInt64(set.number)))))
        for index in exchange.registrations.indices {
            // Another client of that name is no reason to go on where the one before it stood.
            if let counterpart = exchange.registrations[index].counterpart,
                !set.entries.contains(counterpart)
            {
                tellOwedLoss(index, .counterpartWithdrew, into: &actions)
            }
            guard let pair = exchange.registrations[index].ports.pair else { continue }
            // With other wishes it is another client, whatever its number: the ports are those that were agreed.
            let entry = known?.entries.first { $0.client == pair.partner }
            let stays = set.entries.contains { $0 == entry }
            if !stays { takePorts(from: index, .counterpartWithdrew, into: &actions) }
        }
        match(into: &actions)
    }

    /// Finds counterparts for the clients that have none, and has their ports made: all of them at once.
    private mutating func match(into actions: inout [Action]) {
        guard let set = exchange.partnerSet else { return }
        var orders: [PortOrder] = []
        for index in exchange.registrations.indices {
            guard case .none = exchange.registrations[index].ports else { continue }
            let registration = exchange.registrations[index]
            // A partner of version 1 was told of its clients once, and makes no ports for one that it does not know.
            let willBeKnown = registration.isSaid || exchange.owesSet || exchange.version >= 2
            let entry =
                !willBeKnown
                ? nil
                : set.entries.first {
                    $0.information.name == registration.information.name
                        && $0.information.role == registration.information.role.counterpart
                }
            guard let entry else {
                tellOfNone(index, into: &actions)
                continue
            }
            let agreed = registration.information.agreed(with: entry.information)
            let pair = ClientPair(own: registration.client, partner: entry.client)
            exchange.registrations[index].ports = .making(pair)
            orders.append(PortOrder(pair: pair, ports: agreed.ports, memory: agreed.memory))
            actions.append(
                .record(
                    clientRecord(.clientMatched, registration.client, registration.information.name)
                        .with("partnerClient", .number(UInt64(entry.client.value)))
                        .with("ports", .number(UInt64(agreed.ports)))
                        .with("memory", .number(agreed.memory))))
        }
        if !orders.isEmpty { actions.append(.makePorts(exchange.connection, orders)) }
    }

    private mutating func tellOfNone(_ index: Int, into actions: inout [Action]) {
        guard !exchange.registrations[index].wasToldOfNone else { return }
        exchange.registrations[index].wasToldOfNone = true
        tellOwedLoss(index, .counterpartWithdrew, into: &actions)
        let registration = exchange.registrations[index]
        actions.append(
            .record(
                clientRecord(.clientWaits, registration.client, registration.information.name)
                    .with("reason", .text("noCounterpart"))))
        actions.append(.notify(registration.client, .noCounterpart(exchange.partner)))
    }
}

// MARK: - Ports

extension ConnectionManager {
    /// The driver made ports.
    mutating func portsMade(
        _ connection: ConnectionID, _ tables: [PortTable], into actions: inout [Action]
    ) {
        guard connection == exchange.connection, exchange.standing == .open else {
            counters.staleEvents += 1
            return
        }
        for table in tables {
            guard let index = exchange.index(of: table.pair),
                case .making = exchange.registrations[index].ports
            else { continue }
            exchange.registrations[index].ports = .made(table)
            let registration = exchange.registrations[index]
            actions.append(
                .record(
                    clientRecord(.portsMade, registration.client, registration.information.name)
                        .with("ports", .number(UInt64(table.ports.count)))
                        .with("memory", .number(table.memoryByteCount))))
        }
        saySomething(into: &actions)
        connectPorts(into: &actions)
    }

    /// The driver could not make or connect a client's ports: this client goes without, and the partner's
    /// counterpart is told by a table without ports.
    mutating func portsFailed(
        _ connection: ConnectionID, _ pair: ClientPair, into actions: inout [Action]
    ) {
        guard connection == exchange.connection, exchange.standing == .open,
            let index = exchange.index(of: pair), exchange.registrations[index].ports.areUnderWay
        else {
            counters.staleEvents += 1
            return
        }
        let registration = exchange.registrations[index]
        actions.append(.destroyPorts(connection, [pair]))
        exchange.registrations[index].ports = .failed
        exchange.registrations[index].isAnnounced = false
        exchange.failedPairs.append(pair)
        actions.append(
            .record(clientRecord(.portsFailed, registration.client, registration.information.name)))
        tellOwedLoss(index, .connection, into: &actions)
        actions.append(.notify(registration.client, .portsFailed(exchange.partner)))
        saySomething(into: &actions)
    }

    mutating func take(_ tables: PortTables, into actions: inout [Action]) throws(WireError) {
        for table in tables.tables {
            // A pair that this side has given up meanwhile.
            guard let index = exchange.index(of: table.pair) else { continue }
            let registration = exchange.registrations[index]
            guard let set = exchange.partnerSet,
                let entry = set.entries.first(where: { $0.client == table.pair.partner })
            else { throw .outOfOrder }
            let agreed = registration.information.agreed(with: entry.information)
            // Also after a table that had some: they were made, and could not be connected.
            if table.ports.isEmpty, agreed.ports > 0 {
                takePorts(from: index, .counterpartWithdrew, into: &actions)
                exchange.registrations[index].ports = .failed
                tellOfNone(index, into: &actions)
                continue
            }
            guard registration.partnerTable == nil else { throw .outOfOrder }
            guard table.ports.count == Int(agreed.ports), table.memoryByteCount == agreed.memory else {
                throw .badField
            }
            exchange.registrations[index].partnerTable = table
        }
        connectPorts(into: &actions)
    }

    private mutating func connectPorts(into actions: inout [Action]) {
        var tables: [PortTable] = []
        for index in exchange.registrations.indices {
            guard case .made(let own) = exchange.registrations[index].ports,
                let table = exchange.registrations[index].partnerTable
            else { continue }
            exchange.registrations[index].ports = .connecting(own)
            tables.append(table)
        }
        if !tables.isEmpty { actions.append(.connectPorts(exchange.connection, tables)) }
    }

    /// The driver connected ports: they can receive.
    mutating func portsConnected(
        _ connection: ConnectionID, _ pairs: [ClientPair], into actions: inout [Action]
    ) {
        guard connection == exchange.connection, exchange.standing == .open else {
            counters.staleEvents += 1
            return
        }
        for pair in pairs {
            guard let index = exchange.index(of: pair),
                case .connecting(let table) = exchange.registrations[index].ports
            else { continue }
            exchange.registrations[index].ports = .connected(table)
            exchange.owesReady = true
        }
        saySomething(into: &actions)
    }

    /// Takes a client's ports away, then tells it, when it had been told ready.
    private mutating func takePorts(
        from index: Int, _ reason: ClientNotice.Reason, into actions: inout [Action]
    ) {
        let registration = exchange.registrations[index]
        guard let pair = registration.ports.pair else { return }
        actions.append(.destroyPorts(exchange.connection, [pair]))
        exchange.registrations[index].reset()
        // What was said of these ports says nothing of others between the same two clients.
        exchange.pairsSaid.removeAll { $0 == pair }
        exchange.partnerReady.removeAll { $0 == pair }
        guard case .ready = registration.ports else { return }
        tellLost(registration, reason, into: &actions)
    }
}

// MARK: - Ready and lost

extension ConnectionManager {
    mutating func take(_ ready: ReadyPairs, into actions: inout [Action]) throws(WireError) {
        exchange.partnerReady = ready.pairs
        if !exchange.heardReady {
            exchange.heardReady = true
            actions.append(.record(readyRecord(.partnerReady, pairs: ready.pairs.count)))
        }
        tellReady(into: &actions)
    }

    /// Tells the clients whose ports can receive on both sides, once both sides have said so.
    mutating func tellReady(into actions: inout [Action]) {
        if exchange.saidReady, !exchange.recordedReady {
            exchange.recordedReady = true
            actions.append(.record(readyRecord(.readySaid, pairs: exchange.pairsSaid.count)))
        }
        guard exchange.isReady else { return }
        actions.append(.cancelTimer(.exchange))
        for index in exchange.registrations.indices {
            guard case .connected(let table) = exchange.registrations[index].ports,
                exchange.pairsSaid.contains(table.pair), exchange.partnerReady.contains(table.pair)
            else { continue }
            exchange.registrations[index].ports = .ready(table)
            let registration = exchange.registrations[index]
            // A client that was only paused has not been told of a loss, and is not told ready again.
            exchange.registrations[index].lossIsOwed = false
            exchange.registrations[index].isPaused = false
            actions.append(
                .record(
                    clientRecord(
                        registration.isPaused ? .clientResumed : .clientReady, registration.client,
                        registration.information.name
                    )
                    .with("partnerIncarnation", .incarnation(exchange.partner))
                    .with("ports", .number(UInt64(table.ports.count)))
                    .with("memory", .number(table.memoryByteCount)).with(exchange.connection.rail)))
            let ports = UInt32(table.ports.count)
            actions.append(
                .notify(
                    registration.client,
                    registration.isPaused
                        ? .resumed(exchange.partner, ports: ports, memory: table.memoryByteCount)
                        : .ready(exchange.partner, ports: ports, memory: table.memoryByteCount)))
        }
    }

    private func readyRecord(_ event: EventName, pairs: Int) -> HistoryRecord {
        HistoryRecord(event).with("connection", .number(UInt64(exchange.connection.value)))
            .with("clients", .number(UInt64(pairs)))
            .with("partnerIncarnation", .incarnation(exchange.partner))
    }

    /// Takes all ports away with the connection: afterwards nothing the partner still sends can reach memory.
    /// The clients are told by `tellLosses`, once the verdict stands.
    mutating func endExchange(of connection: ConnectionID, into actions: inout [Action]) {
        guard exchange.standing != .none, exchange.connection == connection else { return }
        actions.append(.cancelTimer(.exchange))
        let pairs = exchange.registrations.compactMap(\.ports.pair)
        if !pairs.isEmpty {
            actions.append(.destroyPorts(exchange.connection, pairs))
            actions.append(
                .record(
                    HistoryRecord(.portsDestroyed)
                        .with("connection", .number(UInt64(exchange.connection.value)))
                        .with("clients", .number(UInt64(pairs.count)))))
        }
        exchange.close()
    }

    /// Tells the clients that had been told ready, in the order of their registration.
    mutating func tellLosses(into actions: inout [Action]) {
        for index in exchange.registrations.indices where exchange.registrations[index].lossIsOwed {
            tellOwedLoss(index, .connection, into: &actions)
        }
    }

    private mutating func tellOwedLoss(
        _ index: Int, _ reason: ClientNotice.Reason, into actions: inout [Action]
    ) {
        guard exchange.registrations[index].lossIsOwed else { return }
        exchange.registrations[index].lossIsOwed = false
        exchange.registrations[index].isPaused = false
        tellLost(exchange.registrations[index], reason, into: &actions)
    }

    /// Tells the clients that had been told ready, in the order of their registration, that their ports have gone with
    /// a rail and that the partner lives.
    mutating func tellPauses(into actions: inout [Action]) {
        for index in exchange.registrations.indices {
            let registration = exchange.registrations[index]
            guard registration.lossIsOwed, !registration.isPaused else { continue }
            exchange.registrations[index].isPaused = true
            actions.append(
                .record(
                    clientRecord(.clientPaused, registration.client, registration.information.name)
                        .with("partnerIncarnation", .incarnation(exchange.partner))
                        .with(exchange.connection.rail)))
            actions.append(.notify(registration.client, .paused(exchange.partner)))
        }
    }

    private func tellLost(
        _ registration: Exchange.Registration, _ reason: ClientNotice.Reason, into actions: inout [Action]
    ) {
        actions.append(
            .record(
                clientRecord(.clientLost, registration.client, registration.information.name)
                    .with("reason", .text(reason.name)).with("verdict", .text(verdict?.name ?? "none"))
                    .with("phase", .text(partnerPhase?.name ?? "unknown"))
                    .with("partnerIncarnation", .incarnation(exchange.partner))))
        actions.append(
            .notify(
                registration.client,
                .lost(
                    exchange.partner,
                    ClientNotice.Loss(verdict: verdict, reason: reason, phase: partnerPhase))))
    }

    /// Tells all clients of something about the partner.
    func notifyAll(_ notice: ClientNotice, into actions: inout [Action]) {
        for registration in exchange.registrations { actions.append(.notify(registration.client, notice)) }
    }
}
