/// A partner's state as it tells it, and as a person reads it.
struct StatusReport: Decodable {
    /// Where a client stands.
    struct Client: Decodable {
        let name: String
        let state: String
        let ports: UInt64
        let portsRequired: UInt64
        let memory: UInt64
        let memoryRequested: UInt64
    }

    /// Where a rail stands.
    struct Rail: Decodable {
        let address: String
        let gid: String
        let partnerAddress: String
        let partnerGid: String
        let port: UInt64
        let device: String
        let physicalLink: String
        let waitingFor: String?
        let link: String
        let carriesPorts: Bool
        let faults: UInt64
        let lastFault: String?
    }

    let partner: String
    let incarnation: String
    let role: String
    let phase: String
    let verdict: String
    let verdictForNs: UInt64
    let partnerIncarnation: String
    let partnerPhase: String
    let protocolVersion: UInt64
    let isReady: Bool
    let rails: [Rail]
    let upNs: UInt64
    let clients: [Client]
    let beats: UInt64
    let misses: UInt64
    let tornReads: UInt64
    let beatMedianNs: UInt64?
    let beatP99Ns: UInt64?
    let maxResidentKiB: UInt64
    let attempts: UInt64
    let knocks: UInt64
    let attemptsDropped: UInt64
    let attemptsFailed: UInt64
    let requests: UInt64
    let strangersRejected: UInt64
    let partnerRejected: UInt64
    let handshakesFailed: UInt64
    let establishedCount: UInt64
    let railFaults: UInt64
    let messagesSent: UInt64
    let messagesReceived: UInt64
    let violations: UInt64
    let accessesRefused: UInt64
    let staleEvents: UInt64
    let lateTicks: UInt64
    let rejects: [String: UInt64]
    let losses: [String: UInt64]

    /// For a terminal of 80 columns.
    var table: String {
        rows.map { name, text in
            name + String(repeating: " ", count: max(1, 13 - name.count)) + text
        }.joined(separator: "\n")
    }

    private var rows: [(String, String)] {
        [
            ("partner", "\(partner), \(role), incarnation \(incarnation)"),
            ("up", "\(seconds(upNs)), boot phase \(phase)"),
        ] + rails.enumerated().flatMap { rows(of: $0.element, number: $0.offset) } + [
            ("verdict", "\(verdict) for \(seconds(verdictForNs))"),
            ("its partner", "incarnation \(partnerIncarnation), boot phase \(partnerPhase)"),
            ("exchange", exchange),
            ("heartbeats", "\(beats) read, \(misses) without movement\(median)"),
        ] + clients.map { ("client", line(of: $0)) } + [
            (
                "attempts",
                "\(attempts) to connect, \(knocks) knocks; \(attemptsFailed) failed,"
                    + " \(attemptsDropped) unanswered"
            ),
            ("refused", "\(strangersRejected) strangers, \(partnerRejected) of the partner\(list(rejects))"),
            ("established", "\(establishedCount) times; \(railFaults) rail faults"),
            ("lost", "\(losses.values.reduce(0, +)) connections\(list(losses))"),
            ("late ticks", "\(lateTicks)"),
        ]
    }

    /// Each state of a rail apart: its link, the RDMA device on it, the connection, the clients' ports.
    private func rows(of rail: Rail, number: Int) -> [(String, String)] {
        let device = rail.waitingFor.map { "waits for its \($0)" } ?? rail.device
        let faults = rail.lastFault.map { ", \(rail.faults) faults, last: \($0)" } ?? ""
        return [
            ("rail \(number)", "link \(rail.physicalLink), \(device), boot port \(rail.port)"),
            ("  here", end(rail.address, rail.gid)),
            ("  there", end(rail.partnerAddress, rail.partnerGid)),
            ("  connection", rail.link + (rail.carriesPorts ? ", carries the clients' ports" : "") + faults),
        ]
    }

    /// The configured name of an end, and the GID that it stands for where that is not the name itself.
    private func end(_ address: String, _ gid: String) -> String {
        gid.hasSuffix(address) ? address : "\(address) (\(gid))"
    }

    private var exchange: String {
        guard protocolVersion > 0 else { return "none" }
        return "version \(protocolVersion), \(isReady ? "both ready" : "not ready yet"), "
            + "\(messagesSent) messages sent, \(messagesReceived) taken"
    }

    private func line(of client: Client) -> String {
        let ports = "\(client.ports) of \(client.portsRequired) ports"
        return "\(client.name) \(client.state), \(ports), \(client.memory) of \(client.memoryRequested) bytes"
    }

    /// What was counted at all, most of it first: `: initiating 2, staleAttempt 1`.
    private func list(_ counts: [String: UInt64]) -> String {
        let counted = counts.filter { $0.value > 0 }.sorted { ($1.value, $0.key) < ($0.value, $1.key) }
        return counted.isEmpty ? "" : ": " + counted.map { "\($0.key) \($0.value)" }.joined(separator: ", ")
    }

    private var median: String { beatMedianNs.map { ", median \($0 / 1_000) us" } ?? "" }

    private func seconds(_ nanoseconds: UInt64) -> String {
        "\(nanoseconds / 1_000_000_000).\(nanoseconds / 100_000_000 % 10) s"
    }
}
