import ClusterConnection
import Histogram

/// How long something took, each time. Recording takes nothing from the heap.
struct SpanHistogram {
    private var histogram = Histogram<UInt64>(
        lowestDiscernibleValue: 1, highestTrackableValue: 10_000_000_000,
        numberOfSignificantValueDigits: .three)

    mutating func record(_ span: TimeSpan) {
        histogram.record(min(max(span.nanoseconds, 1), 10_000_000_000))
    }

    var count: UInt64 { histogram.totalCount }
    var isEmpty: Bool { count == 0 }

    /// The span that so many percent are not longer than, in nanoseconds.
    func nanoseconds(atPercentile percentile: Double) -> UInt64 {
        histogram.valueAtPercentile(percentile)
    }

    var longestNanoseconds: UInt64 { histogram.max }

    /// Forgets all.
    mutating func reset() { histogram.reset() }
}
