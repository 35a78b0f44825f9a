import ClusterConnection

extension Expectation {
    /// The expectation as a sentence.
    package var sentence: String {
        let what = patterns.map(\.description).joined(separator: " or ")
        let bound =
            within.map { " within \(SpanText.exact($0)) of \(of)" } ?? (of == .start ? "" : " after \(of)")
        return (never ? "never " : "") + what + bound
    }

    /// How an expectation stands at a moment of a run.
    enum Standing: Hashable {
        case undecided
        case met(HistoryEvent)
        /// Nothing forbidden came until the end of its time.
        case kept
        case broken(HistoryEvent)
        /// Its time has passed without the event.
        case missed
    }

    /// How the expectation stands.
    ///
    /// - Parameters:
    ///   - moment: what it is counted from; nil while that has not come.
    ///   - events: the history so far, in order of time.
    ///   - now: up to when the history is complete.
    func standing(from moment: Moment?, in events: [HistoryEvent], now: Instant) -> Standing {
        guard let moment else { return .undecided }
        let limit = within.map { moment.time + $0 }
        let match = events.enumerated().first { index, event in
            index > moment.index && event.time >= moment.floor && (limit.map { event.time <= $0 } ?? true)
                && patterns.contains { $0.matches(event) }
        }?.element
        if let match { return never ? .broken(match) : .met(match) }
        guard let limit, now > limit else {
            // Without a bound only the end of the run decides, and then it is asked again.
            return .undecided
        }
        return never ? .kept : .missed
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
            switch expectation.standing(from: moment, in: events, now: end) {
            case .met, .kept: return nil
            case .broken(let event):
                return Broken(
                    .expected, "line \(expectation.line): \(expectation.sentence): it came", evidence: [event]
                )
            case .undecided where expectation.never: return nil
            case .undecided, .missed: return missed(expectation, moment)
            }
        }
    }

    private func missed(_ expectation: Expectation, _ moment: Moment) -> Broken {
        let late = events.enumerated().first { index, event in
            index > moment.index && event.time >= moment.floor
                && expectation.patterns.contains { $0.matches(event) }
        }?.element
        let anchor = events.last { $0.time == moment.time }
        if let late {
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
