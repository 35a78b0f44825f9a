import ClusterConnection

/// Where the seeds of runs come from. A run's seed decides every random number in it.
package enum SeedChoice: Hashable, Sendable {
    /// Each scenario has a seed of its own that never changes.
    case perScenario
    /// One seed for all.
    case fixed(UInt64)

    /// The seed of a run.
    ///
    /// - Parameters:
    ///   - scenario: the scenario's name. All values of its sweep share a seed.
    ///   - repetition: from 1. Each repetition has the next seed: what is repeated tries another schedule.
    package func seed(of scenario: String, repetition: Int) -> UInt64 {
        let first =
            switch self {
            case .perScenario: Self.seed(of: scenario)
            case .fixed(let seed): seed
            }
        return first &+ UInt64(max(0, repetition - 1))
    }

    /// A number of six digits, short enough to be typed again.
    private static func seed(of scenario: String) -> UInt64 {
        var digest = Digest()
        digest.add(scenario)
        return 100_000 + digest.value % 900_000
    }
}
