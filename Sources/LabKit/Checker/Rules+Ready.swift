import ClusterConnection

extension Timeline {
    /// Rule `ready-when-both-can-receive`.
    func readyTooEarly() -> [Broken] {
        readyBooks.flatMap { life, book in
            book.entries.compactMap { entry in
                whatWasMissing(entry, life).map { missing, evidence in
                    Broken(
                        .readyWhenBoth,
                        "\(life.partner.rawValue)'s client \(entry.client) was told ready \(missing)",
                        evidence: evidence + [entry.ready])
                }
            }
        }
    }

    /// What had not happened yet when a client was told ready; nil when all had.
    private func whatWasMissing(_ entry: ReadyBook.Entry, _ life: Life) -> (String, [HistoryEvent])? {
        guard let established = entry.established, let connection = entry.connection else {
            return ("before any connection was established", [])
        }
        let own = life.events[..<entry.place]
        if let retired = own.last(where: { $0.isAbout(.retired, connection) }) {
            return ("on connection \(connection), which was gone", [retired])
        }
        let incarnation = entry.ready.partnerIncarnation ?? "?"
        if established.partnerIncarnation != incarnation {
            return ("of incarnation \(incarnation), with which no connection was established", [established])
        }
        if let missing = missingSteps(entry.client, own, since: established.time, connection) {
            return ("before \(missing)", [established])
        }
        let heard = own.last { $0.isAbout(.partnerReady, connection) }
        guard let heard, heard.partnerIncarnation == incarnation else {
            return ("before the partner's ready had come", [heard ?? established])
        }
        return whatTheOtherLacked(entry, life, incarnation)
    }

    /// The same at the other side, whose own lines have to tell it.
    private func whatTheOtherLacked(
        _ entry: ReadyBook.Entry, _ life: Life, _ incarnation: String
    ) -> (String, [HistoryEvent])? {
        let name = life.partner.other.rawValue
        guard speech(of: life.partner.other).tells(.exchange, .clients) else { return nil }
        guard let other = self.life(of: life.partner.other, incarnation: incarnation) else {
            return ("of incarnation \(incarnation), which \(name) never was", [])
        }
        // A process that was killed about then may have said ready without living to write it down.
        if other.wasKilled, let began = other.endBegan, began <= entry.ready.time + promise.dead {
            return nil
        }
        let before = other.events.prefix { $0.time <= entry.ready.time }
        let established = before.last {
            $0.name == .established && $0.partnerIncarnation == life.incarnation
                && $0.number("rail") == entry.established?.number("rail")
        }
        guard let established, let connection = established.number("connection") else {
            return ("before \(name) had established a connection with it", before.suffix(1))
        }
        let missing = missingSteps(
            entry.client, before, since: established.time, connection, of: life.incarnation)
        return missing.map { ("before \(name) had done its part: \($0)", [established]) }
    }

    /// What one side has not done yet for a client on a connection, in words.
    private func missingSteps(
        _ client: String, _ lines: ArraySlice<HistoryEvent>, since: Instant, _ connection: UInt64,
        of partner: String? = nil
    ) -> String? {
        let made = lines.last { $0.name == .portsMade && $0.text("client") == client && $0.time >= since }
        guard let made else { return "the ports were made" }
        let said = lines.contains {
            $0.isAbout(.readySaid, connection) && (partner == nil || $0.partnerIncarnation == partner)
        }
        guard said else { return "ready was said to the partner" }
        // Ready is said again for a client that came later; only a message behind its ports can mean it.
        let sent = lines.contains {
            $0.isAbout(.messageSent, connection) && $0.text("kind") == "ready" && $0.time >= made.time
        }
        return sent ? nil : "ready was sent to the partner for these ports"
    }

    /// Rule `one-loss-for-a-ready`.
    func unbalancedLosses() -> [Broken] {
        readyBooks.flatMap { life, book in
            let name = life.partner.rawValue
            let stray = book.strayLosses.map { loss in
                Broken(
                    .oneLossForReady,
                    "\(name)'s client \(loss.text("client") ?? "?") was told of a loss that no ready had come before",
                    evidence: book.entries.filter { $0.client == loss.text("client") && $0.place > 0 }
                        .compactMap(\.lost).filter { $0.time <= loss.time }.suffix(1) + [loss])
            }
            let double = book.doubleReadies.map { ready in
                Broken(
                    .oneLossForReady,
                    "\(name)'s client \(ready.text("client") ?? "?") was told ready again and never of the loss before",
                    evidence: book.entries.filter {
                        $0.client == ready.text("client") && $0.ready.time < ready.time
                    }
                    .suffix(1).map(\.ready) + [ready])
            }
            return stray + double + book.entries.compactMap { untold($0, life) }
        }
    }

    /// A loss that a client was never told of, or of another partner's life.
    private func untold(_ entry: ReadyBook.Entry, _ life: Life) -> Broken? {
        let name = life.partner.rawValue
        if let lost = entry.lost, lost.partnerIncarnation != entry.ready.partnerIncarnation {
            return Broken(
                .oneLossForReady,
                "\(name)'s client \(entry.client) was told ready of one incarnation and the loss of another",
                evidence: [entry.ready, lost])
        }
        guard let connection = entry.connection,
            let end = life.events.indices.first(where: {
                $0 > entry.place && life.events[$0].isAbout(.retired, connection)
            })
        else { return nil }
        let retired = life.events[end]
        if let place = entry.lostPlace {
            // Before this side goes on with anything else.
            let between = place > end ? life.events[end..<place] : []
            if !between.contains(where: { $0.name == .connected }) { return nil }
        }
        // Nobody can tell after its own end.
        if life.wasKilled, let began = life.endBegan, began <= retired.time + promise.dead { return nil }
        return Broken(
            .oneLossForReady,
            "\(name)'s client \(entry.client) was ready when connection \(connection) ended, and was not told",
            evidence: [entry.ready, retired])
    }

    /// Rule `fenced-before-told`.
    func toldBeforeFenced() -> [Broken] {
        readyBooks.flatMap { life, book in
            book.entries.compactMap { entry in
                guard let lost = entry.lost, let place = entry.lostPlace,
                    lost.name == .clientPaused || lost.text("reason") == "connection",
                    let connection = entry.connection
                else { return nil }
                let before = life.events[entry.place..<place]
                let what = "\(life.partner.rawValue)'s client \(entry.client) was told of the loss "
                if !before.contains(where: { $0.isAbout(.retired, connection) }) {
                    return Broken(
                        .fencedBeforeTold, what + "before connection \(connection) was gone",
                        evidence: [entry.ready, lost])
                }
                let hadPorts = entry.ready.number("ports") != 0 || (entry.ready.number("memory") ?? 0) != 0
                if hadPorts, !before.contains(where: { $0.isAbout(.portsDestroyed, connection) }) {
                    return Broken(
                        .fencedBeforeTold,
                        what + "while its ports on connection \(connection) could still receive",
                        evidence: before.filter { $0.isAbout(.retired, connection) } + [lost])
                }
                return nil
            }
        }
    }
}

extension HistoryEvent {
    /// Whether the line is this event of a connection.
    func isAbout(_ name: EventName, _ connection: UInt64) -> Bool {
        self.name == name && number("connection") == connection
    }
}
