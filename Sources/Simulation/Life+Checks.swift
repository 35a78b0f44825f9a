import ClusterConnection

// What must hold of a life after every event. Looked at in place: a connection manager is large to copy.

extension Life {
    /// Looks at what must hold, and notes what the world asks for often.
    ///
    /// - Returns: what does not hold, in words; nil when everything does.
    mutating func check(after event: Event) -> (Invariant, String)? {
        let survey = manager.survey()
        isReady = survey.isReady && survey.areClientsReady
        exchangeConnection = survey.exchangeConnection
        messagesTaken = survey.messagesTaken
        if (survey.verdict == .alive) != survey.isEstablished {
            let isLeaving = if case .farewell = survey.stages[0] { true } else { false }
            let verdict = survey.verdict.map { "\($0.name)" } ?? "no verdict"
            if !isLeaving { return (.noFalseVerdict, "alive and established are not the same: \(verdict)") }
        }
        if let finding = Self.strayExchange(survey, ports) { return (.nothingLeaks, finding) }
        // The mailbox is looked into before the timer that woke the process is handed over.
        let isMailbox = if case .mailbox = event { true } else { false }
        for index in memory.indices {
            if let finding = Self.strayTimers(index, timers.armedBits[index], survey, needsAny: !isMailbox) {
                return (.nothingLeaks, finding)
            }
            let count = endpoints.count { Int($0.connection.rail.index) == index }
            if count > 1 { return (.nothingLeaks, "\(count) endpoints on rail \(index)") }
        }
        return nil
    }

    /// The exchange is on a connection that is established, and all ports are that connection's.
    private static func strayExchange(_ survey: Survey, _ ports: [Ports]) -> String? {
        if survey.exchangeConnection != nil, !survey.holdsExchangeConnection {
            return "an exchange on a connection that is gone"
        }
        for ports in ports where ports.connection != survey.exchangeConnection {
            return "ports of connection \(ports.connection.value), which is not the exchange's"
        }
        return nil
    }

    /// A state has the timers that get it out of itself, and no others.
    private static func strayTimers(
        _ index: Int, _ armed: UInt16, _ survey: Survey, needsAny: Bool
    ) -> String? {
        let isFirst = index == 0
        var allowed: UInt16
        var needed: UInt16
        switch survey.stages[index] {
        case .closed: (allowed, needed) = (0, 0)
        case .waiting: (allowed, needed) = (backoff, backoff)
        case .connecting: (allowed, needed) = (attempt, attempt)
        case .accepting: (allowed, needed) = (handshake, handshake)
        case .operating: (allowed, needed) = (tick | handshake | poll, handshake)
        case .expecting:
            (allowed, needed) = (tick | handshake | poll, handshake | poll)
        case .established: (allowed, needed) = (tick | ofThePair, tick)
        case .farewell(let toSomebody):
            (allowed, needed) = (tick | farewell, toSomebody && isFirst ? farewell : 0)
        }
        // The deadlines of the pair are kept with its first rail, whichever rail they are for.
        if isFirst, survey.isEstablished {
            allowed |= ofThePair
            if !survey.isReady { needed |= exchange }
        }
        guard armed & ~allowed != 0 || needsAny && armed & needed != needed else { return nil }
        return "rail \(index) is \(survey.stages[index]) with timers \(names(of: armed))"
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
