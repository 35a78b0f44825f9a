import ClusterConnection

// The interconnect: connection requests, one-sided operations that are tried again, messages in their order.

extension World {
    mutating func happen(_ what: Happening) {
        switch what {
        case .powerOn(let node, let failpoint): boot(node, failpoint)
        case .strike(let number, let act): strike(number, act)
        case .thaw(let number): if lives[number].endedAt == nil { thaw(lives[number].node) }
        case .boot(let number, let moment): boot(number, moment)
        case .request(let wire): arrive(wire)
        case .unresolved(let wire):
            tell(wire, .initiator, .connectFailed(wires[wire].initiator.connection, .unresolved))
        case .answer(let wire, let answer): answered(wire, answer)
        case .transportUp(let wire): transportUp(wire)
        case .ended(let wire, let side): ended(wire, side)
        case .vanished(let number): vanish(number)
        case .buried(let number): bury(number)
        case .reach(let wire, let side, let operation): reach(wire, side, operation)
        case .reached(let wire, let side, let operation, let outcome, let words):
            reached(wire, side, operation, outcome, words)
        case .retry(let wire, let side, let operation): tryAgain(wire, side, operation)
        case .message(let wire, let side, let letter): arrive(letter, wire, side)
        case .sent(let wire, let side):
            if let end = wires[wire][side] { tell(wire, side, .sent(end.connection, .success)) }
        case .portsMade(let number, let connection, let orders): portsMade(connection, orders, of: number)
        case .portsConnected(let number, let connection, let tables):
            portsConnected(connection, tables, of: number)
        case .client(let number, let moment): client(moment, of: number)
        case .portWork(let work): arrive(work)
        case .portWorkEnded(let work, let outcome): ended(work, outcome)
        }
    }

    private mutating func boot(_ number: LifeNumber, _ moment: BootMoment) {
        guard lives[number].endedAt == nil else { return }
        switch moment {
        case .ccmStarting: feed(.bootPhase(.ccmStarting), to: number)
        case .listening:
            lives[number].isListening = true
            for index in lives[number].memory.indices {
                let rail = RailID(index: UInt8(index))
                let key = Life.key(of: rail, lives[number].incarnation)
                note(
                    HistoryRecord(.listening)
                        .with("statusBlockAddress", .hexadecimal(PresetAddress.statusBlock(of: rail)))
                        .with("mailboxAddress", .hexadecimal(PresetAddress.mailbox(of: rail)))
                        .with("rail", .number(UInt64(rail.index))), by: number)
                feed(.listening(rail, statusBlockKey: key, mailboxKey: key &+ 1), to: number)
            }
        case .storageOSLoading: feed(.bootPhase(.storageOSLoading), to: number)
        case .storageOSActive: feed(.bootPhase(.storageOSActive), to: number)
        }
    }

    // MARK: Packets

    /// Whether a packet that a node sends now gets through.
    private mutating func isLost(_ rail: RailID, from node: NodeNumber) -> Bool {
        if cuts[Int(rail.index)] & (1 << UInt8(node)) != 0 { return true }
        guard fabric.lossPerMillion > 0 else { return false }
        return UInt32.random(in: 0..<1_000_000, using: &random) < fabric.lossPerMillion
    }

    /// Whether a packet that a side sent, and that arrives now, gets through.
    private func arrives(_ wire: WireNumber, from side: Side) -> Bool {
        let node = node(wire, side)
        return cuts[Int(wires[wire].rail.index)] & (1 << UInt8(node)) == 0 && hasPower[1 - node]
    }

    private mutating func travel() -> TimeSpan {
        .nanoseconds(.random(in: fabric.latency, using: &random))
    }

    private mutating func travel(_ queue: Queue) -> TimeSpan {
        guard queue == .connection, let latency = fabric.connectionLatency else { return travel() }
        return .nanoseconds(.random(in: latency, using: &random))
    }

    /// When a packet to this end arrives that leaves now: not before those that left earlier.
    private mutating func arrival(_ wire: WireNumber, at side: Side, _ queue: Queue) -> Instant {
        let instant = now + travel(queue)
        guard let last = wires[wire][side]?.lastArrivals[queue.rawValue] else { return instant }
        let arrival = max(instant, last + .nanoseconds(1))
        wires[wire][side]?.lastArrivals[queue.rawValue] = arrival
        return arrival
    }

