import ClusterConnection

/// What a process gets of a processor: no more than `quota` in each `period` (cpu.max of cgroup v2).
package struct Ration: Hashable, Sendable {
    package var quota: TimeSpan
    package var period: TimeSpan

    /// What the kernel takes for either.
    package static let bounds = TimeSpan.milliseconds(1)...TimeSpan.seconds(1)

    package init(quota: TimeSpan, period: TimeSpan) {
        self.quota = quota
        self.period = period
    }

    /// As cpu.max holds it: microseconds.
    package var text: String { "\(quota.nanoseconds / 1_000) \(period.nanoseconds / 1_000)" }
}
