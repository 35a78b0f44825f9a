import ClusterConnection

extension EventPattern {
    /// Whether an event is one of those meant.
    func matches(_ event: HistoryEvent) -> Bool {
        guard event.name == self.event, partner == nil || event.partner == partner else { return false }
        return fields.allSatisfy { field in
            guard let value = event.fields[field.name] else { return false }
            return field.values.contains { $0.matches(value) }
        }
    }
}

extension Scenario {
    /// Whether an event is one that the scenario wants to see.
    func expects(_ event: HistoryEvent) -> Bool {
        expectations.contains { $0.wantsSome && $0.patterns.contains { $0.matches(event) } }
    }
}

extension EventPattern: CustomStringConvertible {
    /// `a verdict (verdict dead or unreachable)`.
    package var description: String {
        var text = (partner.map { "\($0.rawValue) " } ?? "") + event.rawValue
        if !fields.isEmpty {
            let parts = fields.map { "\($0.name) \($0.values.map(\.description).joined(separator: " or "))" }
            text += " (\(parts.joined(separator: ", ")))"
        }
        return text
    }
}

extension Anchor: CustomStringConvertible {
    /// As it reads after the word "of".
    package var description: String {
        switch self {
        case .start: return "the start of the run"
        case .step(let id): return "step \(id)"
        case .event(let pattern, let count, let since):
            var text = "\(pattern)"
            if count > 1 { text += ", seen \(count) times" }
            if since != .start { text += " since \(since)" }
            return text
        }
    }
}

/// When a step was begun and when it had taken effect.
package struct StepMoment: Hashable, Sendable {
    package var began: Instant
    package var effect: Instant
}

/// A moment of a run, found.
struct Moment {
    /// What bounds are counted from.
    var time: Instant
    /// Events that count as later must not be earlier than this. Before `time` for a step that took a while
    /// to take effect: its consequences may show before the lab has confirmed it.
    var floor: Instant
    /// Events that count as later stand behind this place of the history.
    var index: Int
}

extension Anchor {
    /// The moment in a history, or nil while it has not come.
    ///
    /// - Parameters:
    ///   - events: a history in order of time.
    ///   - start: when the run began.
    ///   - steps: when each step took effect.
    func moment(in events: [HistoryEvent], start: Instant, steps: [String: StepMoment]) -> Moment? {
        switch self {
        case .start: return Moment(time: start, floor: start, index: -1)
        case .step(let id):
            return steps[id].map { Moment(time: $0.effect, floor: $0.began, index: -1) }
        case .event(let pattern, let count, let since):
            guard let from = since.moment(in: events, start: start, steps: steps) else { return nil }
            var seen = 0
            // A long run asks this with every line that comes: what lies before the moment is not looked at.
            for index in max(from.index + 1, events.firstIndex(notBefore: from.floor))..<events.count
            where pattern.matches(events[index]) {
                seen += 1
                if seen == count {
                    return Moment(time: events[index].time, floor: events[index].time, index: index)
                }
            }
            return nil
        }
    }
}

extension [HistoryEvent] {
    /// Where the events begin that are not before a moment, in a history in order of time; its end when there are none.
    func firstIndex(notBefore moment: Instant) -> Int {
        var low = 0
        var high = count
        while low < high {
            let middle = (low + high) / 2
            if self[middle].time < moment { low = middle + 1 } else { high = middle }
        }
        return low
    }
}