    private func node(_ wire: WireNumber, _ side: Side) -> NodeNumber {
        let initiator = lives[wires[wire].initiator.life].node
        return side == .initiator ? initiator : 1 - initiator
    }

    private func exists(_ wire: WireNumber, _ side: Side) -> Bool { wires[wire][side]?.isOpen ?? false }

    private mutating func tell(_ wire: WireNumber, _ side: Side, _ event: Event) {
        guard let end = wires[wire][side], end.isOpen else { return }
        feed(event, to: end.life)
    }

    // MARK: Connections

    mutating func connect(
        _ number: LifeNumber, _ connection: ConnectionID, _ words: ConnectionPrivateData.Words
    ) {
        checkPace(of: number)
        let wire = wires.count
        wires.append(
            Wire(
                rail: connection.rail, words: words, initiator: Wire.End(life: number, connection: connection)
            ))
        lives[number].endpoints.append(
            Life.Endpoint(connection: connection, wire: wire, side: .initiator, since: now))
        let rail = Int(connection.rail.index)
        if let resolution = fabric.resolution, !knowsNeighbours[rail] {
            // The question and its answer: both directions are needed.
            guard cuts[rail] == 0, hasPower[1 - lives[number].node] else {
                return agenda.add(.unresolved(wire), at: now + resolution)
            }
            knowsNeighbours[rail] = true
        }
        guard !isLost(connection.rail, from: lives[number].node) else { return }
        agenda.add(.request(wire), at: now + travel(.connection))
    }

    private mutating func arrive(_ wire: WireNumber) {
        let rail = wires[wire].rail
        let asking = node(wire, .initiator)
        guard arrives(wire, from: .initiator) else { return }
        guard let number = current[1 - asking] ?? unburied(1 - asking), lives[number].isListening else {
            return answer(wire, .failed(.nobodyListens))
        }
        lives[number].requestCount += 1
        let request = RequestID(value: lives[number].requestCount, rail: rail)
        lives[number].requests.append((request, wire))
        // Nobody hears those that come to a process which has ended; its kernel refuses them when it is gone.
        guard lives[number].endedAt == nil else { return }
        feed(.request(request, wires[wire].words), to: number)
    }

    /// A life that has ended, and whose kernel still keeps what it had.
    private func unburied(_ node: NodeNumber) -> LifeNumber? {
        lives.lastIndex { $0.node == node && $0.endedAt != nil && $0.buriedAt == nil }
    }

    /// Sends the answer to a request, unless the side that asked cannot be reached.
    mutating func answer(_ wire: WireNumber, _ answer: Happening.Answer) {
        guard !isLost(wires[wire].rail, from: node(wire, .acceptor)) else { return }
        agenda.add(.answer(wire, answer), at: arrival(wire, at: .initiator, .connection))
    }

    private mutating func answered(_ wire: WireNumber, _ answer: Happening.Answer) {
        guard arrives(wire, from: .acceptor) else { return }
        let connection = wires[wire].initiator.connection
        switch answer {
        case .accepted(let words): tell(wire, .initiator, .connected(connection, words))
        case .refused(let words): tell(wire, .initiator, .refused(connection, words))
        case .failed(let failure): tell(wire, .initiator, .connectFailed(connection, failure))
        }
    }

    mutating func accept(
        _ number: LifeNumber, _ request: RequestID, _ connection: ConnectionID,
        _ words: ConnectionPrivateData.Words
    ) {
        guard let place = lives[number].requests.firstIndex(where: { $0.request == request }) else {
            return violate(.driverCanObey, lives[number].node, "a request is accepted that is not there")
        }
        let wire = lives[number].requests.remove(at: place).wire
        wires[wire].acceptor = Wire.End(life: number, connection: connection)
        lives[number].endpoints.append(
            Life.Endpoint(connection: connection, wire: wire, side: .acceptor, since: now))
        guard exists(wire, .initiator) else {
            // Its sender has given up meanwhile: the accept fails on the spot.
            return eventsToCome.append(.connectFailed(connection, .local))
        }
        answer(wire, .accepted(words))
    }

