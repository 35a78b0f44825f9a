import ClusterConnection
import Glibc

/// The partner's clock: clock_gettime(2), `CLOCK_MONOTONIC`, which no step of the wall clock moves.
enum MonotonicClock {
    static var now: Instant {
        var time = timespec()
        clock_gettime(CLOCK_MONOTONIC, &time)
        return Instant(nanoseconds: UInt64(time.tv_sec) * 1_000_000_000 + UInt64(time.tv_nsec))
    }
}
