@testable import ClusterConnection

/// All of a manager that an event may be forbidden to change; two are equal when nothing of it did.
struct Statement: Equatable {
    let link: String
    let verdict: Verdict?
    let verdictSince: Instant
    var block: StatusBlock
    let partnerPhase: BootPhase?
    let partnerIncarnation: Incarnation

    init(of manager: ConnectionManager) {
        link = "\(manager.rails[0].link)"
        verdict = manager.verdict
        verdictSince = manager.verdictSince
        block = manager.rails[0].block
        partnerPhase = manager.partnerPhase
        partnerIncarnation = manager.partnerIncarnation
    }
}
