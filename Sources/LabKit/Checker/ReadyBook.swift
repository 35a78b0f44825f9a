import ClusterConnection

/// What the clients of one life were told of the partner, in the order in which they were told.
struct ReadyBook {
    /// A client was told that it has ports, and maybe that they are gone: with the partner, or with a rail.
    struct Entry {
        var client: String
        var ready: HistoryEvent
        /// Where the line stands among those of the life: what happened at one moment has an order, too.
        var place: Int
        /// The connection that was established when the client was told.
        var established: HistoryEvent?
        var lost: HistoryEvent?
        var lostPlace: Int?

        var connection: UInt64? { established?.number("connection") }
    }

    private(set) var entries: [Entry] = []
    /// Losses of clients that had been told no ready, or had been told its loss before.
    private(set) var strayLosses: [HistoryEvent] = []
    /// Readies of clients that still held an earlier one.
    private(set) var doubleReadies: [HistoryEvent] = []

    init(of life: Life) {
        var established: [UInt64: HistoryEvent] = [:]
        var open: [String: Int] = [:]
        var paused: Set<String> = []
        for (place, event) in life.events.enumerated() {
            switch event.name {
            case .established: established[event.number("rail") ?? 0] = event
            case .clientReady, .clientResumed:
                guard let client = event.text("client") else { continue }
                let wasPaused = paused.remove(client) != nil
                if open[client] != nil || wasPaused != (event.name == .clientResumed) {
                    doubleReadies.append(event)
                }
                open[client] = entries.count
                entries.append(
                    Entry(
                        client: client, ready: event, place: place,
                        established: established[event.number("rail") ?? 0]))
            case .clientPaused, .clientLost:
                guard let client = event.text("client") else { continue }
                let wasPaused = paused.remove(client) != nil
                if let index = open.removeValue(forKey: client) {
                    entries[index].lost = event
                    entries[index].lostPlace = place
                } else if !wasPaused || event.name == .clientPaused {
                    strayLosses.append(event)
                }
                if event.name == .clientPaused { paused.insert(client) }
            default: break
            }
        }
    }
}

extension Timeline {
    /// Every life with what its clients were told.
    var readyBooks: [(life: Life, book: ReadyBook)] {
        PartnerID.allCases.flatMap { lives[$0] ?? [] }.map { ($0, ReadyBook(of: $0)) }
    }
}
