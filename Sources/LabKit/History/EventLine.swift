import ClusterConnection
import StrictYAML

/// Reads the lines that a partner process writes. The process may be anything, so nothing is taken on trust.
enum EventLine {
    /// Fields that the checker relies on, for the events that have them. The vocabulary lists all of them.
    private static func required(_ name: EventName, _ speech: HistorySpeech) -> [(
        field: String, number: Bool
    )] {
        if speech.isForeign { return requiredOfPrograms(name, speech) ?? requiredOfAll(name) }
        return requiredOfAll(name)
    }

    /// What another program than `ccmd` has to say more, or less; nil for the same.
    private static func requiredOfPrograms(_ name: EventName, _ speech: HistorySpeech) -> [(
        field: String, number: Bool
    )]? {
        switch name {
        case .listening where !speech.tells(.handshake): [("address", false)]
        case .connected where !speech.tells(.incarnations): [("connection", true)]
        case .established:
            [("connection", true)] + (speech.tells(.incarnations) ? [("partnerIncarnation", false)] : [])
                + (speech.tells(.handshake) ? [("queuePair", true), ("partnerQueuePair", true)] : [])
        default: nil
        }
    }

    private static func requiredOfAll(_ name: EventName) -> [(field: String, number: Bool)] {
        switch name {
        case .started: [("pid", true)]
        case .bootPhase: [("phase", false)]
        case .listening:
            [("address", false), ("port", true), ("statusBlockAddress", false), ("mailboxAddress", false)]
        case .waitingForRail: [("address", false), ("missing", false)]
        case .railLost: [("address", false), ("reason", false)]
        case .failed: [("reason", false)]
        case .connected: [("connection", true), ("partnerIncarnation", false)]
        case .retired: [("connection", true)]
        case .railFault: [("connection", true), ("reason", false), ("rail", true)]
        case .firstReadPosted, .firstWritePosted, .secondReadPosted, .secondWritePosted:
            [("connection", true), ("address", false)]
        case .firstReadCompleted: [("connection", true), ("partnerIncarnation", false), ("phase", false)]
        case .firstWriteCompleted, .secondReadCompleted, .secondWriteCompleted: [("connection", true)]
        case .greetingSeen, .confirmationSeen: [("partnerIncarnation", false)]
        case .handshakeFailed: [("connection", true), ("step", false), ("reason", false)]
        case .established: [("connection", true), ("partnerIncarnation", false)]
        case .verdict: [("verdict", false)]
        case .messageSent, .messageReceived: [("kind", false), ("number", true)]
        case .peerInformation: [("version", true)]
        case .clientInformation: [("clients", true)]
        case .readySaid, .partnerReady, .portsDestroyed: [("connection", true), ("clients", true)]
        case .clientRegistered, .clientRefused, .clientWithdrawn, .clientWaits, .portsFailed:
            [("client", false), ("clientNumber", true)]
        case .clientMatched, .portsMade:
            [("client", false), ("clientNumber", true), ("ports", true), ("memory", true)]
        case .clientPaused: [("client", false), ("clientNumber", true), ("partnerIncarnation", false)]
        case .clientReady, .clientResumed:
            [("client", false), ("clientNumber", true), ("partnerIncarnation", false), ("ports", true)]
        case .clientLost:
            [("client", false), ("clientNumber", true), ("partnerIncarnation", false), ("reason", false)]
        case .decision: [("client", false), ("decision", false)]
        case .firstReply: [("client", false), ("partnerIncarnation", false)]
        case .messengerReport: [("client", false), ("requests", true), ("replies", true)]
        case .mirrorRecovered: [("client", false), ("highest", true), ("damaged", true)]
        case .mirrorAcknowledged, .mirrorReport: [("client", false), ("highest", true)]
        case .memoryChecked:
            [
                ("client", false), ("moment", false), ("checksum", false), ("highest", true),
                ("outOfTurn", true),
            ]
        case .foreignMessage: [("client", false), ("writer", false)]
        case .workAbandoned:
            [
                ("client", false), ("connection", true), ("arrived", true), ("refused", true),
                ("unfinished", true),
            ]
        case .accessRefused: [("queuePair", true), ("count", true)]
        case .partnerRefused, .exchangeFailed: [("connection", true), ("reason", false)]
        case .partnerStalled: [("phase", false)]
        case .failpointReached: [("act", false), ("dueNs", true)]
        case .confined, .recordingFailed, .stopped, .connectStarted, .connectFailed, .requestReceived,
            .requestRejected,
            .requestAccepted, .partnerPhase, .lateTick, .runStarted, .fault, .census, .loadEnded,
            .processEnded, .runEnded:
            []
        }
    }

