import ClusterConnection

extension Timeline {
    /// The part of rule `nothing-leaks` that partner processes are held to while they run: at rest each holds what it
    /// held when it came to rest for the first time.
    func grownHoldings() -> [Broken] {
        PartnerID.allCases.flatMap { partner -> [Broken] in
            let counts = censusesAtRest(of: partner)
            guard let first = counts.first else { return [] }
            return counts.dropFirst().compactMap { later in
                let grown = Census.kinds.compactMap { kind -> String? in
                    guard let before = first.number(kind), let now = later.number(kind), now > before else {
                        return nil
                    }
                    return "\(now - before) more \(kind)"
                }
                guard !grown.isEmpty else { return nil }
                return Broken(
                    .nothingLeaks,
                    "\(partner.rawValue) holds \(grown.joined(separator: ", ")) than when it was ready for the first time",
                    evidence: [first, later])
            }
        }
    }

    /// The censuses that were taken while nothing was coming or going.
    func censusesAtRest(of partner: PartnerID) -> [HistoryEvent] {
        record.events.filter { event in
            guard event.name == .census, event.partner == partner else { return false }
            let began = event.number("began").map { Instant(nanoseconds: $0) } ?? event.time
            return PartnerID.allCases.allSatisfy { isAtRest($0, from: began, to: event.time) }
        }
    }

    /// Whether a partner is connected and all its clients are ready, and was so for a while.
    private func isAtRest(_ partner: PartnerID, from: Instant, to: Instant) -> Bool {
        guard let life = life(of: partner, at: from), life.lives(at: to),
            let stretch = established(by: partner, at: from), stretch.holds(at: to),
            !disturbances.contains(where: { $0.touches(from: from, to: to) })
        else { return false }
        var waiting: Set<String> = []
        for event in life.events where event.time <= from {
            guard let client = event.text("client") else { continue }
            switch event.name {
            case .clientMatched, .portsMade: waiting.insert(client)
            case .clientReady, .clientWithdrawn, .clientWaits: waiting.remove(client)
            default: break
            }
        }
        guard waiting.isEmpty else { return false }
        return !life.events.contains { event in
            event.time <= to && event.time + Self.rest > from && Self.comingsAndGoings.contains(event.name)
        }
    }

    /// How long nothing has come or gone.
    private static let rest = TimeSpan.milliseconds(50)
    private static let comingsAndGoings: Set<EventName> = [
        .listening, .connectStarted, .requestReceived, .connected, .retired, .established, .portsMade,
        .portsDestroyed, .clientReady, .clientLost,
    ]
}
