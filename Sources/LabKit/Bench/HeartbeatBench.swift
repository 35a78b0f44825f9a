import ClusterConnection

/// A heartbeat read of a partner with 256 ports, beside one of a partner with a single port.
struct HeartbeatBench: Bench {
    let name = "heartbeat"
    let summary = "a heartbeat read with 256 ports, beside one with 1 port"
    let scenarios = ["beat-1-port", "beat-256-ports"]
    let references: [RailTool] = []

    func rows(_ evidence: BenchEvidence) throws -> [BenchRow] {
        let medians = try scenarios.map { scenario in
            try evidence.median(of: scenario, "heartbeat reads of both partners") {
                Self.read(in: $0).map { .span($0) }
            }
        }
        return [
            BenchRow(
                bench: name, name: "heartbeat read, 256 ports",
                comparison: "the same with 1 port: median of each process (beatMedianNs)",
                figure: medians[1], reference: medians[0], limit: .atMost(1.05))
        ]
    }

    /// The mean of the medians that both partners told of at their end.
    static func read(in record: RunRecord) -> TimeSpan? {
        let medians = PartnerID.allCases.compactMap { partner in
            record.events.last { $0.partner == partner && $0.name == .stopped }?.number("beatMedianNs")
        }
        guard medians.count == 2 else { return nil }
        return TimeSpan(nanoseconds: (medians[0] + medians[1]) / 2)
    }
}
