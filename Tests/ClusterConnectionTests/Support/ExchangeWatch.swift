import Testing

@testable import ClusterConnection

/// Sees all that a manager asks its driver to do, and finds what it must never ask, whatever its partner says.
final class ExchangeWatch {
    /// Ports that the driver has, by connection.
    private(set) var ports: [ConnectionID: Set<ClientPair>] = [:]
    /// Orders that the driver has not carried out yet.
    var orders: [PortOrder] = []
    /// Tables that it has not connected yet.
    var joins: [PortTable] = []
    /// The clients that were told ready, and not lost since.
    private(set) var ready: Set<ClientID> = []
    private var numbers: [ConnectionID: UInt32] = [:]
    private var retired: Set<ConnectionID> = []
    private(set) var events = 0
    private(set) var mostActions = 0
    private(set) var endings: [String: Int] = [:]

    func see(_ event: Event, _ actions: [Action]) {
        events += 1
        mostActions = max(mostActions, actions.count)
        for action in actions { see(action) }
    }

    private func see(_ action: Action) {
        switch action {
        case .send(let connection, let bytes):
            let message = try? Message(bytes: bytes)
            let number = numbers[connection, default: 0] + 1
            numbers[connection] = number
            if message?.number != number || retired.contains(connection) {
                Issue.record("message \(number) of \(connection) is not one: \(hexLines(bytes))")
            }
        case .makePorts(let connection, let new):
            for order in new where !ports[connection, default: []].insert(order.pair).inserted {
                Issue.record("ports of \(order.pair) made twice")
            }
            orders += new
        case .connectPorts(let connection, let tables):
            for table in tables where !ports[connection, default: []].contains(table.pair) {
                Issue.record("ports of \(table.pair) connected that are not there")
            }
            joins += tables
        case .destroyPorts(let connection, let pairs):
            for pair in pairs { ports[connection]?.remove(pair) }
            if ports[connection]?.isEmpty ?? false { ports[connection] = nil }
            orders.removeAll { pairs.contains($0.pair) }
            joins.removeAll { pairs.contains($0.pair) }
        case .retire(let connection):
            if !retired.insert(connection).inserted { Issue.record("\(connection) retired twice") }
        case .notify(let client, .ready):
            let hasPorts = ports.values.contains { $0.contains { $0.own == client } }
            if !ready.insert(client).inserted || !hasPorts {
                Issue.record("client \(client.value) told ready twice, or without ports")
            }
        case .notify(let client, .lost):
            let hasPorts = ports.values.contains { $0.contains { $0.own == client } }
            if ready.remove(client) == nil || hasPorts {
                Issue.record("client \(client.value) told lost without a ready, or with its ports there")
            }
        case .record(let record) where record.event == .retired:
            endings[record["reason"] ?? "", default: 0] += 1
        default: break
        }
    }

    /// What must hold between any two events.
    func check(_ manager: ConnectionManager) {
        let exchange = manager.exchange
        let isBounded =
            exchange.registrations.count <= Int(manager.settings.clientLimits.clients)
            && exchange.partnerSet?.entries.count ?? 0 <= ClientSet.limit
            && exchange.partnerReady.count <= ClientSet.limit
            && exchange.pairsSaid.count <= Int(manager.settings.clientLimits.clients)
            && exchange.failedPairs.count <= 64
            && manager.rails.allSatisfy { $0.early?.count ?? 0 <= Message.capacity }
            && exchange.sent &- exchange.taken <= Exchange.window
            && exchange.registrations.allSatisfy { $0.partnerTable?.ports.count ?? 0 <= 2_048 }
        if !isBounded { Issue.record("grown: \(exchange)") }
        let isEstablished = if case .established = manager.rails[0].link { true } else { false }
        if isEstablished != (manager.verdict == .alive) {
            Issue.record("\(manager.rails[0].link), \(manager.verdict)")
        }
        for (connection, pairs) in ports where !pairs.isEmpty {
            if !isEstablished || manager.rails[0].link.peer?.connection != connection {
                Issue.record("\(pairs.count) clients keep the ports of \(connection), which has ended")
            }
        }
    }
}
