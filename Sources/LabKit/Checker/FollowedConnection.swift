import ClusterConnection

/// The first connection that a partner established, with all that the claims speak of.
struct FollowedConnection {
    var own: Life
    var other: Life
    var connection: UInt64
    var established: HistoryEvent
    /// The own lines about it, up to and with its establishment.
    var events: [HistoryEvent]
    /// All own lines from its establishment on, until it was gone.
    var lines: ArraySlice<HistoryEvent>
    /// The same of the other side.
    var otherLines: ArraySlice<HistoryEvent>

    /// The rail that it is on.
    var rail: UInt64 { established.number("rail") ?? 0 }

    /// Where the other side could be reached on that rail.
    var otherListening: HistoryEvent? { other.listening(onRail: rail) }

    /// The first line of a name, up to the establishment.
    func event(_ name: EventName) -> HistoryEvent? { events.first { $0.name == name } }

    /// The first line of a name, from the establishment on.
    func later(_ name: EventName, where condition: (HistoryEvent) -> Bool = { _ in true }) -> HistoryEvent? {
        lines.first { $0.name == name && condition($0) }
    }

    /// The first client that was told ready, one with ports where there is any.
    var readyClient: HistoryEvent? {
        later(.clientReady) { ($0.number("ports") ?? 0) > 0 } ?? later(.clientReady)
    }
}

extension Timeline {
    /// The connection on which a partner's claims are followed; nil when it never had one.
    func firstConnection(of partner: PartnerID) -> FollowedConnection? {
        guard let stretch = established[partner]?.first,
            let own = life(of: partner, incarnation: stretch.event.incarnation),
            let other = life(of: partner.other, incarnation: stretch.partnerIncarnation)
        else { return nil }
        let events = own.events(of: stretch.connection, until: stretch.event.time)
        let began = events.first { $0.name == .connected }?.time ?? stretch.event.time
        return FollowedConnection(
            own: own, other: other, connection: stretch.connection, established: stretch.event,
            events: events,
            lines: own.lines(ofConnectionSince: stretch.event.time, onRail: stretch.rail),
            otherLines: other.lines(ofConnectionSince: began, onRail: stretch.rail, with: own.incarnation))
    }
}

extension Life {
    /// Its boot port on a rail.
    func listening(onRail rail: UInt64) -> HistoryEvent? {
        events.first { $0.name == .listening && $0.isOf(rail: rail) }
    }

    /// This life's lines from the first establishment since a moment on, until that connection was gone.
    fileprivate func lines(
        ofConnectionSince moment: Instant, onRail rail: UInt64, with partner: String? = nil
    ) -> ArraySlice<HistoryEvent> {
        let first = events.indices.first {
            events[$0].name == .established && events[$0].time >= moment && events[$0].isOf(rail: rail)
                && (partner == nil || events[$0].partnerIncarnation == partner)
        }
        guard let first, let connection = events[first].number("connection") else { return [] }
        let last = events.indices.first {
            $0 > first
                && (events[$0].isAbout(.retired, connection)
                    || events[$0].name == .established && events[$0].isOf(rail: rail))
        }
        return events[first..<(last ?? events.endIndex)]
    }
}

extension HistoryEvent {
    /// Whether a line that names its rail is of this one. What names none is of the first.
    func isOf(rail: UInt64) -> Bool { (number("rail") ?? 0) == rail }
}
