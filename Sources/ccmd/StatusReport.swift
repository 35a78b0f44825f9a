/// A partner's state as it tells it, and as a person reads it.
struct StatusReport: Decodable {
    let partner: String
    let incarnation: String
    let phase: String
    let link: String
    let verdict: String
    let verdictForNs: UInt64
    let partnerIncarnation: String
    let partnerPhase: String
    let address: String
    let gid: String
    let partnerAddress: String
    let partnerGid: String
    let port: UInt64
    let device: String
    let upNs: UInt64
    let beats: UInt64
    let misses: UInt64
    let beatMedianNs: UInt64?
    let attempts: UInt64
    let knocks: UInt64
    let attemptsDropped: UInt64
    let attemptsFailed: UInt64
    let strangersRejected: UInt64
    let partnerRejected: UInt64
    let establishedCount: UInt64
    let lateTicks: UInt64

    var table: String {
        rows.map { name, text in
            name + String(repeating: " ", count: max(1, 13 - name.count)) + text
        }.joined(separator: "\n")
    }

    private var rows: [(String, String)] {
        [
            ("partner", "\(partner), incarnation \(incarnation)"),
            ("up", "\(seconds(upNs)), boot phase \(phase)"),
            ("rail", "\(device): \(address) to \(partnerAddress), boot port \(port)"),
            ("gids", "\(gid) to \(partnerGid)"),
            ("link", "\(link), established \(establishedCount) times"),
            ("verdict", "\(verdict) for \(seconds(verdictForNs))"),
            ("its partner", "incarnation \(partnerIncarnation), boot phase \(partnerPhase)"),
            ("heartbeats", "\(beats) read, \(misses) without movement\(median)"),
            (
                "attempts",
                "\(attempts) to connect, \(knocks) knocks; \(attemptsFailed) failed,"
                    + " \(attemptsDropped) unanswered"
            ),
            ("refused", "\(strangersRejected) strangers, \(partnerRejected) requests of the partner"),
            ("late ticks", "\(lateTicks)"),
        ]
    }

    private var median: String { beatMedianNs.map { ", median \($0 / 1_000) us" } ?? "" }

    private func seconds(_ nanoseconds: UInt64) -> String {
        "\(nanoseconds / 1_000_000_000).\(nanoseconds / 100_000_000 % 10) s"
    }
}
