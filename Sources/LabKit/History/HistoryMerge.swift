/// Puts histories that share one clock into one order.
enum HistoryMerge {
    /// All events by time; at the same time those of an earlier history first, each history's own order kept.
    static func merge(_ histories: [[HistoryEvent]]) -> [HistoryEvent] {
        let numbered = histories.enumerated().flatMap { source, events in
            events.enumerated().map { (event: $1, source: source, index: $0) }
        }
        return numbered.sorted { left, right in
            if left.event.time != right.event.time { return left.event.time < right.event.time }
            return (left.source, left.index) < (right.source, right.index)
        }.map(\.event)
    }
}
