@testable import ccmd

extension StatusReport {
    /// A partner of which all is known: two rails, two clients, heartbeats, refusals and losses.
    ///
    /// - Parameter text: what stands wherever another than this program chooses the words.
    static func full(text: String = "a") -> StatusReport {
        sample(
            text: text, rails: [rail(text: text, isUp: true), rail(text: text, isUp: false)],
            clients: [client(name: text, isReady: true), client(name: text + "-2", isReady: false)],
            beat: (95_000, 1_250_000_001),
            rejects: [text: 2, "initiating": 3], losses: [text: 1, "dead": 4])
    }

    /// A partner that has just been powered on.
    static let bare = sample(text: "a", rails: [], clients: [], beat: nil, rejects: [:], losses: [:])

    private static func rail(text: String, isUp: Bool) -> Rail {
        Rail(
            address: text, gid: text, partnerAddress: text, partnerGid: text, port: 17_320, device: text,
            physicalLink: isUp ? "up" : text, waitingFor: isUp ? nil : text, link: text, carriesPorts: isUp,
            faults: isUp ? 0 : 7, lastFault: nil)
    }

    private static func client(name: String, isReady: Bool) -> Client {
        Client(
            name: name, state: isReady ? "ready" : "waiting", ports: isReady ? 4 : 0, portsRequired: 4,
            memory: isReady ? 262_144 : 0, memoryRequested: 262_144)
    }

    private static func sample(
        text: String, rails: [Rail], clients: [Client], beat: (median: UInt64, p99: UInt64)?,
        rejects: [String: UInt64], losses: [String: UInt64]
    ) -> StatusReport {
        StatusReport(
            partner: text, incarnation: "3cb20b19d985291b", role: "storageSystem", phase: text, verdict: text,
            verdictForNs: 30_100_000_000, partnerIncarnation: "d9ae5d7d1f2ac4ca", partnerPhase: text,
            protocolVersion: 2, isReady: true, rails: rails, upNs: 51_500_000_001, clients: clients,
            beats: 5_029, misses: 14, tornReads: 1, beatMedianNs: beat?.median, beatP99Ns: beat?.p99,
            maxResidentKiB: 3, attempts: 10, knocks: 9, attemptsDropped: 8, attemptsFailed: 7, requests: 6,
            strangersRejected: 1, partnerRejected: 4, handshakesFailed: 5, establishedCount: 2, railFaults: 7,
            messagesSent: 12, messagesReceived: 13, violations: 15, accessesRefused: 16, staleEvents: 17,
            lateTicks: .max, rejects: rejects, losses: losses)
    }
}