    /// The longest line that is read; a longer one is a problem in itself.
    static let maxLength = 65_536

    /// Whether the lab writes such events, which the checker believes.
    static func isOfLab(_ event: EventName) -> Bool {
        switch event {
        case .runStarted, .runEnded, .fault, .census, .loadEnded, .processEnded: true
        default: false
        }
    }

    /// The event that a line of this partner's history holds.
    ///
    /// - Parameter speech: what the history tells.
    /// - Throws: what is wrong with the line, in words that follow "line 12: ".
    static func event(
        _ line: ArraySlice<UInt8>, of partner: PartnerID, speech: HistorySpeech = .ccmd
    ) throws(EventLineProblem) -> HistoryEvent {
        guard line.count <= maxLength else {
            throw EventLineProblem("longer than \(maxLength) bytes")
        }
        let value: JSONValue
        do {
            value = try JSONReader.value(of: line)
        } catch {
            throw EventLineProblem("\(error)")
        }
        guard case .object(let object) = value else { throw EventLineProblem("not a JSON object") }
        guard let time = object["time"]?.unsignedInteger else {
            throw EventLineProblem("'time' must be a whole number of nanoseconds")
        }
        guard let name = object["event"]?.string else { throw EventLineProblem("'event' is missing") }
        guard let event = EventName(rawValue: name) else {
            let nearest = nearestName(to: name, among: EventName.allCases.map(\.rawValue))
            let hint = nearest.map { "; nearest is '\($0)'" } ?? ""
            throw EventLineProblem("'\(name.prefix(64))' is not an event of the vocabulary" + hint)
        }
        guard !isOfLab(event) else {
            throw EventLineProblem("'\(name)' is the lab's to write, and no partner's")
        }
        guard object["partner"]?.string == partner.rawValue else {
            throw EventLineProblem("'partner' must be '\(partner.rawValue)'")
        }
        guard let incarnation = object["incarnation"]?.string, isIncarnation(incarnation) else {
            throw EventLineProblem("'incarnation' must be 16 hex digits")
        }
        for (field, number) in required(event, speech) {
            let value = object[field]
            if number ? value?.unsignedInteger == nil : value?.string == nil {
                throw EventLineProblem("\(name) needs '\(field)', a \(number ? "whole number" : "string")")
            }
        }
        try checkSpeech(event, object, speech)
        let own = ["time", "partner", "incarnation", "event"]
        let rest = object.fields.filter { !own.contains($0.name) }.map { ($0.name, $0.value) }
        return HistoryEvent(
            time: Instant(nanoseconds: time), partner: partner, incarnation: incarnation, name: event,
            fields: JSONObject(rest))
    }

    /// What another program than `ccmd` says of its history, and the words of its verdicts.
    private static func checkSpeech(_ event: EventName, _ object: JSONObject, _ speech: HistorySpeech)
        throws(EventLineProblem)
    {
        guard speech.isForeign else { return }
        if event == .started, HistorySpeech.parts(of: object["speaks"]) == nil {
            let parts = HistoryPart.allCases.map(\.rawValue).joined(separator: ", ")
            throw EventLineProblem("started needs 'speaks', a list of what the history tells, of \(parts)")
        }
        let verdicts = Verdict.allCases.map(\.word) + ["none"]
        if event == .verdict, let word = object["verdict"]?.string, !verdicts.contains(word) {
            throw EventLineProblem(
                "'verdict' must be one of \(verdicts.joined(separator: ", ")), not '\(word.prefix(64))'")
        }
    }

    private static func isIncarnation(_ text: String) -> Bool {
        text.utf8.count == 16
            && text.utf8.allSatisfy { byte in
                (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte)
                    || (UInt8(ascii: "a")...UInt8(ascii: "f")).contains(byte)
            }
    }
}

/// What is wrong with a line of a partner's history.
struct EventLineProblem: Error, Hashable, CustomStringConvertible {
    var description: String
    init(_ description: String) { self.description = description }
}
