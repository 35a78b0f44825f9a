import ClusterConnection

// What both sides tell each other once they are connected: who they are, which clients they have, that they are
// ready.

extension Timeline {
    /// Claim 3: the messages of the exchange in their order, and the alert to the clients at its end.
    func exchangeInOrder(_ first: FollowedConnection) -> (ClaimTrace.Standing, [HistoryEvent?]) {
        guard let ready = first.readyClient, let client = ready.text("client") else {
            return noClient(first) ?? (
                .broken("no client was told that the partner is ready"), [first.established]
            )
        }
        let made = first.later(.portsMade) { $0.text("client") == client }
        let told = [
            first.later(.peerInformation),
            first.later(.messageSent) { $0.text("kind") == "clientInformation" },
            made, first.later(.readySaid), ready,
        ]
        // The partner's ready may come before the own one or after it; both come before the client's.
        let heard = [[first.later(.clientInformation), made, ready], [first.later(.partnerReady), ready]]
        let evidence = heard.compactMap(\.first) + told
        for order in [told] + heard {
            let standing = follows(order, "a step of the exchange")
            if standing != .shown { return (standing, evidence) }
        }
        return (.shown, evidence)
    }

    /// Claim 4: the partner's version numbers are those that it started with, and the one in use is the highest
    /// that both speak.
    func versions(_ first: FollowedConnection) -> (ClaimTrace.Standing, [HistoryEvent?]) {
        let received = first.later(.messageReceived) { $0.text("kind") == "peerInformation" }
        let information = first.later(.peerInformation)
        let evidence = [first.other.started, received, information]
        guard let information, received != nil else {
            return (.broken("the partner's peer information never came"), [first.established] + evidence)
        }
        for (field, origin, what) in [
            ("partnerLowest", "protocolMin", "lowest"), ("partnerHighest", "protocolMax", "highest"),
        ] {
            let standing = same(
                information.text(field), first.other.started.text(origin),
                "the partner's \(what) version as told",
                "the one that it started with")
            if standing != .shown { return (standing, evidence) }
        }
        let standing = same(
            information.text("version"), highestCommon(information).map(String.init), "the version in use",
            "the highest that both speak")
        return (standing, evidence)
    }

    private func highestCommon(_ information: HistoryEvent) -> UInt64? {
        guard let lowest = information.number("lowest"), let highest = information.number("highest"),
            let partnerLowest = information.number("partnerLowest"),
            let partnerHighest = information.number("partnerHighest")
        else { return nil }
        let common = min(highest, partnerHighest)
        return common >= max(lowest, partnerLowest) ? common : nil
    }

    /// Claims 5 to 7: the clients' wishes are collected, travel as one set, and arrive with the same numbers.
    func collectedSet(_ claim: Claim, _ first: FollowedConnection) -> (ClaimTrace.Standing, [HistoryEvent?]) {
        var collected: [HistoryEvent] = []
        let place = first.lines.indices.first { place in
            let line = first.lines[place]
            guard line.name == .messageSent, line.text("kind") == "clientInformation" else { return false }
            collected = registered(first.own.events[..<place])
            return !collected.isEmpty
        }
        guard let place else {
            return noClient(first) ?? (.broken("no set with a client in it was sent"), [first.established])
        }
        let sent = first.lines[place]
        let arrival = first.otherLines.indices.first { place in
            let line = first.otherLines[place]
            return line.name == .messageReceived && line.text("kind") == "clientInformation"
                && line.number("number") == sent.number("number")
        }
        guard let arrival,
            let information = first.otherLines[arrival...].first(where: { $0.name == .clientInformation })
        else { return (.broken("the set never arrived at the partner"), collected + [sent]) }
        let evidence = collected + [sent, first.otherLines[arrival], information]
        func sum(_ field: String) -> String {
            "\(collected.reduce(UInt64(0)) { $0 &+ ($1.number(field) ?? 0) })"
        }
        let (field, number) =
            switch claim {
            case .c6: ("ports", sum("ports"))
            case .c7: ("memory", sum("memory"))
            default: ("clients", "\(collected.count)")
            }
        return (
            same(
                information.text(field), number, "the number of \(field) that arrived",
                "what the clients had asked for"), evidence
        )
    }

    /// The registrations that stand at the end of some lines.
    private func registered(_ lines: ArraySlice<HistoryEvent>) -> [HistoryEvent] {
        let withdrawn = Set(lines.filter { $0.name == .clientWithdrawn }.map { $0.number("clientNumber") })
        return lines.filter { $0.name == .clientRegistered && !withdrawn.contains($0.number("clientNumber")) }
    }

    /// Claims 8 and 9: the partner says what it is to the cluster, and is that.
    func partnersRole(_ role: Role, _ first: FollowedConnection) -> (ClaimTrace.Standing, [HistoryEvent?]) {
        let information = first.later(.peerInformation)
        let evidence = [first.other.started, information]
        guard let information else {
            return (.broken("the partner's peer information never came"), [first.established] + evidence)
        }
        let standing = same(
            information.text("role"), first.other.started.text("role"), "the partner's role as told",
            "the one that it started with")
        guard standing == .shown else { return (standing, evidence) }
        if information.text("role") == role.word { return (.shown, evidence) }
        return (
            .notApplicable("\(first.other.partner.rawValue)'s role is \(information.text("role") ?? "?")"),
            evidence
        )
    }

    /// Why nothing about clients can be followed at a partner that runs none; nil where it runs some.
    func noClient(_ first: FollowedConnection) -> (ClaimTrace.Standing, [HistoryEvent?])? {
        guard settings(of: first.own.partner).clients.isEmpty else { return nil }
        return (.notApplicable("\(first.own.partner.rawValue) runs no clients"), [first.established])
    }
}
