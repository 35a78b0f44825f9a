import ClusterConnection

/// A run's history without its times, in the form in which two runs can be compared.
///
/// Left out is what differs between any two runs: times, incarnations, keys, numbers of connections and attempts, counts.
/// What repeats is told once. What a partner wrote is cut into strands by what it is about, because among them the order is
/// a matter of moments.
struct HistorySequence {
    /// One strand: its lines, and the event that each of them was first.
    struct Strand {
        var partner: PartnerID?
        var lines: [String] = []
        var events: [HistoryEvent] = []
    }

    private(set) var strands: [String: Strand] = [:]
    /// When the run began.
    let start: Instant

    /// The fields that say what happened, and not when or to which of several.
    private static let telling = [
        "action", "act", "step", "phase", "reason", "verdict", "kind", "client", "side", "role", "version",
        "decision", "rail", "ports", "memory", "signal", "status",
    ]

    init(_ events: [HistoryEvent]) {
        start = events.first { $0.name == .runStarted }?.time ?? events.first?.time ?? Instant(nanoseconds: 0)
        for event in events where !Self.isNoise(event.name) {
            let name =
                "\(event.partner.map { "partner \($0.rawValue)" } ?? "the lab"): \(Self.topic(of: event.name))"
            let fields = Self.telling.compactMap { field in event.text(field).map { "\(field) \($0)" } }
            let line = ([event.name.rawValue] + fields).joined(separator: " ")
            var strand = strands[name] ?? Strand(partner: event.partner)
            // An attempt that ends like the one before it: its start and its end repeat in turn.
            if strand.lines.suffix(2).contains(line) { continue }
            strand.lines.append(line)
            strand.events.append(event)
            strands[name] = strand
        }
    }

    /// How many lines are compared.
    var count: Int { strands.values.reduce(0) { $0 + $1.lines.count } }

    /// The same for `SequenceDifference`.
    var sequence: EventSequence {
        EventSequence(
            strands: strands.sorted { $0.key < $1.key }.map {
                EventSequence.Strand(name: $0.key, lines: $0.value.lines)
            })
    }

    /// Whether an event tells of the run's surroundings, or repeats with time alone.
    private static func isNoise(_ name: EventName) -> Bool {
        switch name {
        case .runStarted, .confined, .census, .loadEnded, .lateTick, .mirrorAcknowledged, .requestReceived,
            .requestRejected, .partnerPhase, .recordingFailed:
            true
        default: false
        }
    }

    /// The mailbox is looked at when it happens to be; whoever boots sees a knock or does not.
    private static func topic(of name: EventName) -> String {
        switch name {
        case .greetingSeen, .confirmationSeen: "mailbox"
        default: EventKind(name).rawValue
        }
    }
}
