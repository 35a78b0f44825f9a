import ClusterConnection

/// A stretch in which two lives could be connected: both listen and run, and the rail is whole.
struct Joined {
    var from: Instant
    var to: Instant
    var lives: [PartnerID: Life]
    /// What made it possible at last: the later `listening`, or the lab's line about a thaw or a heal.
    var cause: HistoryEvent
}

extension Timeline {
    /// Every stretch of the run in which two lives could be connected, in order of time.
    func joinedStretches() -> [Joined] {
        var stretches: [Joined] = []
        for first in lives[.a] ?? [] {
            for second in lives[.b] ?? [] {
                guard let one = first.listening, let two = second.listening else { continue }
                let cause = one.time >= two.time ? one : two
                let to = [first.endBegan, second.endBegan, end].compactMap { $0 }.min() ?? end
                guard cause.time < to else { continue }
                let whole = Joined(from: cause.time, to: to, lives: [.a: first, .b: second], cause: cause)
                stretches += disturbances.reduce([whole]) {
                    parts, disturbance in
                    parts.flatMap { without(disturbance, $0) }
                }
            }
        }
        return stretches.sorted { $0.from < $1.from }
    }

    /// What is left of a stretch without a disturbance.
    private func without(_ disturbance: Stretch, _ stretch: Joined) -> [Joined] {
        guard disturbance.touches(from: stretch.from, to: stretch.to) else { return [stretch] }
        var parts: [Joined] = []
        if disturbance.from > stretch.from {
            var before = stretch
            before.to = disturbance.from
            parts.append(before)
        }
        if let over = disturbance.to, over < stretch.to {
            var after = stretch
            after.from = over
            after.cause = record.events.first { $0.name == .fault && $0.time == over } ?? stretch.cause
            parts.append(after)
        }
        return parts
    }

    /// Rule `connected-again`.
    func notConnectedAgain() -> [Broken] {
        // Who cannot understand each other are not to be connected.
        guard record.variant.scenario.discord == nil else { return [] }
        let bound = promise.connect
        return joinedStretches().flatMap { joined -> [Broken] in
            guard joined.from + bound <= joined.to else { return [] }
            return PartnerID.allCases.compactMap { partner in
                for moment in [joined.from + bound, joined.to] {
                    guard let other = joined.lives[partner.other] else { continue }
                    if established(by: partner, at: moment)?.partnerIncarnation == other.incarnation {
                        continue
                    }
                    return notConnected(partner, at: moment, joined, bound)
                }
                return nil
            }
        }
    }

    private func notConnected(
        _ partner: PartnerID, at moment: Instant, _ joined: Joined, _ bound: TimeSpan
    ) -> Broken {
        let since = SpanText.rounded(moment - joined.from)
        let last = events.filter { $0.partner == partner && $0.time > joined.from && $0.time <= moment }
            .suffix(3)
        let what =
            moment == joined.to && moment > joined.from + bound
            ? "was no longer connected \(since)" : "was not connected \(since)"
        return Broken(
            .connectedAgain,
            "\(partner.rawValue) \(what) after both partners ran and listened on a whole rail "
                + "(\(SpanText.rounded(bound)) are promised)", evidence: [joined.cause] + last)
    }
}
