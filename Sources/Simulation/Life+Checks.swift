import ClusterConnection

// What must hold of a life after every event. Looked at in place: a connection manager is large to copy.

extension Life {
    /// Looks at what must hold, and notes what the world asks for often.
    ///
    /// - Returns: what does not hold, in words; nil when everything does.
    mutating func check(after event: Event) -> (Invariant, String)? {
        isReady = manager.isReady && manager.areClientsReady
        exchangeConnection = manager.exchangeConnection
        messagesTaken = manager.messagesTaken
        let isLeaving = if case .farewell = manager.rails[0].link { true } else { false }
        if (manager.verdict == .alive) != isEstablished, !isLeaving {
            let verdict = manager.verdict.map { "\($0.name)" } ?? "no verdict"
            return (.noFalseVerdict, "alive and established are not the same: \(verdict)")
        }
        if let finding = strayExchange { return (.nothingLeaks, finding) }
        for index in memory.indices {
            if let finding = strayTimers(index, after: event) { return (.nothingLeaks, finding) }
            let count = endpoints.count { Int($0.connection.rail.index) == index }
            if count > 1 { return (.nothingLeaks, "\(count) endpoints on rail \(index)") }
        }
        return nil
    }

    /// The exchange is on a connection that is established, and all ports are that connection's.
    private var strayExchange: String? {
        if let connection = exchangeConnection,
            manager.rails[Int(connection.rail.index)].link.peer?.connection != connection
        {
            return "an exchange on a connection that is gone"
        }
        for ports in ports where ports.connection != exchangeConnection {
            return "ports of connection \(ports.connection.value), which is not the exchange's"
        }
        return nil
    }

    /// A state has the timers that get it out of itself, and no others.
    private func strayTimers(_ index: Int, after event: Event) -> String? {
        let isFirst = index == 0
        let armed = timers.bits(of: RailID(index: UInt8(index)))
        var allowed: UInt16
        var needed: UInt16
        switch manager.rails[index].link {
        case .closed: (allowed, needed) = (0, 0)
        case .waiting: (allowed, needed) = (Self.backoff, Self.backoff)
        case .connecting: (allowed, needed) = (Self.attempt, Self.attempt)
        case .accepting: (allowed, needed) = (Self.handshake, Self.handshake)
        case .handshaking(let handshake):
            (allowed, needed) = (Self.tick | Self.handshake | Self.poll, Self.handshake)
            if case .operation = handshake.step {} else { needed |= Self.poll }
        case .established: (allowed, needed) = (Self.tick | Self.ofThePair, Self.tick)
        case .farewell(let peer):
            (allowed, needed) = (Self.tick | Self.farewell, peer == nil || !isFirst ? 0 : Self.farewell)
        }
        // The deadlines of the pair are kept with its first rail, whichever rail they are for.
        if isFirst, isEstablished {
            allowed |= Self.ofThePair
            if !manager.isReady { needed |= Self.exchange }
        }
        // The mailbox is looked into before the timer that woke the process is handed over.
        if case .mailbox = event { needed = 0 }
        guard armed & ~allowed != 0 || armed & needed != needed else { return nil }
        return "rail \(index) is \(manager.rails[index].link.name) with timers \(Self.names(of: armed))"
    }

    private static let tick = UInt16(1) << TimerName.tick.rawValue
    private static let attempt = UInt16(1) << TimerName.attempt.rawValue
    private static let backoff = UInt16(1) << TimerName.backoff.rawValue
    private static let handshake = UInt16(1) << TimerName.handshake.rawValue
    private static let poll = UInt16(1) << TimerName.poll.rawValue
    private static let farewell = UInt16(1) << TimerName.farewell.rawValue
    private static let exchange = UInt16(1) << TimerName.exchange.rawValue
    private static let ofThePair = exchange | UInt16(1) << TimerName.stall.rawValue

    private static func names(of bits: UInt16) -> String {
        let names = TimerName.allCases.filter { bits & (1 << $0.rawValue) != 0 }.map { "\($0)" }
        return names.isEmpty ? "none" : names.joined(separator: ", ")
    }
}
