import ClusterConnection

extension Timeline {
    /// Rule `held-writes-refused`: of writes that the lab held back until the other side had fenced.
    ///
    /// That none of them ended well is for `nothing-written-after-loss`, which compares what the writer knows to be
    /// there with what was there at the fence; this rule has each of them end, and badly.
    func heldWritesNotRefused() -> [Broken] {
        events.filter { $0.text("action") == StepAction.releaseWrites.rawValue }.flatMap { release in
            guard let sender = release.partner,
                let hold = held[sender]?.last(where: { $0.from < release.time })
            else { return [Broken]() }
            let began = release.number("began").map { Instant(nanoseconds: $0) } ?? release.time
            guard let keeper = life(of: sender.other, at: began), let writer = life(of: sender, at: began)
            else { return [] }
            // Who was not told of a loss meanwhile has fenced nothing: the writes may well succeed.
            return keeper.events.filter {
                $0.name == .clientLost && $0.text("reason") == "connection" && hold.from < $0.time
                    && $0.time < began && isMirror($0, in: writer)
            }.flatMap { notRefused($0, release, from: began, by: keeper, writer) }
        }
    }

    /// Whether the other side has a log mirror of this name, which writes.
    private func isMirror(_ event: HistoryEvent, in writer: Life) -> Bool {
        writer.events.contains { $0.name == .mirrorRecovered && $0.text("client") == event.text("client") }
    }

    private func notRefused(
        _ fence: HistoryEvent, _ release: HistoryEvent, from began: Instant, by keeper: Life, _ writer: Life
    ) -> [Broken] {
        let client = fence.text("client")
        let whose = "\(writer.partner.rawValue)'s client \(client ?? "?")"
        var broken: [Broken] = []
        func tell(_ what: String, _ more: [HistoryEvent] = []) {
            broken.append(Broken(.heldWritesRefused, what, evidence: [fence, release] + more))
        }
        if release.number("held") ?? 0 == 0 || release.number("arrived") ?? 0 < release.number("held") ?? 0 {
            tell("\(whose) had nothing held back that arrived after the fence, so that nothing was shown")
        }
        let look = keeper.events.first {
            $0.name == .memoryChecked && $0.text("client") == client && $0.time > release.time
        }
        if look == nil {
            tell("\(keeper.partner.rawValue) did not look its memory over after \(whose) had written to it")
        }
        guard
            let told = writer.events.first(where: {
                $0.name == .workAbandoned && $0.text("client") == client && $0.time > fence.time
            })
        else {
            tell("\(whose) had writes under way when it was fenced, and was told of none that it was refused")
            return broken
        }
        if let count = told.number("unfinished"), count > 0 {
            tell("\(whose) was not told of \(count) writes that they were refused", [told])
        }
        if told.number("refused") ?? 0 == 0 {
            tell("\(whose) had writes under way when it was fenced, and not one of them was refused", [told])
        }
        return broken
    }
}
