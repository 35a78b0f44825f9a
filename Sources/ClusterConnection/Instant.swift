/// A moment on the partner's monotonic clock, in nanoseconds (clock_gettime(2), `CLOCK_MONOTONIC`).
///
/// The core never reads a clock: every instant comes in with an event.
public struct Instant: Hashable, Sendable {
    /// Nanoseconds since an arbitrary start that is fixed for one boot of the kernel.
    public var nanoseconds: UInt64

    /// An instant so many nanoseconds after the clock's start.
    public init(nanoseconds: UInt64) { self.nanoseconds = nanoseconds }

    /// The instant `span` later; stays at the largest instant rather than wrap around.
    public static func + (instant: Instant, span: TimeSpan) -> Instant {
        let (sum, overflow) = instant.nanoseconds.addingReportingOverflow(span.nanoseconds)
        return Instant(nanoseconds: overflow ? .max : sum)
    }

    /// The time from `earlier` to `later`; zero when `later` is in fact the earlier one.
    public static func - (later: Instant, earlier: Instant) -> TimeSpan {
        TimeSpan(
            nanoseconds: later.nanoseconds > earlier.nanoseconds ? later.nanoseconds - earlier.nanoseconds : 0
        )
    }
}

extension Instant: Comparable {
    /// Earlier instants are smaller.
    public static func < (lhs: Instant, rhs: Instant) -> Bool { lhs.nanoseconds < rhs.nanoseconds }
}