    /// The side that asked hears that it is accepted: that is what makes the transport come up at the other end.
    mutating func transportIsUp(_ connection: ConnectionID, of number: LifeNumber) {
        guard let place = lives[number].endpoints.place(of: connection) else { return }
        let wire = lives[number].endpoints[place].wire
        guard lives[number].endpoints[place].side == .initiator else { return }
        wires[wire].initiator.isUp = true
        guard wires[wire].acceptor != nil, !isLost(connection.rail, from: lives[number].node) else { return }
        agenda.add(.transportUp(wire), at: arrival(wire, at: .acceptor, .connection))
    }

    private mutating func transportUp(_ wire: WireNumber) {
        guard arrives(wire, from: .initiator), let end = wires[wire].acceptor else {
            return
        }
        wires[wire].acceptor?.isUp = true
        tell(wire, .acceptor, .connected(end.connection, nil))
    }

    mutating func retire(_ connection: ConnectionID, of number: LifeNumber) {
        guard let place = lives[number].endpoints.place(of: connection) else {
            return violate(
                .driverCanObey, lives[number].node,
                "connection \(connection.value) is retired twice, or never began")
        }
        let endpoint = lives[number].endpoints.remove(at: place)
        wires[endpoint.wire][endpoint.side]?.isOpen = false
        tellEnd(of: endpoint.wire, from: endpoint.side)
    }

    /// Tells the other end that this one is gone.
    mutating func tellEnd(of wire: WireNumber, from side: Side) {
        guard exists(wire, side.other), !isLost(wires[wire].rail, from: node(wire, side)) else { return }
        agenda.add(.ended(wire, side.other), at: arrival(wire, at: side.other, .connection))
    }

    private mutating func ended(_ wire: WireNumber, _ side: Side) {
        guard let end = wires[wire][side], arrives(wire, from: side.other) else {
            return
        }
        tell(
            wire, side,
            end.isUp ? .disconnected(end.connection) : .connectFailed(end.connection, .refusedByTransport))
    }

    // MARK: One-sided operations

    mutating func post(_ operation: Happening.OneSided, on connection: ConnectionID, of number: LifeNumber) {
        guard let place = lives[number].endpoints.place(of: connection) else {
            return violate(
                .driverCanObey, lives[number].node,
                "\(operation.operation.name) is posted on connection \(connection.value), which is gone")
        }
        if lives[number].endpoints[place].underWay != nil {
            violate(
                .driverCanObey, lives[number].node,
                "\(operation.operation.name) is posted while another operation is under way")
        }
        lives[number].operations += 1
        var operation = operation
        operation.number = lives[number].operations
        lives[number].endpoints[place].underWay = operation.number
        let endpoint = lives[number].endpoints[place]
        attempt(operation, endpoint.wire, endpoint.side)
    }

    private mutating func attempt(_ operation: Happening.OneSided, _ wire: WireNumber, _ side: Side) {
        if isLost(wires[wire].rail, from: node(wire, side)) {
            // What is lost is tried again; what is not is seldom lost, and its answer comes first.
            agenda.add(.retry(wire, side, operation), at: now + fabric.tryInterval)
        } else {
            agenda.add(.reach(wire, side, operation), at: arrival(wire, at: side.other, .requests))
        }
    }

    private mutating func reach(_ wire: WireNumber, _ side: Side, _ operation: Happening.OneSided) {
        let rail = wires[wire].rail
        guard arrives(wire, from: side), let there = wires[wire][side.other], there.isOpen else {
            return agenda.add(.retry(wire, side, operation), at: now + fabric.tryInterval)
        }
        // What is under way arrives, whatever became of its sender meanwhile.
        let answer = touch(there.life, rail, operation, by: wire)
        guard exists(wire, side) else { return }
        guard !isLost(rail, from: node(wire, side.other)) else {
            return agenda.add(.retry(wire, side, operation), at: now + fabric.tryInterval)
        }
        let instant = arrival(wire, at: side, .responses)
        agenda.add(.reached(wire, side, operation, answer.outcome, answer.words), at: instant)
    }

