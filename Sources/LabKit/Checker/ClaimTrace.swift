import ClusterConnection

/// Where a claim can be followed in one partner's events, or why it cannot.
package struct ClaimTrace: Sendable {
    package enum Standing: Hashable, Sendable {
        case shown
        /// The scenario's boots made it impossible; why.
        case notApplicable(String)
        /// The events say otherwise; how.
        case broken(String)

        var isBroken: Bool { if case .broken = self { true } else { false } }
    }

    package var claim: Claim
    package var partner: PartnerID
    package var standing: Standing
    /// The lines to read, in order of time.
    package var evidence: [HistoryEvent]
}

extension Timeline {
    /// Every cited claim for both partners.
    func claimTraces() -> [ClaimTrace] {
        record.variant.scenario.claims.flatMap { claim in
            PartnerID.allCases.map { partner in
                guard speech(of: partner).tells(.handshake, .incarnations) else {
                    return ClaimTrace(
                        claim: claim, partner: partner,
                        standing: .notApplicable("its program does not tell of the handshake"), evidence: [])
                }
                guard let connection = firstConnection(of: partner) else {
                    return ClaimTrace(
                        claim: claim, partner: partner,
                        standing: .broken("\(partner.rawValue) never established a connection"), evidence: [])
                }
                let (standing, evidence) = trace(claim, connection)
                return ClaimTrace(
                    claim: claim, partner: partner, standing: standing,
                    evidence: evidence.compactMap { $0 }.sorted { $0.time < $1.time })
            }
        }
    }

    /// Rule `claimed`: what is cited must be shown by one partner at least, and contradicted by none.
    func brokenClaims(_ traces: [ClaimTrace]) -> [Broken] {
        var broken = neverEstablished(traces)
        for claim in record.variant.scenario.claims {
            let both = traces.filter { $0.claim == claim }
            for trace in both {
                guard case .broken(let why) = trace.standing, !trace.evidence.isEmpty else { continue }
                broken.append(
                    Broken(
                        .claimed,
                        "\(claim.rawValue) for \(trace.partner.rawValue) (\(claim.sentence)): \(why)",
                        evidence: trace.evidence))
            }
            let reasons = both.compactMap { trace -> String? in
                if case .notApplicable(let why) = trace.standing { why } else { nil }
            }
            if !both.isEmpty, reasons.count == both.count {
                broken.append(
                    Broken(
                        .claimed,
                        "\(claim.rawValue) (\(claim.sentence)): neither partner can show it: "
                            + reasons.joined(separator: "; ")))
            }
        }
        return broken
    }

    /// One case for each partner that has no connection to follow any claim on.
    private func neverEstablished(_ traces: [ClaimTrace]) -> [Broken] {
        PartnerID.allCases.compactMap { partner in
            let missing = traces.filter {
                $0.partner == partner && $0.evidence.isEmpty && $0.standing.isBroken
            }
            guard let first = missing.first, case .broken(let why) = first.standing else { return nil }
            let claims = missing.map(\.claim.rawValue).joined(separator: ", ")
            return Broken(
                .claimed, "\(claims) for \(partner.rawValue): \(why)",
                evidence: (lives[partner]?.last?.events ?? []).filter { $0.time <= end }.suffix(3))
        }
    }
}
