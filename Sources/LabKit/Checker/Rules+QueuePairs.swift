import ClusterConnection

extension Timeline {
    /// Rule `same-queue-pairs`: while both partners hold a rail established with each other, what one calls its own queue pair
    /// is what the other calls its partner's. The simulator has no queue pairs, and its lines name none.
    func crossedConnections() -> [Broken] {
        (established[.a] ?? []).flatMap { own in
            (established[.b] ?? []).compactMap { other in
                guard own.rail == other.rail, own.partnerIncarnation == other.event.incarnation,
                    other.partnerIncarnation == own.event.incarnation, overlap(own, other),
                    let pair = queuePairs(own), let mirrored = queuePairs(other),
                    pair.own != mirrored.partner || pair.partner != mirrored.own
                else { return nil }
                return Broken(
                    .sameQueuePairs,
                    "a holds a connection between queue pairs \(pair.own) and \(pair.partner) established, b one between "
                        + "\(mirrored.own) and \(mirrored.partner)", evidence: [own.event, other.event])
            }
        }
    }

    private func overlap(_ one: Established, _ other: Established) -> Bool {
        one.holds(at: other.event.time) || other.holds(at: one.event.time)
    }

    private func queuePairs(_ established: Established) -> (own: UInt64, partner: UInt64)? {
        guard let own = established.event.number("queuePair"),
            let partner = established.event.number("partnerQueuePair")
        else { return nil }
        return (own, partner)
    }
}
