import ClusterConnection
import Glibc

/// The clock that both partners and the lab stamp their lines with.
package enum MonotonicClock {
    /// The time now: clock_gettime(2), `CLOCK_MONOTONIC`.
    package static var now: Instant {
        var time = timespec()
        // Fails only for a clock that does not exist, and this one always does.
        clock_gettime(CLOCK_MONOTONIC, &time)
        return Instant(nanoseconds: UInt64(time.tv_sec) * 1_000_000_000 + UInt64(time.tv_nsec))
    }

    /// Waits until an instant; returns early, having thrown nothing, when the task is cancelled.
    static func wait(until instant: Instant) async {
        let span = instant - now
        guard span > .zero else { return }
        try? await Task.sleep(for: .nanoseconds(Int64(clamping: span.nanoseconds)), tolerance: .zero)
    }
}
