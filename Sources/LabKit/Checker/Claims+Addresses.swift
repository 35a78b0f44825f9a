import Addressing
import ClusterConnection

// What the connection was made to: the predefined hardware address and port.

extension Timeline {
    /// Claims 15 and 16: the rail's predefined hardware address and the boot port.
    ///
    /// The queue pair of the one connection ties all of its operations to one hardware address and port. Which
    /// ones is told by the attempt that began it, from whichever side that came.
    func destination(_ claim: Claim, _ first: FollowedConnection) -> (
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
                first.otherListening?.text("mailboxAddress"),
                "the first write's address", "the partner's preset mailbox")
        }
        return (standing, evidence)
    }

    /// The attempt that began a connection, from whichever side it came, and the boot port that it went to.
    func predefinedEnd(_ first: FollowedConnection) -> (
        attempt: HistoryEvent?, listening: HistoryEvent?
    ) {
        let initiator = first.event(.connected)?.text("side") != "acceptor"
        let from = initiator ? first.own : first.other
        let to = initiator ? first.other : first.own
        let limit = first.event(.connected)?.time ?? first.established.time
        let attempt = from.events.last {
            $0.name == .connectStarted && $0.isOf(rail: first.rail) && $0.time <= limit
                && $0.text("kind") != "knock"
        }
        return (attempt, to.listening(onRail: first.rail))
    }

    /// Claim 17: both sides know the end that all operations went to by a Fibre Channel identifier, and it is
    /// the GID that the rule makes of it, as the attempt took it and as the kernel found it at the other side.
    func fibreChannelDestination(_ first: FollowedConnection) -> (
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
}
