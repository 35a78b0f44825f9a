import Addressing
import ClusterConnection

/// Where a claim can be followed in one partner's events, or why it cannot.
package struct ClaimTrace: Sendable {
    package enum Standing: Hashable, Sendable {
        case shown
        /// The scenario's boots made it impossible; why.
        case notApplicable(String)
        /// The events say otherwise; how.
        case broken(String)

        var isBroken: Bool { if case .broken = self { true } else { false } }
    }

    package var claim: Claim
    package var partner: PartnerID
    package var standing: Standing
    /// The lines to read, in order of time.
    package var evidence: [HistoryEvent]
}

/// The first connection that a partner established, with all that the claims speak of.
private struct FirstConnection {
    var own: Life
    var other: Life
    var connection: UInt64
    var established: HistoryEvent
    var events: [HistoryEvent]

    func event(_ name: EventName) -> HistoryEvent? { events.first { $0.name == name } }
}

extension Timeline {
    /// Every cited claim for both partners.
    func claimTraces() -> [ClaimTrace] {
        record.variant.scenario.claims.flatMap { claim in
            PartnerID.allCases.map { partner in
                guard let connection = firstConnection(of: partner) else {
                    return ClaimTrace(
                        claim: claim, partner: partner,
                        standing: .broken("\(partner.rawValue) never established a connection"), evidence: [])
                }
                return trace(claim, connection)
            }
        }
    }

    /// Rule `claimed`: what is cited must be shown by one partner at least, and contradicted by none.
    func brokenClaims(_ traces: [ClaimTrace]) -> [Broken] {
        var broken = neverEstablished(traces)
        for claim in record.variant.scenario.claims {
            let both = traces.filter { $0.claim == claim }
            for trace in both {
                guard case .broken(let why) = trace.standing, !trace.evidence.isEmpty else { continue }
                broken.append(
                    Broken(
                        .claimed,
                        "\(claim.rawValue) for \(trace.partner.rawValue) (\(claim.sentence)): \(why)",
                        evidence: trace.evidence))
            }
            if !both.isEmpty,
                both.allSatisfy({ if case .notApplicable = $0.standing { true } else { false } })
            {
                broken.append(
                    Broken(
                        .claimed,
                        "\(claim.rawValue) (\(claim.sentence)): the boots let neither partner show it"))
            }
        }
        return broken
    }

    /// One case for each partner that has no connection to follow any claim on.
    private func neverEstablished(_ traces: [ClaimTrace]) -> [Broken] {
        PartnerID.allCases.compactMap { partner in
            let missing = traces.filter {
                $0.partner == partner && $0.evidence.isEmpty && $0.standing.isBroken
            }
            guard let first = missing.first, case .broken(let why) = first.standing else { return nil }
            let claims = missing.map(\.claim.rawValue).joined(separator: ", ")
            return Broken(
                .claimed, "\(claims) for \(partner.rawValue): \(why)",
                evidence: (lives[partner]?.last?.events ?? []).filter { $0.time <= end }.suffix(3))
        }
    }

    private func firstConnection(of partner: PartnerID) -> FirstConnection? {
        guard let stretch = established[partner]?.first,
            let own = life(of: partner, incarnation: stretch.event.incarnation),
            let other = life(of: partner.other, incarnation: stretch.partnerIncarnation)
        else { return nil }
        return FirstConnection(
            own: own, other: other, connection: stretch.connection, established: stretch.event,
            events: own.events(of: stretch.connection, until: stretch.event.time))
    }

