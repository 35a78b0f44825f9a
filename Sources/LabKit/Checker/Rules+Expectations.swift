import ClusterConnection

extension Expectation {
    /// The expectation as a sentence.
    package var sentence: String {
        let what = patterns.map(\.description).joined(separator: " or ")
        let bound =
            within.map { " within \(SpanText.exact($0)) of \(of)" } ?? (of == .start ? "" : " after \(of)")
        let end = before.map { " before \($0)" } ?? ""
        return (never ? "never " : "") + what + times + bound + end
    }

    /// ` exactly twice`, in figures; empty for once or more, and for never.
    private var times: String {
        if never || count == Self.once { return "" }
        if count.lowerBound == count.upperBound { return " exactly \(count.lowerBound) times" }
        let least = count.lowerBound > 0 ? " at least \(count.lowerBound) times" : ""
        return least + (count.upperBound < Int.max ? " at most \(count.upperBound) times" : "")
    }

    /// How an expectation stands at a moment of a run.
    enum Standing: Hashable {
        /// Something is still to come.
        case waiting
        /// Nothing is missing, and nothing too much came so far.
        case holding
        case met(HistoryEvent)
        /// As many came as may, and no more until the end of its time.
        case kept
        case broken(HistoryEvent)
        /// Its time has passed without the event, or with too few.
        case missed
    }

    /// How the expectation stands.
    ///
    /// - Parameters:
    ///   - moment: what it is counted from; nil while that has not come.
    ///   - end: what it has to come before; nil while that has not come, or where nothing is said.
    ///   - events: the history so far, in order of time.
    ///   - now: up to when the history is complete.
    func standing(
        from moment: Moment?, until end: Moment? = nil, in events: [HistoryEvent], now: Instant
    ) -> Standing {
        guard let moment else { return never ? .holding : .waiting }
        // A span includes its last moment; what comes before a moment does not come at it.
        let last = end.map { Instant(nanoseconds: max($0.floor.nanoseconds, 1) - 1) }
        let limit = [within.map { moment.time + $0 }, last].compactMap { $0 }.min()
        var seen = 0
        var index = max(moment.index + 1, events.firstIndex(notBefore: moment.floor))
        while index < events.endIndex, limit.map({ events[index].time <= $0 }) ?? true {
            defer { index += 1 }
            guard patterns.contains(where: { $0.matches(events[index]) }) else { continue }
            seen += 1
            if seen > count.upperBound { return .broken(events[index]) }
            if seen == count.lowerBound, count.upperBound == Int.max { return .met(events[index]) }
        }
        guard let limit, now > limit else { return seen < count.lowerBound ? .waiting : .holding }
        return seen < count.lowerBound ? .missed : .kept
    }
}

extension Timeline {
    /// Rule `expected`.
    func unmetExpectations() -> [Broken] {
        let steps = record.stepMoments
        return record.variant.scenario.expectations.compactMap { expectation in
            let moment = expectation.of.moment(in: events, start: start, steps: steps)
            guard let moment else {
                return Broken(
                    .expected,
                    "line \(expectation.line): \(expectation.sentence): \(expectation.of) never came",
                    evidence: Array(events.suffix(2)))
            }
            let limit = expectation.before.flatMap { $0.moment(in: events, start: start, steps: steps) }
            switch expectation.standing(from: moment, until: limit, in: events, now: end) {
            case .met, .kept, .holding: return nil
            case .broken(let event):
                let word = expectation.never ? "it came" : "it came once more"
                return Broken(
                    .expected, "line \(expectation.line): \(expectation.sentence): \(word)", evidence: [event]
                )
            case .waiting, .missed: return missed(expectation, moment)
            }
        }
    }

    private func missed(_ expectation: Expectation, _ moment: Moment) -> Broken {
        let all = events.enumerated().filter { index, event in
            index > moment.index && event.time >= moment.floor
                && expectation.patterns.contains { $0.matches(event) }
        }.map(\.element)
        let anchor = events.last { $0.time == moment.time }
        if expectation.count.lowerBound > 1 {
            return Broken(
                .expected,
                "line \(expectation.line): \(expectation.sentence): too few came in time, \(all.count) in all",
                evidence: [anchor].compactMap { $0 } + all.suffix(2))
        }
        if let late = all.first {
            return Broken(
                .expected,
                "line \(expectation.line): \(expectation.sentence): "
                    + "it came after \(SpanText.rounded(late.time - moment.time))",
                evidence: [anchor, late].compactMap { $0 })
        }
        let partners = Set(expectation.patterns.compactMap(\.partner))
        let last = events.filter { event in
            event.time >= moment.floor && (event.partner.map { partners.contains($0) } ?? false)
        }.suffix(2)
        return Broken(
            .expected, "line \(expectation.line): \(expectation.sentence): it never came",
            evidence: [anchor].compactMap { $0 } + last)
    }
}
