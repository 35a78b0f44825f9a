import ClusterConnection

extension Timeline {
    /// Why a partner never came up, in its own words; nil when both did or the scenario wants to see it fail.
    var reasonNotStarted: String? {
        if let reason = reasonUnheard { return reason }
        for event in record.events where event.name == .processEnded {
            guard let partner = event.partner, event.number("began") == nil, !expectsFailure(of: partner)
            else {
                continue
            }
            let life = lives[partner]?.first { $0.ended == event }
            if let life, life.listening != nil || life.failpoint != nil { continue }
            let program = record.variant.scenario.programs[partner].map { " (\($0.name))" } ?? ""
            return "partner \(partner.rawValue)\(program) could not start: "
                + ownReason(of: partner, life, event)
        }
        return nil
    }

    /// Which program ran until it was told to stop, and never wrote that it started: there is nothing to judge it by.
    private var reasonUnheard: String? {
        for event in record.events where event.name == .processEnded {
            guard let partner = event.partner, let program = record.variant.scenario.programs[partner],
                event.text("told") == StepAction.stop.rawValue,
                !(lives[partner] ?? []).contains(where: { $0.ended == event })
            else { continue }
            let bad = record.badLines.first { $0.partner == partner }
            return
                "partner \(partner.rawValue) (\(program.name)) ran until it was told to stop, and never wrote “started”"
                + (bad.map { ": line \($0.line) of history-\(partner.rawValue).jsonl: \($0.problem)" } ?? "")
                + "; \(PartnerProgram.help)"
        }
        return nil
    }

    /// The reason that a process gave for its end: its last event, or its last complaint, or its status.
    private func ownReason(of partner: PartnerID, _ life: Life?, _ ended: HistoryEvent) -> String {
        if let reason = life?.events.last(where: { $0.name == .failed })?.text("reason") { return reason }
        if life == nil, let bad = record.badLines.first(where: { $0.partner == partner }) {
            return "line \(bad.line) of its history (history-\(partner.rawValue).jsonl): \(bad.problem)"
        }
        if let complaint = record.complaints[partner], !complaint.isEmpty { return complaint }
        return "the process ended with \(ended.statusText) and no word of its own"
    }

    private func expectsFailure(of partner: PartnerID) -> Bool {
        record.variant.scenario.expectations.contains { expectation in
            expectation.wantsSome
                && expectation.patterns.contains {
                    ($0.event == .failed || $0.event == .processEnded) && ($0.partner ?? partner) == partner
                }
        }
    }

    /// Rule `partner-runs`.
    func unexpectedEnds() -> [Broken] {
        record.events.filter { $0.name == .processEnded && $0.number("began") == nil }.compactMap { event in
            guard let partner = event.partner, !expectsFailure(of: partner) else { return nil }
            let life = lives[partner]?.first { $0.ended == event }
            if let life, life.failpoint != nil, life.wasKilled { return nil }
            let name = partner.rawValue
            if let life, let failpoint = life.failpoint {
                return Broken(
                    .partnerRuns,
                    "\(name) was to kill itself after \(failpoint) and ended with \(event.statusText) instead: "
                        + ownReason(of: partner, life, event), evidence: life.events.suffix(2) + [event])
            }
            return Broken(
                .partnerRuns, "\(name) ended by itself: " + ownReason(of: partner, life, event),
                evidence: (life?.events.suffix(3) ?? []) + [event])
        }
    }

    /// Rule `orderly-stop`.
    func disorderlyStops() -> [Broken] {
        PartnerID.allCases.flatMap { lives[$0] ?? [] }.compactMap { life in
            guard let ended = life.ended, ended.text("told") == StepAction.stop.rawValue else { return nil }
            let name = life.partner.rawValue
            if ended.number("status") != 0 {
                return Broken(
                    .orderlyStop, "\(name) was told to stop and ended with \(ended.statusText)",
                    evidence: life.events.suffix(2) + [ended])
            }
            if !life.events.contains(where: { $0.name == .stopped }) {
                return Broken(
                    .orderlyStop, "\(name) was told to stop and ended without its last event, 'stopped'",
                    evidence: life.events.suffix(2) + [ended])
            }
            return nil
        }
    }

    /// Rule `history-sound`.
    func unsoundHistory() -> [Broken] {
        unreadLines() + droppedLines() + incarnationsUsedTwice() + lifelessLines() + fallingPhases()
            + ghosts() + untoldParts()
    }

