import ClusterConnection

/// What events of a report are about: for its filter, and for what is left out where there are too many.
enum EventKind: String, CaseIterable {
    case lab, boot, connection, handshake, exchange, clients, verdict, other

    init(_ name: EventName) {
        switch name {
        case .runStarted, .runEnded, .fault, .census, .loadEnded, .processEnded, .failpointReached:
            self = .lab
        case .started, .confined, .bootPhase, .listening, .waitingForRail, .railLost, .failed, .stopped,
            .recordingFailed:
            self = .boot
        case .connectStarted, .connectFailed, .requestReceived, .requestRejected, .requestAccepted,
            .connected, .retired, .railFault:
            self = .connection
        case .firstReadPosted, .firstReadCompleted, .firstWritePosted, .firstWriteCompleted,
            .secondReadPosted, .secondReadCompleted, .secondWritePosted, .secondWriteCompleted,
            .greetingSeen, .confirmationSeen, .handshakeFailed, .established:
            self = .handshake
        case .messageSent, .messageReceived, .peerInformation, .clientInformation, .partnerRefused,
            .exchangeFailed, .accessRefused, .readySaid, .partnerReady, .portsDestroyed:
            self = .exchange
        case .clientRegistered, .clientRefused, .clientWithdrawn, .clientWaits, .clientMatched, .portsMade,
            .portsFailed, .workAbandoned, .clientReady, .clientPaused, .clientResumed, .clientLost, .decision,
            .firstReply, .messengerReport, .mirrorRecovered, .mirrorAcknowledged, .mirrorReport,
            .memoryChecked, .foreignMessage:
            self = .clients
        case .verdict, .partnerPhase, .partnerStalled: self = .verdict
        default: self = .other
        }
    }

    /// How soon an event is left out where not all can be shown: what has the highest number goes first.
    static func rank(_ name: EventName) -> Int {
        switch name {
        case .mirrorAcknowledged, .lateTick: 4
        case .confined, .memoryChecked, .requestReceived, .requestRejected, .partnerPhase: 3
        case .connectStarted, .connectFailed, .messageSent, .messageReceived, .clientMatched, .portsMade,
            .clientRegistered, .peerInformation, .clientInformation:
            2
        case .fault, .runStarted, .runEnded, .verdict, .established, .clientLost, .processEnded, .failed,
            .handshakeFailed, .railFault, .railLost:
            0
        default: 1
        }
    }
}

/// Which events of a run a report shows, and which it only counts.
struct EventChoice {
    /// Places in the run's history, in order of time.
    let shown: [Int]
    /// How many of each name are left out, most first.
    let left: [(name: String, count: Int)]

    /// So many repeated ones are shown although nothing is to be learnt from them.
    private static let mostRepeated = 8

    /// At most so many, and all that are needed.
    init(_ events: [HistoryEvent], most: Int, needed: Set<HistoryEvent>) {
        var places: [Int] = []
        var repeated = 0
        let ranked = events.indices.map { place in
            (rank: needed.contains(events[place]) ? -1 : EventKind.rank(events[place].name), place: place)
        }
        for rank in -1...4 {
            for entry in ranked where entry.rank == rank {
                if rank == 4 { repeated += 1 }
                guard places.count < most || rank < 0, repeated <= Self.mostRepeated else { break }
                places.append(entry.place)
            }
        }
        shown = places.sorted()
        let isShown = Set(places)
        let names = events.indices.filter { !isShown.contains($0) }.map { events[$0].name.rawValue }
        left = Dictionary(grouping: names) { $0 }.map { ($0.key, $0.value.count) }
            .sorted { ($1.1, $0.0) < ($0.1, $1.0) }
    }
}
