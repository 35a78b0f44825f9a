import ClusterConnection

// What clients are told. A kind's number is never given to another one.

/// Which notice it is.
private enum NoticeKind: UInt8 {
    case noCounterpart = 1
    case refused = 2
    case portsFailed = 3
    case ready = 4
    case lost = 5
    case paused = 6
    case resumed = 7
    case verdict = 8
    case partnerPhase = 9
    case partnerStalled = 10
}

/// Why a ready ended.
private enum ReasonKind: UInt8 {
    case connection = 1
    case counterpartWithdrew = 2
    case withdrew = 3
}

extension MessageWriter {
    mutating func append(_ notice: ClientNotice) {
        switch notice {
        case .noCounterpart(let partner):
            append(NoticeKind.noCounterpart)
            append(partner)
        case .refused(let limit, let requested, let allowed):
            append(NoticeKind.refused)
            append(limit)
            append(requested)
            append(allowed)
        case .portsFailed(let partner):
            append(NoticeKind.portsFailed)
            append(partner)
        case .ready(let partner, let ports, let memory):
            append(NoticeKind.ready)
            append(partner)
            append(ports)
            append(memory)
        case .lost(let partner, let loss):
            append(NoticeKind.lost)
            append(partner)
            append(loss)
        case .paused(let partner):
            append(NoticeKind.paused)
            append(partner)
        case .resumed(let partner, let ports, let memory):
            append(NoticeKind.resumed)
            append(partner)
            append(ports)
            append(memory)
        case .verdict(let verdict, let partner):
            append(NoticeKind.verdict)
            append(optional: verdict) { $0.append($1) }
            append(partner)
        case .partnerPhase(let phase, let partner):
            append(NoticeKind.partnerPhase)
            append(phase)
            append(partner)
        case .partnerStalled(let phase, let partner):
            append(NoticeKind.partnerStalled)
            append(phase)
            append(partner)
        }
    }

    private mutating func append(_ loss: ClientNotice.Loss) {
        append(optional: loss.verdict) { $0.append($1) }
        switch loss.reason {
        case .connection: append(ReasonKind.connection)
        case .counterpartWithdrew: append(ReasonKind.counterpartWithdrew)
        case .withdrew: append(ReasonKind.withdrew)
        }
        append(optional: loss.phase) { $0.append($1) }
    }
}

extension MessageReader {
    mutating func notice() throws(WireError) -> ClientNotice {
        let kind: NoticeKind = try choice()
        switch kind {
        case .noCounterpart: return .noCounterpart(try incarnation())
        case .refused: return .refused(try choice(), requested: try long(), allowed: try long())
        case .portsFailed: return .portsFailed(try incarnation())
        case .ready: return .ready(try incarnation(), ports: try word(), memory: try long())
        case .lost: return .lost(try incarnation(), try loss())
        case .paused: return .paused(try incarnation())
        case .resumed: return .resumed(try incarnation(), ports: try word(), memory: try long())
        case .verdict: return .verdict(try optionalChoice(), try incarnation())
        case .partnerPhase: return .partnerPhase(try choice(), try incarnation())
        case .partnerStalled: return .partnerStalled(try choice(), try incarnation())
        }
    }

    private mutating func loss() throws(WireError) -> ClientNotice.Loss {
        let verdict: Verdict? = try optionalChoice()
        let kind: ReasonKind = try choice()
        let reason: ClientNotice.Reason =
            switch kind {
            case .connection: .connection
            case .counterpartWithdrew: .counterpartWithdrew
            case .withdrew: .withdrew
            }
        return ClientNotice.Loss(verdict: verdict, reason: reason, phase: try optionalChoice())
    }

    private mutating func optionalChoice<Choice: RawRepresentable<UInt8>>() throws(WireError) -> Choice? {
        try flag() ? try choice() : nil
    }
}
