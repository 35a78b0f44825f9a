import ClusterConnection

/// A run as a sequence diagram of the two partners, in text: time, what `a` wrote, what went from one to the other,
/// what `b` wrote. Never wider than 100 columns.
package struct SequenceDiagram {
    /// The lines of the diagram.
    package private(set) var lines: [String] = []

    private static let timeWidth = 12
    private static let laneWidth = 36
    private static let gapWidth = 100 - timeWidth - 2 * laneWidth - 2

    /// The diagram of a history. What repeats without end, as heartbeats and acknowledged records, is left out.
    package init(_ events: [HistoryEvent]) {
        let start = events.first?.time ?? Instant(nanoseconds: 0)
        lines.append(
            Self.row("ms", Self.centred("a", Self.laneWidth), "", Self.centred("b", Self.laneWidth)))
        for event in events {
            guard event.name != .mirrorAcknowledged, let text = Self.text(of: event) else { continue }
            let time = Self.milliseconds(event.time - start)
            switch event.partner {
            case .a: lines.append(Self.row(time, text, Self.arrow(event, leftwards: false), ""))
            case .b:
                lines.append(Self.row(time, "", Self.arrow(event, leftwards: true), text))
            case nil: lines.append(Self.row(time, "", "", "") + " -- \(text) --")
            }
        }
        lines = lines.map { line in
            var line = line
            while line.last == " " { line.removeLast() }
            return String(line.prefix(100))
        }
    }

    private static func row(_ time: String, _ left: String, _ gap: String, _ right: String) -> String {
        func padded(_ text: String, _ width: Int) -> String {
            let text = text.count > width ? text.prefix(width - 2) + ".." : text[...]
            return text + String(repeating: " ", count: width - text.count)
        }
        let number = String(repeating: " ", count: max(0, timeWidth - 1 - time.count)) + time + " "
        return number + padded(left, laneWidth) + " " + padded(gap, gapWidth) + " " + padded(right, laneWidth)
    }

    private static func centred(_ text: String, _ width: Int) -> String {
        String(repeating: " ", count: (width - text.count) / 2) + text
    }

    private static func milliseconds(_ span: TimeSpan) -> String {
        let microseconds = span.nanoseconds / 1_000
        let rest = "\(microseconds % 1_000)"
        return "\(microseconds / 1_000)." + String(repeating: "0", count: 3 - rest.count) + rest
    }

    /// What leaves one partner for the other.
    private static func arrow(_ event: HistoryEvent, leftwards: Bool) -> String {
        let line: Character
        switch event.name {
        case .connectStarted, .requestRejected, .requestAccepted, .firstWritePosted, .secondWritePosted,
            .messageSent:
            line = "-"
        case .firstReadPosted, .secondReadPosted: line = "."
        default: return ""
        }
        let shaft = String(repeating: line, count: gapWidth - 1)
        return leftwards ? "<" + shaft : shaft + ">"
    }

    private static func text(of event: HistoryEvent) -> String? {
        let name = event.name.rawValue
        func with(_ fields: String...) -> String {
            fields.compactMap { event.text($0) }.reduce(name) { $0 + " " + $1 }
        }
        switch event.name {
        case .connectStarted: return with("kind", "attempt")
        case .connectFailed, .requestRejected, .handshakeFailed, .retired, .railFault: return with("reason")
        case .bootPhase, .partnerPhase, .partnerStalled: return with("phase")
        case .verdict: return with("verdict", "reason")
        case .messageSent, .messageReceived: return with("kind")
        case .clientReady, .clientLost, .clientWaits, .clientPaused, .clientResumed, .clientRegistered,
            .clientWithdrawn, .clientRefused, .clientMatched, .portsMade, .portsFailed, .firstReply:
            return with("client")
        case .decision: return with("decision", "reason")
        case .fault: return "\(event.text("action") ?? "fault") (\(event.text("step") ?? ""))"
        case .memoryChecked: return with("moment", "highest")
        case .runStarted, .confined, .census, .loadEnded: return nil
        default: return name
        }
    }
}
