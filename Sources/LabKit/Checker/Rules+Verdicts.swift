import ClusterConnection

extension Timeline {
    /// The bound within which `finder` must find a loss.
    private func bound(of loss: Loss, for finder: PartnerID) -> TimeSpan {
        if speech(of: finder).isForeign, let found = record.variant.scenario.bounds.found {
            return found + promise.slack
        }
        switch loss.kind {
        case .frozen, .starved: return promise.hung(settings(of: finder))
        case .cut, .lopsided, .railless, .degraded: return promise.unreachable(settings(of: finder))
        case .ended:
            // Nobody hears the end of a process behind a cut rail: where one of several is cut, it is the last that ends.
            // One that carries packets badly may lose the goodbye.
            let silent = (railCuts + degraded).contains { $0.contains(loss.began) }
            // Who was told to stop stays for his goodbye: that long, his memory can still be read.
            let isGoodbye =
                loss.event.text("told") == StepAction.stop.rawValue
                || loss.event.fields["goodbyeBegan"] != nil
            let goodbye = isGoodbye ? settings(of: loss.partner).heartbeatInterval * 2 : .zero
            return (silent ? promise.unreachable(settings(of: finder)) : promise.dead) + goodbye
        }
    }

    /// The verdicts that a kind of loss may bring.
    private func verdicts(of kind: Loss.Kind) -> [Verdict] {
        switch kind {
        case .frozen: [.hung]
        case .cut: [.unreachable]
        case .ended: [.dead, .unreachable, .rebooted]
        // The partner's kernel may still say goodbye over a device that is being removed, and the one of two that hears
        // the other hears that it gives up.
        case .railless, .lopsided, .degraded: [.dead, .unreachable]
        case .starved: [.hung, .dead, .unreachable]
        }
    }

    /// Rule `alive-means-alive`.
    func falseAlarms() -> [Broken] {
        PartnerID.allCases.flatMap { partner in
            events.filter { $0.partner == partner && $0.name == .verdict }.compactMap { verdict in
                falseAlarm(verdict, by: partner)
            }
        }
    }

    private func falseAlarm(_ event: HistoryEvent, by partner: PartnerID) -> Broken? {
        let verdict = event.text("verdict") ?? ""
        if verdict == Verdict.incompatible.word { return falseRefusal(event, by: partner) }
        guard verdict != Verdict.alive.word, verdict != "none",
            let stretch = established[partner]?.last(where: {
                $0.lost == event.time && $0.event.time < event.time
            })
        else { return nil }
        let other = partner.other
        let causes = losses(of: other).filter {
            $0.began <= event.time && justifies($0, event, stretch, by: partner)
        }
        if causes.isEmpty && !disturbed(partner, at: event.time) {
            return Broken(
                .aliveMeansAlive,
                "\(partner.rawValue) said '\(verdict)' of \(other.rawValue), which lived, ran and was connected",
                evidence: [stretch.event, event])
        }
        return prematureAlarm(event, by: partner, causes)
    }

    /// Whether two partners understand each other follows from what they are configured to speak, and from nothing
    /// that happens.
    private func falseRefusal(_ event: HistoryEvent, by partner: PartnerID) -> Broken? {
        guard record.variant.scenario.discord == nil else { return nil }
        return Broken(
            .aliveMeansAlive,
            "\(partner.rawValue) said 'incompatible' of \(partner.other.rawValue), which speaks what it speaks",
            evidence: events.filter {
                $0.time <= event.time && ($0.name == .partnerRefused || $0.name == .exchangeFailed)
            }.suffix(2) + [event])
    }

    /// Whether a loss can be why a partner gave up a connection.
    private func justifies(_ loss: Loss, _ event: HistoryEvent, _ stretch: Established, by partner: PartnerID)
        -> Bool
    {
        if loss.kind == .ended { return loss.event.incarnation == stretch.partnerIncarnation }
        guard let over = loss.over else { return true }
        return event.time <= over + bound(of: loss, for: partner) + promise.connect
    }

    /// Whether a partner had itself stood still shortly before: its own pause is followed by the other's
    /// verdict on it, and that by the end of the connection.
    private func disturbed(_ partner: PartnerID, at moment: Instant) -> Bool {
        let aftermath = promise.hung(settings(of: partner)) + promise.connect
        return standstills(of: partner).contains {
            $0.touches(from: moment, to: moment, aftermath: aftermath)
        }
    }

    /// The times in which a partner did not run, or not as it should.
    private func standstills(of partner: PartnerID) -> [Stretch] {
        (frozen[partner] ?? []) + (starved[partner] ?? [])
    }

