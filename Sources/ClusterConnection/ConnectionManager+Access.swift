// Requests past what was granted. The device refuses them, and breaks the queue pair that they came over: the end of
// that connection or port is noticed where its own work fails. Here it is only told why.

extension ConnectionManager {
    /// The partner asked, over this queue pair, for memory that is not open to it.
    mutating func accessRefused(
        _ queuePair: UInt32, _ connection: ConnectionID?, _ client: ClientID?, into actions: inout [Action]
    ) {
        counters.accessesRefused += 1
        // In one row for the whole life of this CCM: a partner that comes back to try again fills no log.
        guard accessRefusals.isWorthALine(for: "access") else { return }
        var record = HistoryRecord(.accessRefused)
        if let connection { record = record.with("connection", .number(UInt64(connection.value))) }
        record = record.with("queuePair", .number(UInt64(queuePair)))
            .with("count", .number(counters.accessesRefused))
        let name = exchange.registrations.first { $0.client == client }?.information.name
        actions.append(.record(name.map { record.with("client", $0) } ?? record))
    }
}
