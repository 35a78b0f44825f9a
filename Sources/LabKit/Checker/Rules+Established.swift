import ClusterConnection

/// The operations of the boot handshake in their order.
private let operations: [(posted: EventName, completed: EventName, name: String)] = [
    (.firstReadPosted, .firstReadCompleted, "read 1"),
    (.firstWritePosted, .firstWriteCompleted, "write 1"),
    (.secondReadPosted, .secondReadCompleted, "read 2"),
    (.secondWritePosted, .secondWriteCompleted, "write 2"),
]

extension Timeline {
    /// Rule `handshake-order`: of every connection the operations one after the other, and of every
    /// established one all of them.
    func disorderedHandshakes() -> [Broken] {
        PartnerID.allCases.filter { speech(of: $0).tells(.handshake) }.flatMap { partner in
            (lives[partner] ?? []).flatMap { life in
                disorderedOperations(life) + incompleteHandshakes(life)
            }
        }
    }

    /// An operation that was posted before the one ahead of it had completed.
    private func disorderedOperations(_ life: Life) -> [Broken] {
        var broken: [Broken] = []
        var completed: [UInt64: Set<EventName>] = [:]
        for event in life.events {
            guard let connection = event.number("connection") else { continue }
            completed[connection, default: []].insert(event.name)
            guard let index = operations.firstIndex(where: { $0.posted == event.name }), index > 0 else {
                continue
            }
            let before = operations[index - 1]
            if !(completed[connection]?.contains(before.completed) ?? false) {
                broken.append(
                    Broken(
                        .handshakeOrder,
                        "\(life.partner.rawValue) posted \(operations[index].name) of connection \(connection) "
                            + "before its \(before.name) had completed",
                        evidence: life.events(of: connection, until: event.time).suffix(3)))
            }
        }
        return broken
    }

    private func incompleteHandshakes(_ life: Life) -> [Broken] {
        life.events.filter { $0.name == .established }.compactMap { established in
            let connection = established.number("connection") ?? 0
            let before = life.events(of: connection, until: established.time)
            let name = life.partner.rawValue
            for operation in operations {
                for needed in [operation.posted, operation.completed]
                where !before.contains(where: { $0.name == needed }) {
                    return Broken(
                        .handshakeOrder,
                        "\(name) held connection \(connection) established without \(operation.name) "
                            + "(no \(needed.rawValue))", evidence: before.suffix(3))
                }
            }
            let partner = established.partnerIncarnation
            let confirmed = life.events.contains {
                $0.name == .confirmationSeen && $0.time <= established.time
                    && $0.partnerIncarnation == partner
            }
            if !confirmed {
                return Broken(
                    .handshakeOrder,
                    "\(name) held connection \(connection) established without the confirmation of "
                        + "incarnation \(partner ?? "?")", evidence: before.suffix(3))
            }
            let stray = before.first { $0.partnerIncarnation != nil && $0.partnerIncarnation != partner }
            if let stray {
                return Broken(
                    .handshakeOrder,
                    "\(name)'s connection \(connection) was of incarnation \(stray.partnerIncarnation ?? "?") first "
                        + "and established with \(partner ?? "?")", evidence: [stray, established])
            }
            return nil
        }
    }

    /// Rule `established-alive`.
    func establishedWithTheDead() -> [Broken] {
        let tolerance = promise.dead
        return PartnerID.allCases.flatMap { established[$0] ?? [] }.compactMap { stretch in
            let event = stretch.event
            guard let partner = event.partner, speech(of: partner).tells(.incarnations) else { return nil }
            guard let life = life(of: partner.other, incarnation: stretch.partnerIncarnation) else {
                return Broken(
                    .establishedAlive,
                    "\(partner.rawValue) established with incarnation \(stretch.partnerIncarnation), "
                        + "which \(partner.other.rawValue) never was", evidence: [event])
            }
            if life.started.time > event.time {
                return Broken(
                    .establishedAlive,
                    "\(partner.rawValue) established with an incarnation that had not started yet",
                    evidence: [event, life.started])
            }
            // The end of a process takes a moment to be seen, and that moment has a bound of its own. Until the process is
            // gone its kernel may still bring what it wrote, and keep the other side from running meanwhile.
            if let began = life.endBegan, let ended = life.ended,
                max(began + tolerance, ended.time) < event.time
            {
                return Broken(
                    .establishedAlive,
                    "\(partner.rawValue) established with an incarnation that had ended "
                        + "\(SpanText.rounded(event.time - began)) before", evidence: [ended, event])
            }
            return nil
        }
    }

    /// Rule `established-both-saw`.
    func establishedUnseen() -> [Broken] {
        PartnerID.allCases.flatMap { established[$0] ?? [] }.compactMap { stretch in
            let event = stretch.event
            guard let partner = event.partner, speech(of: partner).tells(.incarnations),
                speech(of: partner.other).tells(.handshake),
                let other = life(of: partner.other, incarnation: stretch.partnerIncarnation)
            else { return nil }
            // A process that was killed about then may have acted without living to write it down.
            if other.wasKilled, let began = other.endBegan,
                began <= event.time + promise.dead
            {
                return nil
            }
            let saw = other.events.contains {
                $0.name == .firstReadCompleted && $0.time <= event.time
                    && $0.partnerIncarnation == event.incarnation
            }
            if saw { return nil }
            return Broken(
                .establishedBothSaw,
                "\(partner.rawValue) established with \(partner.other.rawValue), which had not read "
                    + "incarnation \(event.incarnation) by then",
                evidence: other.events.filter { $0.name == .firstReadCompleted }.suffix(2) + [event])
        }
    }

    /// Rule `before-storage-os`.
    func establishedTooLate() -> [Broken] {
        var judged: Set<[String]> = []
        return PartnerID.allCases.flatMap { established[$0] ?? [] }.compactMap { stretch in
            let event = stretch.event
            guard judged.insert([event.incarnation, stretch.partnerIncarnation]).inserted,
                let partner = event.partner,
                let own = life(of: partner, incarnation: event.incarnation),
                let other = life(of: partner.other, incarnation: stretch.partnerIncarnation),
                let active = other.phases.first(where: { $0.phase == .storageOSActive })?.event,
                bootsAllow(own, other, before: active.time), event.time >= active.time
            else { return nil }
            return Broken(
                .beforeStorageOS,
                "\(partner.rawValue) established only \(SpanText.rounded(event.time - active.time)) after "
                    + "\(partner.other.rawValue)'s storage OS was active, though both listened in time",
                evidence: [own.listening, other.listening, active, event].compactMap { $0 })
        }
    }

    /// Whether two lives were joined long enough before a moment to be connected by then.
    func bootsAllow(_ own: Life, _ other: Life, before moment: Instant) -> Bool {
        guard let first = own.listening?.time, let second = other.listening?.time else { return false }
        let both = max(first, second)
        guard both + promise.connect < moment else { return false }
        return !disturbances.contains { $0.touches(from: both, to: moment) }
    }
}

extension Life {
    /// This life's own lines about a connection, up to and with a moment.
    func events(of connection: UInt64, until moment: Instant) -> [HistoryEvent] {
        events.filter { $0.time <= moment && $0.number("connection") == connection }
    }
}