    /// A verdict of standstill before the miss limit had passed. Who stands still may have moved last a whole interval
    /// before that, and was about to move, as late as scheduling makes a process.
    private func prematureAlarm(_ event: HistoryEvent, by partner: PartnerID, _ causes: [Loss]) -> Broken? {
        let settings = settings(of: partner)
        let least = settings.heartbeatInterval * (settings.missLimit - 1)
        guard event.text("verdict") == Verdict.hung.word,
            let freeze = causes.last(where: { $0.kind == .frozen }),
            event.time - freeze.began + promise.slack < least
        else { return nil }
        return Broken(
            .aliveMeansAlive,
            "\(partner.rawValue) said 'hung' of \(partner.other.rawValue) "
                + "\(SpanText.rounded(event.time - freeze.began)) after it stood still; the miss limit is "
                + "\(settings.missLimit) intervals of \(SpanText.exact(settings.heartbeatInterval))",
            evidence: [freeze.event, event])
    }

    /// Rule `found-in-time`.
    func lossesNotFound() -> [Broken] {
        PartnerID.allCases.flatMap { finder in
            losses(of: finder.other).compactMap { lossNotFound($0, by: finder) }
        }
    }

    private func lossNotFound(_ loss: Loss, by finder: PartnerID) -> Broken? {
        let bound = bound(of: loss, for: finder)
        let firstLimit = loss.effect + bound
        let others = losses(of: loss.partner).filter { other in
            other.began <= firstLimit && (other.over.map { loss.began <= $0 } ?? true)
        }
        // What happens before a loss is found can hide it: behind a rail that is cut nobody sees a counter stand still.
        // From then on it is the later one that has to be found.
        let limit = others.filter { $0.began > loss.began }
            .map { $0.effect + self.bound(of: $0, for: finder) }.reduce(firstLimit, max)
        guard owes(finder, loss, until: limit) else { return nil }
        let allowed =
            speech(of: finder).tells(.causes)
            ? Set(others.flatMap { verdicts(of: $0.kind) })
            : [.dead, .hung, .unreachable, .rebooted]
        let found = events.first {
            $0.partner == finder && $0.name == .verdict && $0.time >= loss.began
                && $0.text("verdict") != Verdict.alive.word && $0.text("verdict") != "none"
        }
        let what = "\(describe(loss)); \(finder.rawValue)"
        let promised = "\(SpanText.rounded(bound)) are promised"
        guard let found, let verdict = Verdict.allCases.first(where: { $0.word == found.text("verdict") })
        else {
            let last = events.last { $0.partner == finder && $0.name == .verdict }
            return Broken(
                .foundInTime, "\(what) never noticed (\(promised))",
                evidence: [last, loss.event].compactMap { $0 })
        }
        if found.time > limit {
            return Broken(
                .foundInTime,
                "\(what) noticed after \(SpanText.rounded(found.time - loss.effect)) (\(promised))",
                evidence: [loss.event, found])
        }
        if !allowed.contains(verdict) {
            let names = allowed.map(\.word).sorted().joined(separator: " or ")
            return Broken(
                .foundInTime, "\(what) said '\(verdict.word)' where \(names) is what happened",
                evidence: [loss.event, found])
        }
        return nil
    }

    /// Whether a partner had to find a loss: it was connected, and nothing kept it from looking.
    private func owes(_ finder: PartnerID, _ loss: Loss, until limit: Instant) -> Bool {
        guard loss.kind != .degraded, loss.kind != .starved, limit <= end,
            let stretch = established(by: finder, at: loss.began)
        else { return false }
        if loss.kind == .ended && loss.event.incarnation != stretch.partnerIncarnation { return false }
        if let over = loss.over, over < limit { return false }
        guard let own = life(of: finder, at: loss.began), own.endBegan.map({ $0 > limit }) ?? true else {
            return false
        }
        // A partner that stood still until shortly before gives no verdict: it asks for a new connection first. What fails
        // must have begun within two intervals of its return, and an operation under way at the loss began one earlier.
        let blamedItself = events.contains {
            $0.partner == finder && $0.name == .retired && $0.text("reason") == "ownLateness"
                && loss.began <= $0.time && $0.time <= limit
        }
        let memory = blamedItself ? settings(of: finder).heartbeatInterval * 3 + promise.slack : .zero
        return !standstills(of: finder).contains {
            $0.touches(from: loss.began, to: limit, aftermath: memory)
        }
    }

    private func describe(_ loss: Loss) -> String {
        switch loss.kind {
        case .ended: "\(loss.partner.rawValue)'s process ended"
        case .frozen: "\(loss.partner.rawValue) stood still"
        case .cut: "the rail was cut"
        case .lopsided: "the rail was cut at \(loss.event.partner?.rawValue ?? "one")'s end"
        case .degraded: "the rail carried packets badly"
        case .starved: "\(loss.partner.rawValue) was short of processor time or memory"
        case .railless: "\(loss.partner.rawValue)'s end of the rail was taken away"
        }
    }
}