    private func trace(_ claim: Claim, _ first: FirstConnection) -> ClaimTrace {
        var evidence: [HistoryEvent?] = []
        let standing: ClaimTrace.Standing
        switch claim {
        case .c1a:
            let starting = first.own.phases.first { $0.phase == .ccmStarting }?.event
            evidence = [starting, first.own.listening, active(first.other)]
            standing = before(starting, active(first.other), first, "the CCM was initialised")
        case .c1b:
            let posted = first.event(.firstReadPosted)
            evidence = [posted, active(first.other)]
            standing = before(posted, active(first.other), first, "the first read started")
        case .c1c:
            evidence = [first.event(.firstReadCompleted), first.event(.firstWritePosted)]
            standing = follows(evidence)
        case .c1d:
            evidence = [first.event(.firstWriteCompleted), first.event(.secondReadPosted)]
            standing = follows(evidence)
        case .c1e:
            let completed = first.event(.secondWriteCompleted)
            let posted = first.event(.secondWritePosted)
            // The read may come again later, when this side stood still after it.
            let read = first.events.last { event in
                event.name == .secondReadCompleted && (posted.map { event.time <= $0.time } ?? true)
            }
            evidence = [read, posted, completed]
            let order = follows(evidence)
            evidence.append(active(first.other))
            standing =
                order == .shown
                ? before(completed, active(first.other), first, "the second write ended") : order
        case .c2:
            evidence = [first.other.listening, first.event(.firstReadPosted)]
            standing = same(
                first.event(.firstReadPosted)?.text("address"),
                first.other.listening?.text("statusBlockAddress"),
                "the first read's address", "the partner's preset status block")
        case .c15, .c16: (standing, evidence) = destination(claim, first)
        case .c17: (standing, evidence) = fibreChannelDestination(first)
        case .c18:
            evidence = [first.event(.connected)] + operationsPosted(first)
            standing =
                evidence.contains { $0 == nil }
                ? .broken("the four operations are not all on connection \(first.connection)") : .shown
        case .c19: (standing, evidence) = bootStatus(first)
        case .c20, .c21:
            evidence = [first.established, active(first.own), active(first.other)]
            let partners = before(
                first.established, active(first.other), first, "the connection was established")
            let own = before(first.established, active(first.own), first, "the connection was established")
            standing = partners == .shown ? own : partners
        }
        return ClaimTrace(
            claim: claim, partner: first.own.partner, standing: standing,
            evidence: evidence.compactMap { $0 }.sorted { $0.time < $1.time })
    }

    private func active(_ life: Life) -> HistoryEvent? {
        life.phases.first { $0.phase == .storageOSActive }?.event
    }

    /// Whether something came before a storage operating system was active, where the boots allowed it.
    private func before(
        _ event: HistoryEvent?, _ active: HistoryEvent?, _ first: FirstConnection, _ what: String
    )
        -> ClaimTrace.Standing
    {
        guard let event else { return .broken("there is no line that \(what)") }
        guard let active else { return .shown }
        if event.time < active.time { return .shown }
        let whose = active.partner?.rawValue ?? "?"
        if !bootsAllow(first.own, first.other, before: active.time) {
            return .notApplicable("\(whose)'s storage OS was active before both partners could be connected")
        }
        return .broken(
            "\(what) \(SpanText.rounded(event.time - active.time)) after \(whose)'s storage OS was active")
    }

    /// Whether lines are all there, each after the one before it.
    private func follows(_ events: [HistoryEvent?]) -> ClaimTrace.Standing {
        let present = events.compactMap { $0 }
        guard present.count == events.count else {
            return .broken("an operation of the handshake is missing")
        }
        for (earlier, later) in zip(present, present.dropFirst()) where later.time < earlier.time {
            return .broken("\(later.name.rawValue) came before \(earlier.name.rawValue)")
        }
        return .shown
    }

    private func same(_ one: String?, _ two: String?, _ first: String, _ second: String)
        -> ClaimTrace.Standing
    {
        guard let one, let two else { return .broken("the history does not hold \(first) or \(second)") }
        return one == two ? .shown : .broken("\(first) is \(one), \(second) is \(two)")
    }

    private func operationsPosted(_ first: FirstConnection) -> [HistoryEvent?] {
        [EventName.firstReadPosted, .firstWritePosted, .secondReadPosted, .secondWritePosted].map {
            first.event($0)
        }
    }