    /// The memory itself, whatever its process does meanwhile.
    private mutating func touch(
        _ number: LifeNumber, _ rail: RailID, _ operation: Happening.OneSided, by wire: WireNumber
    ) -> (outcome: Outcome, words: StatusBlock.Words?) {
        let key = Life.key(of: rail, lives[number].incarnation)
        let place = Int(rail.index)
        guard let slot = operation.slot else {
            guard operation.key == key else { return (.refusedByPartner, nil) }
            return (.success, block(of: number, place))
        }
        guard operation.key == key &+ 1 else { return (.refusedByPartner, nil) }
        for index in slot.indices {
            lives[number].memory[place].mailbox[operation.slotOffset + index] = slot[index]
        }
        lives[number].memory[place].hasNews = true
        if operation.operation == .secondWrite { lives[number].memory[place].confirmedOn = wire }
        return (.success, nil)
    }

    /// A read in the middle of a store brings its first words new and the others old.
    private mutating func block(of number: LifeNumber, _ place: Int) -> StatusBlock.Words {
        let memory = lives[number].memory[place]
        guard now - memory.storedAt < fabric.tearing, memory.storedAt.nanoseconds > 0 else {
            return memory.block
        }
        var words = memory.blockBefore
        for index in 0..<Int.random(in: 0...words.count, using: &random) {
            words[index] = memory.block[index]
        }
        return words
    }

    private mutating func reached(
        _ wire: WireNumber, _ side: Side, _ operation: Happening.OneSided, _ outcome: Outcome,
        _ words: StatusBlock.Words?
    ) {
        guard let end = wires[wire][side], end.isOpen,
            let place = lives[end.life].endpoints.place(of: end.connection),
            lives[end.life].endpoints[place].underWay == operation.number
        else { return }
        guard arrives(wire, from: side.other) else {
            return agenda.add(.retry(wire, side, operation), at: now + fabric.tryInterval)
        }
        lives[end.life].endpoints[place].underWay = nil
        tell(wire, side, .completed(end.connection, operation.operation, outcome, words))
    }

    private mutating func tryAgain(_ wire: WireNumber, _ side: Side, _ operation: Happening.OneSided) {
        guard let end = wires[wire][side], end.isOpen,
            let place = lives[end.life].endpoints.place(of: end.connection),
            lives[end.life].endpoints[place].underWay == operation.number
        else { return }
        guard now - operation.posted >= fabric.patience else { return attempt(operation, wire, side) }
        lives[end.life].endpoints[place].underWay = nil
        tell(wire, side, .completed(end.connection, operation.operation, .retryExceeded, nil))
    }

    // MARK: Messages

    mutating func send(_ bytes: [UInt8], on connection: ConnectionID, of number: LifeNumber) {
        guard let place = lives[number].endpoints.place(of: connection) else {
            return violate(
                .driverCanObey, lives[number].node,
                "a message is sent on connection \(connection.value), which is gone")
        }
        lives[number].endpoints[place].messages += 1
        let endpoint = lives[number].endpoints[place]
        let letter = Happening.Letter(bytes: bytes, posted: now, number: endpoint.messages)
        agenda.add(
            .message(endpoint.wire, endpoint.side, letter),
            at: arrival(endpoint.wire, at: endpoint.side.other, .requests))
    }

    private mutating func arrive(_ letter: Happening.Letter, _ wire: WireNumber, _ side: Side) {
        let rail = wires[wire].rail
        // What is under way arrives, whatever became of its sender meanwhile.
        guard let there = wires[wire][side.other], there.isOpen, hasPower[node(wire, side.other)],
            !isLost(rail, from: node(wire, side)), letter.number <= there.arrived + 1
        else { return sendAgain(letter, wire, side) }
        if letter.number == there.arrived + 1 {
            wires[wire][side.other]?.arrived += 1
            checkReceive(wire, side.other)
            tell(wire, side.other, .received(there.connection, letter.bytes))
        }
        guard exists(wire, side) else { return }
        // Only the acknowledgement is lost: the message counts, and comes once more.
        guard !isLost(rail, from: node(wire, side.other)) else { return sendAgain(letter, wire, side) }
        agenda.add(.sent(wire, side), at: arrival(wire, at: side, .responses))
    }

    /// Whatever came behind it has to wait as well: the sender sends again from here on.
    private mutating func sendAgain(_ letter: Happening.Letter, _ wire: WireNumber, _ side: Side) {
        guard let end = wires[wire][side], end.isOpen else { return }
        if now - letter.posted >= fabric.patience {
            return tell(wire, side, .sent(end.connection, .retryExceeded))
        }
        agenda.add(.message(wire, side, letter), at: now + fabric.tryInterval)
    }
}
