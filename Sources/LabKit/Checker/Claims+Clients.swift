import ClusterConnection

// What the connection is used for: clients that request services, that talk with their counterparts, and a process
// that reads the partner over a connection which the partner began.

extension Timeline {
    /// Claims 23, 26 and 30: a client asks, and the CCM serves it.
    func requestedServices(_ first: FollowedConnection) -> (ClaimTrace.Standing, [HistoryEvent?]) {
        guard let ready = first.readyClient else {
            return noClient(first) ?? (.broken("no client was served"), [first.established])
        }
        func isThatClient(_ event: HistoryEvent) -> Bool {
            event.number("clientNumber") == ready.number("clientNumber")
        }
        let evidence = [
            first.own.events.first { $0.name == .clientRegistered && isThatClient($0) },
            first.later(.clientMatched, where: isThatClient), first.later(.portsMade, where: isThatClient),
            ready,
        ]
        return (follows(evidence, "a step from the request to the service"), evidence)
    }

    /// Claims 24 and 27: a client has an answer of the partner's over a connection that was ready for it: a
    /// messenger its first reply, a log mirror the acknowledgement of a record.
    func communication(_ first: FollowedConnection) -> (ClaimTrace.Standing, [HistoryEvent?]) {
        let answer = first.lines.first { event in
            event.name == .firstReply || event.name == .mirrorAcknowledged && event.number("highest") != 0
        }
        guard let answer else {
            let kinds = settings(of: first.own.partner).clients.map(\.kind)
            if !kinds.contains(.messenger) && !kinds.contains(.logMirror) {
                return (
                    .notApplicable("\(first.own.partner.rawValue) runs no client that talks"),
                    [first.established]
                )
            }
            return (.broken("no client had an answer of the partner's"), [first.established])
        }
        let ready = first.later(.clientReady) { $0.text("client") == answer.text("client") }
        let evidence = [first.established, ready, answer]
        if let of = answer.partnerIncarnation, of != first.other.incarnation {
            return (.broken("the answer is of incarnation \(of), not of the connected one"), evidence)
        }
        return (follows(evidence, "the ready of the client"), evidence)
    }

    /// Claims 28 and 31: the partner, in its boot process, begins the connection; this side accepts it, and reads.
    func acceptedConnection(_ first: FollowedConnection) -> (ClaimTrace.Standing, [HistoryEvent?]) {
        let connected = first.event(.connected)
        guard connected?.text("side") == "acceptor" else {
            return (
                .notApplicable("\(first.own.partner.rawValue) began the connection itself"),
                [first.established]
            )
        }
        let (attempt, _) = predefinedEnd(first)
        let evidence = [
            attempt, first.event(.requestAccepted), connected, first.event(.firstReadPosted),
            first.event(.firstReadCompleted),
        ]
        let order = follows(evidence, "a step from the partner's request to the read")
        guard order == .shown else { return (order, evidence) }
        return (
            before(attempt, active(first.other), first, "the partner began the connection"),
            evidence + [active(first.other)]
        )
    }

    /// Claim 32: what is read over the connection are heartbeats: the process counted them, or learnt by one that
    /// the partner's boot had moved on.
    func heartbeatsRead(_ first: FollowedConnection) -> (ClaimTrace.Standing, [HistoryEvent?]) {
        let alive = first.later(.verdict) { $0.text("verdict") == Verdict.alive.word }
        let phase = first.later(.partnerPhase)
        let stopped = first.own.events.last { $0.name == .stopped }
        let evidence = [first.established, alive, phase, stopped]
        if let beats = stopped?.number("beats"), beats > 0 { return (.shown, evidence) }
        if phase != nil { return (.shown, evidence) }
        if stopped == nil {
            return (
                .notApplicable(
                    "\(first.own.partner.rawValue) did not live to tell how many heartbeats it read"),
                evidence
            )
        }
        return (.broken("no heartbeat of the partner was read"), evidence)
    }
}
