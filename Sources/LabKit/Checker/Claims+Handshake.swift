import ClusterConnection

// The boot process and the four operations in it.

extension Timeline {
    /// Claim 1a: the CCM is initialised in the boot process, before the partner's storage OS is active.
    func initialised(_ first: FollowedConnection) -> (ClaimTrace.Standing, [HistoryEvent?]) {
        let starting = first.own.phases.first { $0.phase == .ccmStarting }?.event
        return (
            before(starting, active(first.other), first, "the CCM was initialised"),
            [starting, first.own.listening, active(first.other)]
        )
    }

    /// Claim 1b: so is the first read begun.
    func firstRead(_ first: FollowedConnection) -> (ClaimTrace.Standing, [HistoryEvent?]) {
        let posted = first.event(.firstReadPosted)
        return (
            before(posted, active(first.other), first, "the first read started"),
            [posted, active(first.other)]
        )
    }

    /// Claims 1c and 1d: an operation follows the success of the one before it.
    func follows(_ completed: EventName, _ posted: EventName, _ first: FollowedConnection) -> (
        ClaimTrace.Standing, [HistoryEvent?]
    ) {
        let evidence = [first.event(completed), first.event(posted)]
        return (follows(evidence), evidence)
    }

    /// Claim 1e: the second write follows the second read, and ends before the partner's storage OS is active.
    func secondWrite(_ first: FollowedConnection) -> (ClaimTrace.Standing, [HistoryEvent?]) {
        let completed = first.event(.secondWriteCompleted)
        let posted = first.event(.secondWritePosted)
        // The read may come again later, when this side stood still after it.
        let read = first.events.last { event in
            event.name == .secondReadCompleted && (posted.map { event.time <= $0.time } ?? true)
        }
        let evidence = [read, posted, completed]
        let order = follows(evidence)
        return (
            order == .shown
                ? before(completed, active(first.other), first, "the second write ended") : order,
            evidence + [active(first.other)]
        )
    }

    /// Claim 2: the first read asks for the address at which every partner keeps its status block.
    func presetAddress(_ first: FollowedConnection) -> (ClaimTrace.Standing, [HistoryEvent?]) {
        let posted = first.event(.firstReadPosted)
        return (
            same(
                posted?.text("address"), first.otherListening?.text("statusBlockAddress"),
                "the first read's address", "the partner's preset status block"),
            [first.otherListening, posted]
        )
    }

    /// Claims 18, 22, 25 and 29: all operations go over the one reliable-connected queue pair of the connection.
    func virtualInterface(_ first: FollowedConnection) -> (ClaimTrace.Standing, [HistoryEvent?]) {
        let evidence = [first.event(.connected)] + operationsPosted(first)
        return (
            evidence.contains { $0 == nil }
                ? .broken("the four operations are not all on connection \(first.connection)") : .shown,
            evidence
        )
    }

    /// Claim 19: the phase that the first read brought is one that the partner had while the read was under way.
    func bootStatus(_ first: FollowedConnection) -> (ClaimTrace.Standing, [HistoryEvent?]) {
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

    /// Claims 20 and 21: the connection stands, and the clients of both sides are connected over it, before either
    /// storage operating system is active.
    func beforeStorageOS(_ claim: Claim, _ first: FollowedConnection) -> (
        ClaimTrace.Standing, [HistoryEvent?]
    ) {
        var parts = [(first.established as HistoryEvent?, "the connection was established")]
        if claim == .c20, !settings(of: first.own.partner).clients.isEmpty {
            parts.append((first.readyClient, "the first client was ready"))
        }
        let evidence = parts.map(\.0) + [active(first.own), active(first.other)]
        for (event, what) in parts {
            for side in [first.other, first.own] {
                let standing = before(event, active(side), first, what)
                if standing != .shown { return (standing, evidence) }
            }
        }
        return (.shown, evidence)
    }

    func active(_ life: Life) -> HistoryEvent? {
        life.phases.first { $0.phase == .storageOSActive }?.event
    }

    /// Whether something came before a storage operating system was active, where the boots allowed it.
    func before(
        _ event: HistoryEvent?, _ active: HistoryEvent?, _ first: FollowedConnection, _ what: String
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
    func follows(
        _ events: [HistoryEvent?], _ what: String = "an operation of the handshake"
    ) -> ClaimTrace.Standing {
        let present = events.compactMap { $0 }
        guard present.count == events.count else { return .broken("\(what) is missing") }
        for (earlier, later) in zip(present, present.dropFirst()) where later.time < earlier.time {
            return .broken("\(later.name.rawValue) came before \(earlier.name.rawValue)")
        }
        return .shown
    }

    func same(_ one: String?, _ two: String?, _ first: String, _ second: String)
        -> ClaimTrace.Standing
    {
        guard let one, let two else { return .broken("the history does not hold \(first) or \(second)") }
        return one == two ? .shown : .broken("\(first) is \(one), \(second) is \(two)")
    }

    func operationsPosted(_ first: FollowedConnection) -> [HistoryEvent?] {
        [EventName.firstReadPosted, .firstWritePosted, .secondReadPosted, .secondWritePosted].map {
            first.event($0)
        }
    }
}
