import ClusterConnection

/// An event that a connection manager was told, with what it wanted done about it.
struct ToldEvent: Sendable {
    let event: Event
    let actions: [Action]

    init(_ event: Event, _ actions: [Action] = []) {
        self.event = event
        self.actions = actions
    }
}