    /// A partner never waits for its reader, so it says when it had to leave lines out.
    private func droppedLines() -> [Broken] {
        record.events.compactMap { event in
            guard let dropped = event.number("droppedBefore"), let partner = event.partner else { return nil }
            return Broken(
                .historySound,
                "\(partner.rawValue) left out \(dropped) lines that the lab was too slow to read",
                evidence: [event])
        }
    }

    private func unreadLines() -> [Broken] {
        record.badLines.compactMap { bad in
            let killed = lives[bad.partner]?.contains { $0.wasKilled } ?? false
            if bad.problem == PartnerHistory.unfinished && killed { return nil }
            return Broken(
                .historySound,
                "line \(bad.line) of \(bad.partner.rawValue)'s history (history-\(bad.partner.rawValue).jsonl): "
                    + bad.problem)
        }
    }

    /// What a partner's program says that it tells, and does not.
    private func untoldParts() -> [Broken] {
        PartnerID.allCases.flatMap { partner -> [Broken] in
            guard speech(of: partner).isForeign,
                let life = lives[partner]?.first(where: { life in
                    life.events.contains { $0.name == .established }
                })
            else { return [] }
            return HistoryPart.allCases.filter { speech(of: partner).tells($0) }.compactMap { part in
                guard let sign = part.sign, !life.events.contains(where: { $0.name == sign }) else {
                    return nil
                }
                return Broken(
                    .historySound,
                    "\(partner.rawValue)'s program says that it speaks '\(part.rawValue)', and writes no '\(sign.rawValue)'",
                    evidence: [life.started])
            }
        }
    }

    private func incarnationsUsedTwice() -> [Broken] {
        var seen: [String: HistoryEvent] = [:]
        var broken: [Broken] = []
        for event in record.events where event.name == .started {
            if let first = seen[event.incarnation] {
                broken.append(
                    Broken(
                        .historySound, "incarnation \(event.incarnation) was used by two processes",
                        evidence: [first, event]))
            }
            seen[event.incarnation] = event
        }
        return broken
    }

    /// Lines of an incarnation that never said it started; one case for each.
    private func lifelessLines() -> [Broken] {
        var reported: Set<String> = []
        return record.events.compactMap { event in
            guard let partner = event.partner, !EventLine.isOfLab(event.name),
                life(of: partner, incarnation: event.incarnation) == nil,
                reported.insert(event.incarnation).inserted
            else { return nil }
            return Broken(
                .historySound,
                "\(partner.rawValue) writes as incarnation \(event.incarnation), which never said 'started'",
                evidence: [event])
        }
    }

    private func fallingPhases() -> [Broken] {
        PartnerID.allCases.flatMap { lives[$0] ?? [] }.flatMap { life in
            zip(life.phases, life.phases.dropFirst()).compactMap { before, after in
                guard after.phase <= before.phase else { return nil }
                return Broken(
                    .historySound,
                    "\(life.partner.rawValue)'s boot phase went from \(before.phase.word) to \(after.phase.word); "
                        + "within one incarnation it only rises",
                    evidence: [before.event, after.event])
            }
        }
    }

    /// What is written of a connection right behind its end: its ports are taken away then, and what became of their
    /// work is told.
    private static let aftermath: Set<EventName> = [.portsDestroyed, .railFault, .workAbandoned]

    /// Lines about a connection that was retired before.
    private func ghosts() -> [Broken] {
        PartnerID.allCases.flatMap { lives[$0] ?? [] }.flatMap { life in
            var retired: [UInt64: HistoryEvent] = [:]
            var broken: [Broken] = []
            for event in life.events {
                guard let connection = event.number("connection") else { continue }
                if event.name == .retired {
                    retired[connection] = retired[connection] ?? event
                } else if !Self.aftermath.contains(event.name), let end = retired[connection] {
                    broken.append(
                        Broken(
                            .historySound,
                            "\(life.partner.rawValue) had retired connection \(connection) "
                                + "when its \(event.name.rawValue) came", evidence: [end, event]))
                }
            }
            return broken
        }
    }
}

extension HistoryEvent {
    /// How a process ended, for messages.
    var statusText: String {
        if let signal = number("signal") { return "signal \(signal)" }
        if let status = number("status") { return "status \(status)" }
        return "an unknown status"
    }
}