    /// Claims 15 and 16: the rail's predefined hardware address and the boot port.
    ///
    /// The queue pair of the one connection ties all of its operations to one hardware address and port. Which
    /// ones is told by the attempt that began it, from whichever side that came.
    private func destination(_ claim: Claim, _ first: FirstConnection) -> (
        ClaimTrace.Standing, [HistoryEvent?]
    ) {
        let (attempt, listening) = predefinedEnd(first)
        let operations =
            claim == .c15
            ? [first.event(.firstReadPosted), first.event(.firstWritePosted)]
            : [first.event(.firstReadPosted), first.event(.secondReadPosted)]
        let evidence = [listening, attempt, first.event(.connected)] + operations
        if evidence.contains(where: { $0 == nil }) {
            return (.broken("a line is missing to follow it"), evidence)
        }
        var standing = same(
            attempt?.text("gid"), listening?.text("gid"), "the attempt's hardware address",
            "the predefined one")
        if standing == .shown {
            standing = same(
                attempt?.text("port"), listening?.text("port"), "the attempt's port",
                "the predefined boot port")
        }
        if standing == .shown && claim == .c16 {
            standing = same(
                first.event(.secondReadPosted)?.text("address"),
                first.event(.firstReadPosted)?.text("address"),
                "the second read's address", "the first read's")
        }
        if standing == .shown && claim == .c15 {
            standing = same(
                first.event(.firstWritePosted)?.text("address"),
                first.other.listening?.text("mailboxAddress"),
                "the first write's address", "the partner's preset mailbox")
        }
        return (standing, evidence)
    }

    /// The attempt that began a connection, from whichever side it came, and the boot port that it went to.
    private func predefinedEnd(_ first: FirstConnection) -> (
        attempt: HistoryEvent?, listening: HistoryEvent?
    ) {
        let initiator = first.event(.connected)?.text("side") != "acceptor"
        let from = initiator ? first.own : first.other
        let to = initiator ? first.other : first.own
        let limit = first.event(.connected)?.time ?? first.established.time
        let attempt = from.events.last {
            $0.name == .connectStarted && $0.time <= limit && $0.text("kind") != "knock"
        }
        return (attempt, to.listening)
    }

    /// Claim 17: both sides know the end that all operations went to by a Fibre Channel identifier, and it is
    /// the GID that the rule makes of it, as the attempt took it and as the kernel found it at the other side.
    private func fibreChannelDestination(_ first: FirstConnection) -> (
        ClaimTrace.Standing, [HistoryEvent?]
    ) {
        let (attempt, listening) = predefinedEnd(first)
        let evidence = [listening, attempt, first.event(.connected)] + operationsPosted(first)
        guard let attempt, let listening, !evidence.contains(where: { $0 == nil }) else {
            return (.broken("a line is missing to follow it"), evidence)
        }
        for event in [attempt, listening] {
            let text = event.text("address") ?? "nothing"
            guard let name = try? RailAddress(text), name.kind == .wwn else {
                return (
                    .broken("the hardware address of \(event.name.rawValue) is \(text), no WWN"), evidence
                )
            }
            let standing = same(
                event.text("gid"), "\(name.gid)", "the GID of \(event.name.rawValue)", "that of WWN \(text)")
            if standing != .shown { return (standing, evidence) }
        }
        let standing = same(
            attempt.text("address"), listening.text("address"), "the attempt's WWN", "the predefined one")
        return (standing, evidence)
    }

    /// Claim 19: the phase that the first read brought is one that the partner had while the read was under way.
    private func bootStatus(_ first: FirstConnection) -> (ClaimTrace.Standing, [HistoryEvent?]) {
        let posted = first.event(.firstReadPosted)
        let completed = first.event(.firstReadCompleted)
        guard let posted, let completed, let phase = completed.text("phase") else {
            return (.broken("there is no completed first read with a phase"), [posted, completed])
        }
        let before = first.other.phases.last { $0.event.time <= posted.time }
        let during = first.other.phases.filter {
            $0.event.time > posted.time && $0.event.time <= completed.time
        }
        let possible = ([before].compactMap { $0 } + during)
        let evidence = [posted, completed] + possible.map { Optional($0.event) }
        if possible.contains(where: { $0.phase.word == phase }) { return (.shown, evidence) }
        return (.broken("the first read brought '\(phase)', a phase the partner was not in"), evidence)
    }
}
