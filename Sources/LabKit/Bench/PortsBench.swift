import ClusterConnection

/// A thousand ports, from established to the client being told ready, beside as many connections of rdma_cm.
struct PortsBench: Bench {
    let name = "ports"
    let summary = "1,000 ports created and ready, beside the connections of cmtime"
    let scenarios = ["thousand-ports"]
    var references: [RailTool] { [Self.cmtime] }

    private static let connections = 1_000
    /// With the time that ccmd gives the first look for the partner's neighbour entry, which over a veth pair takes all
    /// the time that it gets: with cmtime's own 2 s, that would be most of what it measures.
    private static let cmtime = RailTool(
        program: "cmtime", arguments: ["-c", "\(connections)", "-t", "8"], addressOption: ["-s"]
    ) { CMTimeOutput.spanOfConnection(in: $0).map { .span($0) } }

    func rows(_ evidence: BenchEvidence) throws -> [BenchRow] {
        let figure = try evidence.median(of: "thousand-ports", "ready client with ports on both sides") {
            Self.spanOfPort(in: $0).map { .span($0) }
        }
        return [
            BenchRow(
                bench: name, name: "1,000 ports ready, per port",
                comparison: "\(Self.cmtime.command): us / conn, from create id to connect",
                figure: figure, reference: try evidence.reference(Self.cmtime), limit: .atMost(0.1))
        ]
    }

    /// From established to the client being told ready, of the slower side, for each port.
    static func spanOfPort(in record: RunRecord) -> TimeSpan? {
        var slowest = TimeSpan.zero
        for partner in PartnerID.allCases {
            let events = record.events.filter { $0.partner == partner }
            guard let established = events.first(where: { $0.name == .established }),
                let ready = events.first(where: { $0.name == .clientReady }), ready.time >= established.time,
                let ports = ready.number("ports"), ports > 0
            else { return nil }
            slowest = max(slowest, (ready.time - established.time) / ports)
        }
        return slowest
    }
}
