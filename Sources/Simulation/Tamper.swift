import ClusterConnection

/// Somebody who meddles with the connection managers of a world, to see whether its checks notice.
public protocol Tamper: Sendable {
    /// Before an event is handed over; may change it, or the manager.
    ///
    /// - Returns: whether it is handed over at all.
    func before(_ event: inout Event, _ manager: inout ConnectionManager, at now: Instant) -> Bool

    /// Before the manager's actions are carried out; may change them, or the manager.
    func after(_ event: Event, _ manager: inout ConnectionManager, _ actions: inout [Action], at now: Instant)
}
