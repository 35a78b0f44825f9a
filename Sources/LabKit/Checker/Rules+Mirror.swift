import ClusterConnection

/// What a log mirror held for safe at one life of the partner that keeps the copy.
private struct Acknowledged {
    var highest: UInt64
    var event: HistoryEvent
}

extension Timeline {
    /// Rule `nothing-acknowledged-is-lost`.
    func lostRecords() -> [Broken] {
        PartnerID.allCases.flatMap { partner in
            let lines = record.events.filter { $0.partner == partner }
            return Set(lines.filter { $0.name == .mirrorRecovered }.compactMap { $0.text("client") }).sorted()
                .flatMap { lostRecords(of: $0, partner, lines) }
        }
    }

    /// Follows one mirror through all lives of its partner: a later life reads what an earlier one wrote.
    private func lostRecords(of client: String, _ partner: PartnerID, _ lines: [HistoryEvent]) -> [Broken] {
        var broken: [Broken] = []
        var holder: String?
        var safe: [String: Acknowledged] = [:]
        func acknowledged(_ event: HistoryEvent, by keeper: String?) {
            guard let keeper, let highest = event.number("highest") else { return }
            if highest >= safe[keeper]?.highest ?? 0 {
                safe[keeper] = Acknowledged(highest: highest, event: event)
            }
        }
        for event in lines where event.text("client") == client {
            switch event.name {
            case .clientReady: holder = event.partnerIncarnation
            case .mirrorAcknowledged: acknowledged(event, by: event.partnerIncarnation ?? holder)
            case .mirrorReport: acknowledged(event, by: event.partnerIncarnation ?? holder)
            case .mirrorRecovered:
                broken += whatWasNotThere(event, partner, safe, by: event.partnerIncarnation ?? holder)
            default: break
            }
        }
        return broken
    }

    private func whatWasNotThere(
        _ recovered: HistoryEvent, _ partner: PartnerID, _ safe: [String: Acknowledged], by keeper: String?
    ) -> [Broken] {
        var broken: [Broken] = []
        let what = "\(partner.rawValue)'s mirror \(recovered.text("client") ?? "?")"
        if let damaged = recovered.number("damaged"), damaged > 0 {
            broken.append(
                Broken(
                    .nothingAcknowledgedIsLost, "\(what) found \(damaged) damaged records at its partner",
                    evidence: [recovered]))
        }
        let highest = recovered.number("highest") ?? 0
        if let keeper, let before = safe[keeper], before.highest > highest {
            broken.append(
                Broken(
                    .nothingAcknowledgedIsLost,
                    "\(what) found records up to \(highest) at a partner that had acknowledged "
                        + "\(before.highest) and lived on", evidence: [before.event, recovered]))
        }
        return broken
    }
}
