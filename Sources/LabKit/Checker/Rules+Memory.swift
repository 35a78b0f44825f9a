import ClusterConnection

extension Timeline {
    /// Rule `nothing-written-after-loss`.
    func writtenAfterLoss() -> [Broken] {
        let all = PartnerID.allCases.flatMap { lives[$0] ?? [] }
        return all.flatMap { changedWhileFenced($0) + foreignMessages($0) } + missingAtTheFence()
    }

    /// Memory that changed, or was not looked at, between a loss and the next ports.
    private func changedWhileFenced(_ life: Life) -> [Broken] {
        var broken: [Broken] = []
        // By client: what its memory held when it was told of the loss, and the loss that is to be followed by a look.
        var fenced: [String: HistoryEvent] = [:]
        var unchecked: [String: HistoryEvent] = [:]
        let mirrors = Set(life.events.filter { $0.name == .mirrorRecovered }.compactMap { $0.text("client") })
        for event in life.events {
            guard let client = event.text("client") else { continue }
            let what = "\(life.partner.rawValue)'s client \(client)"
            switch event.name {
            case .clientLost, .clientPaused:
                if mirrors.contains(client),
                    event.name == .clientPaused || event.text("reason") == "connection"
                {
                    unchecked[client] = event
                }
            case .clientReady, .clientResumed:
                if let loss = unchecked.removeValue(forKey: client) {
                    broken.append(
                        Broken(
                            .nothingWrittenAfterLoss,
                            "\(what) was told ready without its memory having been looked at after the loss before",
                            evidence: [loss, event]))
                }
            case .memoryChecked:
                if let count = event.number("outOfTurn"), count > 0 {
                    broken.append(
                        Broken(
                            .nothingWrittenAfterLoss,
                            "\(what) found \(count) records of a life of its partner that another life had followed",
                            evidence: [event]))
                }
                if let before = fenced[client], before.text("checksum") != event.text("checksum") {
                    broken.append(
                        Broken(
                            .nothingWrittenAfterLoss,
                            "\(what) was told of a loss, and its memory changed after it",
                            evidence: [before, event]))
                }
                switch event.text("moment") {
                case "lost", "paused": fenced[client] = event
                case "remade":
                    if fenced.removeValue(forKey: client) != nil { unchecked[client] = nil }
                default: break
                }
            default: break
            }
        }
        return broken
    }

    private func foreignMessages(_ life: Life) -> [Broken] {
        life.events.filter { $0.name == .foreignMessage }.map { event in
            Broken(
                .nothingWrittenAfterLoss,
                "\(life.partner.rawValue)'s client \(event.text("client") ?? "?") was brought a message of incarnation "
                    + "\(event.text("writer") ?? "?"), which is not its partner", evidence: [event])
        }
    }

    /// Records whose writes ended well at one side, and which were not in the other's memory when it was fenced: they
    /// would have been written after it, or nowhere.
    private func missingAtTheFence() -> [Broken] {
        PartnerID.allCases.flatMap { keeper in
            (lives[keeper] ?? []).flatMap { life -> [Broken] in
                let book = ReadyBook(of: life)
                return book.entries.compactMap { entry in
                    guard let lost = entry.lost, let place = entry.lostPlace,
                        haveRecordsOfOneSize(entry.client),
                        let check = life.events[place...].first(where: {
                            $0.name == .memoryChecked && $0.text("client") == entry.client
                        }), check.text("moment") == "lost" || check.text("moment") == "paused",
                        let held = check.number("highest"),
                        let writer = self.life(
                            of: keeper.other, incarnation: entry.ready.partnerIncarnation ?? ""),
                        let (highest, evidence) = writtenWell(
                            by: writer, entry.client, to: life, from: entry.ready.time, until: lost.time),
                        highest > held
                    else { return nil }
                    return Broken(
                        .nothingWrittenAfterLoss,
                        "\(writer.partner.rawValue)'s writes up to record \(highest) ended well, and "
                            + "\(keeper.rawValue)'s memory held records up to \(held) when it was fenced",
                        evidence: evidence + [check])
                }
            }
        }
    }

    /// Whether the client's records can be told apart by the other side.
    private func haveRecordsOfOneSize(_ client: String) -> Bool {
        func size(_ partner: PartnerID) -> UInt64? {
            settings(of: partner).clients.first { $0.name == client }?.recordBytes
        }
        return size(.a) == size(.b)
    }

    /// The number of the last record that a mirror's transport reported as written, in the time in which its
    /// counterpart was ready for it; nil when it came to none.
    private func writtenWell(
        by writer: Life, _ client: String, to keeper: Life, from: Instant, until: Instant
    ) -> (UInt64, [HistoryEvent])? {
        let entry = ReadyBook(of: writer).entries.first {
            $0.client == client && $0.ready.partnerIncarnation == keeper.incarnation
                && $0.ready.time <= until && ($0.lost.map { $0.time >= from } ?? true)
        }
        guard let entry else { return nil }
        let lines = writer.events[entry.place...].dropFirst().prefix {
            !(($0.name == .clientReady || $0.name == .clientResumed) && $0.text("client") == client)
        }.filter { $0.text("client") == client }
        guard lines.contains(where: { $0.name == .mirrorRecovered }) else { return nil }
        let told = lines.last { $0.name == .mirrorReport || $0.name == .mirrorAcknowledged }
        guard let told, let highest = told.number("highest") else { return nil }
        let abandoned = lines.first { $0.name == .workAbandoned }
        // What had ended well and was not told any more counts only from where the mirror had come.
        let arrived = told.name == .mirrorReport ? abandoned?.number("arrived") ?? 0 : 0
        // A partner may say anything.
        let (written, isTooMuch) = highest.addingReportingOverflow(arrived)
        return (isTooMuch ? .max : written, [told] + (abandoned.map { [$0] } ?? []))
    }
}
