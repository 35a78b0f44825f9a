import Testing

@testable import ClusterConnection

// What must hold after every event, whatever happened before.

extension TwoPartners {
    func check(_ life: Life, after event: Event) {
        let manager = life.manager
        let isLeaving = if case .farewell = manager.link { true } else { false }
        if (manager.verdict == .alive) != life.isEstablished, !isLeaving {
            Issue.record("\(name): alive and established are not the same after \(event)\n\(tail)")
        }
        let armed = Set(life.timers.keys)
        let allowed: Set<TimerName>
        switch manager.link {
        case .closed: allowed = []
        case .waiting: allowed = [.backoff]
        case .connecting: allowed = [.attempt]
        case .accepting: allowed = [.handshake]
        case .handshaking: allowed = [.tick, .handshake, .poll]
        case .established: allowed = [.tick, .exchange, .stall]
        case .farewell: allowed = [.tick, .farewell]
        }
        // The mailbox is looked into before the timer that woke the process is handed over.
        let mayBeFiring = if case .mailbox = event { true } else { false }
        if !armed.isSubset(of: allowed) || armed.isEmpty && !allowed.isEmpty && !mayBeFiring {
            Issue.record("\(name): \(manager.link.name) with timers \(armed)\n\(tail)")
        }
        if life.wires.count > 1 { Issue.record("\(name): \(life.wires.count) endpoints\n\(tail)") }
    }

    /// Established only between two incarnations that were both alive and each saw the other.
    func checkEstablishment(by life: Life) {
        guard let peer = life.manager.link.peer, let wire = life.wires[peer.connection],
            let partner = wire.other(than: life)?.life
        else {
            Issue.record("\(name): established without a connection\n\(tail)")
            return
        }
        // News are two messages old at most, and the mailbox is looked into every 250 us. Who stood still for
        // less than a hundred milliseconds does not notice it.
        let frozen = life.thawedAt.map { now - $0 < .milliseconds(20) } ?? false
        let age = TimeSpan.nanoseconds(2 * latency.upperBound + 500_000 + (frozen ? 110_000_000 : 0))
        let lived = partner.endedAt.map { now - $0 < age } ?? true
        if !lived || partner.incarnation != peer.incarnation || !partner.everSaw.contains(life.incarnation)
            || !life.everSaw.contains(partner.incarnation)
        {
            Issue.record(
                "\(name): established, although the partner is not alive or one did not see the other\n\(tail)"
            )
        }
    }

    /// A partner that lives, runs and is connected is never given another verdict than alive.
    func checkVerdict(_ record: HistoryRecord, by life: Life) {
        guard let verdict = record["verdict"], verdict != "alive" else { return }
        // The retries, the miss limit or an attempt's patience after the last fault, the truth is out.
        guard let lastFault, now - lastFault < .milliseconds(1_100) else {
            Issue.record("\(name): \(verdict) although nothing happened to anybody\n\(tail)")
            return
        }
    }
}
