import ClusterConnection

/// From the cut of the rail that carries the ports to the first record acknowledged over the other, beside the time in
/// which the settings promise that a cut is found.
struct RailLossBench: Bench {
    let name = "rail"
    let summary = "from the cut of one rail to traffic on the other, beside the promised bound"
    let scenarios = ["lose-a-rail"]
    let references: [RailTool] = []

    func rows(_ evidence: BenchEvidence) throws -> [BenchRow] {
        let figure = try evidence.median(of: "lose-a-rail", "record acknowledged after the cut on both sides")
        {
            Self.spanToTraffic(in: $0).map { .span($0) }
        }
        let bound = try evidence.median(of: "lose-a-rail", "settings") {
            .span(
                Timeline($0).promise.unreachable(
                    $0.variant.scenario.partners[.a]?.settings ?? PartnerSettings(.a)))
        }
        return [
            BenchRow(
                bench: name, name: "rail cut -> traffic on the other",
                comparison: "retries of the transport, one interval: the bound for a cut",
                figure: figure, reference: bound, limit: .atMost(1))
        ]
    }

    /// Of the slower side: what its log mirror acknowledges first once it has been resumed.
    static func spanToTraffic(in record: RunRecord) -> TimeSpan? {
        guard
            let cut = record.events.first(where: {
                $0.name == .fault && $0.text("action") == "cut" && $0.number("rail") != 1
            })
        else {
            return nil
        }
        let effect = cut.number("effect").map { Instant(nanoseconds: $0) } ?? cut.time
        var slowest = TimeSpan.zero
        for partner in PartnerID.allCases {
            let events = record.events.filter { $0.partner == partner && $0.time >= effect }
            guard let resumed = events.first(where: { $0.name == .clientResumed }),
                let traffic = events.first(where: {
                    $0.name == .mirrorAcknowledged && $0.time >= resumed.time
                })
            else { return nil }
            slowest = max(slowest, traffic.time - effect)
        }
        return slowest
    }
}
