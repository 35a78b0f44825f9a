import ClusterConnection

/// What a connection manager was told at the very start of its life.
package struct RecordedStart: Hashable, Sendable {
    package var settings: Settings
    package var incarnation: Incarnation
    package var seed: UInt64
    package var instant: Instant

    package init(settings: Settings, incarnation: Incarnation, seed: UInt64, at instant: Instant) {
        self.settings = settings
        self.incarnation = incarnation
        self.seed = seed
        self.instant = instant
    }

    /// The manager that begins so.
    package var manager: ConnectionManager {
        ConnectionManager(settings: settings, incarnation: incarnation, seed: seed, at: instant)
    }
}
