import ClusterConnection

/// A part of the vocabulary of events that a partner's program may tell, or leave out.
package enum HistoryPart: String, CaseIterable, Sendable {
    /// How far its boot has come: `bootPhase`.
    case phases
    /// The operations of the boot handshake, and the queue pairs of an established connection.
    case handshake
    /// Messages, and `readySaid` and `partnerReady`.
    case exchange
    /// What its clients are told.
    case clients
    /// Verdicts that tell one loss from another; without it, any other verdict than `alive` means that the partner is lost.
    case causes
    /// The partner's incarnation, in all that is about a connection.
    case incarnations

    /// An event that whoever tells this part writes when it becomes established; nil where there need not be one.
    var sign: EventName? {
        switch self {
        case .phases: .bootPhase
        case .handshake: .firstReadPosted
        case .exchange: .messageSent
        case .clients, .causes, .incarnations: nil
        }
    }
}

/// What a partner's history tells: all of it where the partner is `ccmd`, and what its program says where it is another one.
package struct HistorySpeech: Hashable, Sendable {
    /// Whether the partner is another program than `ccmd`.
    package var isForeign: Bool
    package var parts: Set<HistoryPart>

    /// That of `ccmd`.
    package static let ccmd = HistorySpeech(isForeign: false, parts: Set(HistoryPart.allCases))
    /// That of another program, before it has said more.
    package static let unsaid = HistorySpeech(isForeign: true, parts: [])

    package func tells(_ parts: HistoryPart...) -> Bool { self.parts.isSuperset(of: parts) }

    /// Hears what the program says with `started`.
    mutating func hear(_ started: HistoryEvent) {
        guard isForeign, let parts = Self.parts(of: started.fields["speaks"]) else { return }
        self.parts = parts
    }

    /// The parts that a field names; nil when it is no list of them.
    static func parts(of field: JSONValue?) -> Set<HistoryPart>? {
        guard case .array(let values)? = field else { return nil }
        let parts = values.compactMap { $0.string.flatMap(HistoryPart.init(rawValue:)) }
        return parts.count == values.count ? Set(parts) : nil
    }
}
