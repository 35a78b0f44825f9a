import Simulation

@testable import ClusterConnection

/// A connection manager with one thing wrong: what it hears or does is changed behind its back. If the simulator does
/// not notice, its checks have a hole.
struct Mutant: Tamper, CustomStringConvertible {
    typealias Before = @Sendable (inout Event, inout ConnectionManager, Instant) -> Bool
    typealias After = @Sendable (Event, inout ConnectionManager, inout [Action], Instant) -> Void

    let name: String
    /// What it breaks: any of these counts as found.
    let breaks: Set<Invariant>
    var change: Before = { _, _, _ in true }
    var spoil: After = { _, _, _, _ in }

    var description: String { name }

    func before(_ event: inout Event, _ manager: inout ConnectionManager, at now: Instant) -> Bool {
        change(&event, &manager, now)
    }

    func after(_ event: Event, _ manager: inout ConnectionManager, _ actions: inout [Action], at now: Instant)
    {
        spoil(event, &manager, &actions, now)
    }
}

extension Mutant {
    /// One that leaves out what it should do.
    static func omits(
        _ name: String, breaks: Set<Invariant>,
        _ isLeftOut: @escaping @Sendable (Action, ConnectionManager) -> Bool
    ) -> Mutant {
        Mutant(
            name: name, breaks: breaks,
            spoil: { _, manager, actions, _ in
                let manager = manager
                actions.removeAll { isLeftOut($0, manager) }
            })
    }

    /// One that does not hear what it is told.
    static func ignores(
        _ name: String, breaks: Set<Invariant>,
        _ isUnheard: @escaping @Sendable (Event, ConnectionManager) -> Bool
    ) -> Mutant {
        Mutant(name: name, breaks: breaks, change: { event, manager, _ in !isUnheard(event, manager) })
    }

    /// One whose memory is spoilt after everything that it hears.
    static func forgets(
        _ name: String, breaks: Set<Invariant>, _ spoil: @escaping @Sendable (inout ConnectionManager) -> Void
    ) -> Mutant {
        Mutant(name: name, breaks: breaks, spoil: { _, manager, _, _ in spoil(&manager) })
    }
}
