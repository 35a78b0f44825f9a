import Testing

@testable import ClusterConnection

// What must hold after every event, whatever happened before.

extension TwoPartners {
    func check(_ life: Life, after event: Event) {
        let manager = life.manager
        let isLeaving = if case .farewell = manager.rails[0].link { true } else { false }
        checkExchange(of: life)
        if (manager.verdict == .alive) != life.isEstablished, !isLeaving {
            Issue.record("\(name): alive and established are not the same after \(event)\n\(tail)")
        }
        for rail in manager.railNumbers { check(life, on: rail, after: event) }
    }

    private func check(_ life: Life, on rail: RailID, after event: Event) {
        let manager = life.manager
        // Timers of the pair are kept with its first rail.
        let armed = Set(life.timers.keys.filter { $0.rail == rail }.map(\.name)).subtracting(
            life.isEstablished && manager.rails.count > 1 ? [.exchange, .stall] : [])
        let allowed: Set<TimerName>
        switch manager[rail].link {
        case .closed: allowed = []
        case .waiting: allowed = [.backoff]
        case .connecting: allowed = [.attempt]
        case .accepting: allowed = [.handshake]
        case .handshaking: allowed = [.tick, .handshake, .poll]
        case .established: allowed = [.tick, .exchange, .stall]
        case .farewell: allowed = rail == .first ? [.tick, .farewell] : [.tick]
        }
        // The mailbox is looked into before the timer that woke the process is handed over.
        let mayBeFiring = if case .mailbox = event { true } else { false }
        let hasSaidGoodbye = if case .farewell(nil) = manager[rail].link { true } else { false }
        if !armed.isSubset(of: allowed)
            || armed.isEmpty && !allowed.isEmpty && !mayBeFiring && !hasSaidGoodbye
        {
            Issue.record(
                "\(name): rail \(rail.index) \(manager[rail].link.name) with timers \(armed)\n\(tail)")
        }
        let wires = life.wires.keys.count { $0.rail == rail }
        if wires > 1 { Issue.record("\(name): \(wires) endpoints on rail \(rail.index)\n\(tail)") }
    }

    /// The exchange is on a connection that is established, and all ports are that connection's.
    private func checkExchange(of life: Life) {
        let exchange = life.manager.exchange
        if exchange.standing != .none, exchange.standing != .refused,
            life.manager[exchange.connection.rail].link.peer?.connection != exchange.connection
        {
            Issue.record("\(name): an exchange on a connection that is gone\n\(tail)")
        }
        if life.ports.values.contains(where: { $0.connection != exchange.connection }) {
            Issue.record("\(name): ports of another connection than the exchange's\n\(tail)")
        }
    }

    /// Established only between two incarnations that were both alive and each saw the other.
    func checkEstablishment(by life: Life, on rail: RailID) {
        guard let peer = life.manager[rail].link.peer, let wire = life.wires[peer.connection],
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
