import ClusterConnection

/// The log mirror's throughput with records of 64 KiB, beside bare writes of the same size and depth.
struct MirrorBench: Bench {
    let name = "mirror"
    let summary = "the log mirror with records of 64 KiB, beside ib_write_bw"
    let scenarios = ["mirror-64k"]
    var references: [RailTool] { [Self.sameDepth, Self.standardDepth] }

    private static let byteCount = 65_536
    /// As many writes under way as the mirror has.
    private static let sameDepth = tool(["-t", "16"])
    private static let standardDepth = tool([])

    private static func tool(_ special: [String]) -> RailTool {
        RailTool(
            program: "ib_write_bw",
            arguments: ["-R", "-F", "-s", "\(byteCount)", "-n", "500"] + special
        ) { PerftestOutput.averageThroughput(of: byteCount, in: $0).map { .throughput($0) } }
    }

    func rows(_ evidence: BenchEvidence) throws -> [BenchRow] {
        let figure = try evidence.median(of: "mirror-64k", "two acknowledgements of a log mirror") {
            Self.throughput(in: $0).map { .throughput($0) }
        }
        return [
            BenchRow(
                bench: name, name: "log mirror, 64 KiB, 16 under way",
                comparison: "\(Self.sameDepth.command): as many writes under way, bytes acknowledged",
                figure: figure, reference: try evidence.reference(Self.sameDepth), limit: .atLeast(0.95)),
            BenchRow(
                bench: name, name: "the same",
                comparison: "\(Self.standardDepth.command): 128 writes under way, its default",
                figure: figure, reference: try evidence.reference(Self.standardDepth)),
        ]
    }

    /// What partner a's mirror had acknowledged between the first note of it and the last, in bytes a second.
    static func throughput(in record: RunRecord) -> Double? {
        // Nothing is acknowledged yet in the first, which tells of what was found.
        let notes = record.events.filter {
            $0.partner == .a && $0.name == .mirrorAcknowledged && ($0.number("highest") ?? 0) > 0
        }
        guard let first = notes.first, let last = notes.last, last.time > first.time,
            let from = first.number("highest"), let to = last.number("highest"), to > from
        else { return nil }
        return Double((to - from) * UInt64(byteCount)) * 1e9 / Double((last.time - first.time).nanoseconds)
    }
}
