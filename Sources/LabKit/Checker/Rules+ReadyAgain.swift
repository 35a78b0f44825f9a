import ClusterConnection

/// Two clients that are each other's counterparts, as their registrations tell.
private struct Counterparts {
    var name: String
    /// When both had registered.
    var since: Instant
    /// When the first of them withdrew.
    var until: Instant?
}

extension Timeline {
    /// Rule `ready-again`.
    func notReadyAgain() -> [Broken] {
        guard record.variant.scenario.discord == nil else { return [] }
        return joinedStretches().flatMap { joined -> [Broken] in
            guard let a = joined.lives[.a], let b = joined.lives[.b],
                let begin = bothEstablished(in: joined)
            else { return [] }
            return counterparts(a, b).compactMap { pair in
                // A partner of version 1 hears of clients once in a connection's life.
                if usesVersionOne && pair.since > begin { return nil }
                return notReady(pair, a, b, joined, since: max(begin, pair.since))
            }
        }
    }

    private var usesVersionOne: Bool {
        settings(of: .a).speech.version(with: settings(of: .b).speech) == 1
    }

    /// When both sides held the connection, of a stretch in which nothing happened to them.
    private func bothEstablished(in joined: Joined) -> Instant? {
        var latest = joined.from
        for partner in PartnerID.allCases {
            // By then they are connected, or rule `connected-again` tells.
            guard let other = joined.lives[partner.other],
                let stretch = established(by: partner, at: joined.from + promise.connect),
                stretch.partnerIncarnation == other.incarnation
            else { return nil }
            latest = max(latest, stretch.event.time)
        }
        return latest
    }

    private func counterparts(_ a: Life, _ b: Life) -> [Counterparts] {
        a.events.filter { $0.name == .clientRegistered }.compactMap { own in
            guard let name = own.text("client"),
                let role = ClientRole.allCases.first(where: { $0.word == own.text("role") }),
                let other = b.events.first(where: {
                    $0.name == .clientRegistered && $0.text("client") == name
                        && $0.text("role") == role.counterpart.word
                })
            else { return nil }
            let ends = (a.events + b.events).filter {
                // Ports that fail where the scenario means them to leave their client out until the next
                // connection. Where nobody expects it, nothing is an excuse.
                $0.text("client") == name
                    && ($0.name == .clientWithdrawn
                        || $0.name == .portsFailed && record.variant.scenario.expects($0))
            }
            return Counterparts(
                name: name, since: max(own.time, other.time), until: ends.map(\.time).min())
        }
    }

    /// What a client can be told of its ports.
    private static let tellings: Set<EventName> = [.clientReady, .clientResumed, .clientPaused, .clientLost]

    private func notReady(
        _ pair: Counterparts, _ a: Life, _ b: Life, _ joined: Joined, since: Instant
    ) -> Broken? {
        let bound = promise.ready(settings(of: .a), settings(of: .b))
        let end = min(joined.to, pair.until ?? joined.to)
        guard since + bound < end else { return nil }
        for (life, other) in [(a, b), (b, a)] {
            for moment in [since + bound, end] {
                let last = life.events.last {
                    Self.tellings.contains($0.name) && $0.text("client") == pair.name && $0.time < moment
                }
                if let last, last.partnerIncarnation == other.incarnation {
                    if last.name == .clientReady || last.name == .clientResumed { continue }
                    // A rail was lost, and the ports are on their way to another.
                    if last.name == .clientPaused, moment - last.time <= bound { continue }
                }
                return Broken(
                    .readyAgain,
                    "\(life.partner.rawValue)'s client \(pair.name) was not ready "
                        + "\(SpanText.rounded(moment - since)) after it and its counterpart were connected "
                        + "(\(SpanText.rounded(bound)) are promised)",
                    evidence: [joined.cause]
                        + life.events.filter {
                            $0.time >= since && $0.time <= moment
                                && ($0.name == .exchangeFailed || $0.text("client") == pair.name)
                        }.suffix(3))
            }
        }
        return nil
    }
}
