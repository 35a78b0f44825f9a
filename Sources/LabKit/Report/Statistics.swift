import ClusterConnection

/// What a list of measurements comes to.
package struct Statistics: Hashable, Sendable {
    package var count: Int
    package var median: TimeSpan
    package var least: TimeSpan
    /// What 99 of 100 do not exceed: the nearest rank.
    package var p99: TimeSpan
    package var most: TimeSpan

    /// Nil for an empty list. The median of an even count is the mean of the middle two.
    package init?(_ spans: [TimeSpan]) {
        let sorted = spans.sorted()
        guard let least = sorted.first, let most = sorted.last else { return nil }
        count = sorted.count
        self.least = least
        p99 = sorted[(sorted.count * 99 + 99) / 100 - 1]
        self.most = most
        let upper = sorted[sorted.count / 2].nanoseconds
        let lower = sorted[(sorted.count - 1) / 2].nanoseconds
        median = TimeSpan(nanoseconds: lower + (upper - lower) / 2)
    }

    /// As `measurements.json` holds it, in nanoseconds.
    package var json: JSONValue {
        .object(
            JSONObject([
                ("n", .integer(Int64(count))),
                ("medianNs", .integer(Int64(clamping: median.nanoseconds))),
                ("leastNs", .integer(Int64(clamping: least.nanoseconds))),
                ("mostNs", .integer(Int64(clamping: most.nanoseconds))),
            ]))
    }
}

extension Measurements {
    /// The measurements with the names that reports use.
    package var named: [(key: String, name: String, spans: [TimeSpan])] {
        [
            ("established", "both listening -> established on both sides", established),
            ("initiator", "connected -> write 2 completed, initiator", initiator),
            ("acceptor", "connected -> write 2 completed, acceptor", acceptor),
            ("again", "both could connect again -> established", again),
            ("dead", "process gone -> dead", dead),
            ("hung", "process frozen -> hung", hung),
            ("unreachable", "silence -> unreachable", unreachable),
            ("rebooted", "process gone -> rebooted", rebooted),
            ("beat", "heartbeat read, median of each process", beatMedians),
            ("labBefore", "the lab: run begun -> partners started", labBefore),
            ("labAfter", "the lab: last event -> verdict", labAfter),
        ]
    }

    /// As `measurements.json` holds them.
    package var json: JSONValue {
        .object(
            JSONObject(named.compactMap { entry in Statistics(entry.spans).map { (entry.key, $0.json) } }))
    }
}
