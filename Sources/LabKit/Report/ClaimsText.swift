import ClusterConnection

/// Where each cited claim can be followed, line by line, for both partners: `claims.txt` of a run.
package enum ClaimsText {
    /// The text; empty when the scenario cites no claim.
    package static func text(_ traces: [ClaimTrace], start: Instant) -> String {
        var text = ""
        var current: Claim?
        for trace in traces {
            if trace.claim != current {
                text += (current == nil ? "" : "\n") + "\(trace.claim.rawValue)  \(trace.claim.sentence)\n"
                current = trace.claim
            }
            switch trace.standing {
            case .shown: text += "  partner \(trace.partner.rawValue): shown by\n"
            case .notApplicable(let why):
                text += "  partner \(trace.partner.rawValue): not applicable, \(why)\n"
            case .broken(let why): text += "  partner \(trace.partner.rawValue): NOT SHOWN, \(why)\n"
            }
            for event in trace.evidence { text += "    " + Table.eventText(event, start: start) + "\n" }
        }
        return text
    }
}
