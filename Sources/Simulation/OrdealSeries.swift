import ClusterConnection

/// Ordeals one after another, and what came of all of them.
public struct OrdealSeries: Sendable {
    /// How many there were.
    public private(set) var count: UInt64 = 0
    /// Boots of either partner in all of them.
    public private(set) var boots: UInt64 = 0
    /// Faults in all of them.
    public private(set) var faults: UInt64 = 0
    /// Events handed to connection managers.
    public private(set) var events: UInt64 = 0
    /// Virtual time that passed in all of them.
    public private(set) var elapsed = TimeSpan.zero
    /// The longest recovery, once all was well.
    public private(set) var longestRecovery = TimeSpan.zero
    /// Of all outcomes, in whatever order they came: the same seeds give the same digest on every machine.
    public private(set) var digest: UInt64 = 0
    /// Ordeals that broke an invariant: their numbers, and what did not hold; the first ones only.
    public private(set) var failures: [(seed: UInt64, violation: Violation)] = []
    /// How many did.
    public private(set) var broken: UInt64 = 0

    /// How many failures are kept.
    public static let kept = 20

    /// Within what time pairs have to be ready, once all is well.
    public let bound: TimeSpan

    /// None yet.
    public init(bound: TimeSpan = Ordeal.promisedBound) { self.bound = bound }

    /// Goes through with the ordeal of a number.
    public mutating func run(_ seed: UInt64) {
        var ordeal = Ordeal(seed: seed)
        ordeal.bound = bound
        let outcome = ordeal.run()
        count += 1
        boots += outcome.boots
        faults += UInt64(ordeal.steps.count)
        events += outcome.events
        elapsed = elapsed + outcome.elapsed
        longestRecovery = max(longestRecovery, outcome.recovery ?? .zero)
        var own = Digest()
        own.add(seed)
        own.add(outcome.digest)
        own.add(outcome.events)
        own.add(UInt64(outcome.violations.count))
        digest = digest &+ own.value
        guard let violation = outcome.violations.first else { return }
        broken += 1
        if failures.count < Self.kept { failures.append((seed, violation)) }
    }

    /// Takes over what another series came to.
    public mutating func add(_ other: OrdealSeries) {
        count += other.count
        boots += other.boots
        faults += other.faults
        events += other.events
        elapsed = elapsed + other.elapsed
        longestRecovery = max(longestRecovery, other.longestRecovery)
        digest = digest &+ other.digest
        broken += other.broken
        failures = Array((failures + other.failures).sorted { $0.seed < $1.seed }.prefix(Self.kept))
    }
}
