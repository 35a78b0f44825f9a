import ClusterConnection

/// A rule that a partner's program was not judged by, because its history does not tell what the rule is about.
package struct Unjudged: Hashable, Sendable {
    package var rule: Rule
    package var partner: PartnerID
    /// What the history would have to tell.
    package var lacks: [HistoryPart]

    /// In the words of a report.
    package var text: String {
        rule == .foundInTime ? "\(rule.rawValue) (in time, but not by which verdict)" : rule.rawValue
    }
}

extension Timeline {
    /// What each partner was not judged by, in the order of the rules.
    func unjudged() -> [Unjudged] {
        PartnerID.allCases.flatMap { partner in
            Rule.allCases.compactMap { rule in
                let wanted: [HistoryPart] =
                    switch rule {
                    // A loss has to be found in any case.
                    case .foundInTime: [.causes]
                    case .claimed where !record.variant.scenario.claims.isEmpty: [.handshake, .incarnations]
                    default: rule.parts
                    }
                let lacks = wanted.filter { !speech(of: partner).tells($0) }
                return lacks.isEmpty ? nil : Unjudged(rule: rule, partner: partner, lacks: lacks)
            }
        }
    }
}
