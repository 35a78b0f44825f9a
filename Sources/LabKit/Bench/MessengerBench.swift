import ClusterConnection

/// The messenger's round trip of 64 bytes, beside two of ib_send_lat's one-way trips.
struct MessengerBench: Bench {
    let name = "messenger"
    let summary = "a round trip of the messenger with 64 bytes, beside ib_send_lat"
    let scenarios = ["messenger-64"]
    var references: [RailTool] { [Self.waiting, Self.polling] }

    private static let byteCount = 64
    /// Sleeps until something has completed, as the messenger does.
    private static let waiting = tool(["-e"])
    /// Never sleeps.
    private static let polling = tool([])

    private static func tool(_ special: [String]) -> RailTool {
        // It prints half a round trip.
        RailTool(
            program: "ib_send_lat", arguments: ["-R", "-F", "-s", "\(byteCount)", "-n", "1000"] + special
        ) { PerftestOutput.typicalLatency(of: byteCount, in: $0).map { .span($0 * 2) } }
    }

    func rows(_ evidence: BenchEvidence) throws -> [BenchRow] {
        let figure = try evidence.median(of: "messenger-64", "round trip of partner a's messenger") {
            Self.roundTrip(in: $0).map { .span($0) }
        }
        return [
            BenchRow(
                bench: name, name: "messenger, 64 bytes, round trip",
                comparison:
                    "2 x typical of \(Self.waiting.command): waits for completions, as the messenger does",
                figure: figure, reference: try evidence.reference(Self.waiting), limit: .atMost(1.2)),
            BenchRow(
                bench: name, name: "the same",
                comparison: "2 x typical of \(Self.polling.command): polls without a pause",
                figure: figure, reference: try evidence.reference(Self.polling)),
        ]
    }

    /// The median that partner a's messenger told of at its end.
    static func roundTrip(in record: RunRecord) -> TimeSpan? {
        let report = record.events.last { $0.partner == .a && $0.name == .messengerReport }
        return report?.number("roundTripMedianNs").map { TimeSpan(nanoseconds: $0) }
    }
}
