import ClusterConnection
import Histogram

/// How long heartbeat reads took, from post to completion handled. Recording takes nothing from the heap.
struct BeatStatistics {
    private var histogram = Histogram<UInt64>(
        lowestDiscernibleValue: 1, highestTrackableValue: 10_000_000_000,
        numberOfSignificantValueDigits: .three)

    mutating func record(_ span: TimeSpan) {
        histogram.record(min(max(span.nanoseconds, 1), 10_000_000_000))
    }

    func describe(in line: inout JSONLine) {
        line.field("beatReads", histogram.totalCount)
        guard histogram.totalCount > 0 else { return }
        line.field("beatMedianNs", histogram.valueAtPercentile(50))
        line.field("beatP99Ns", histogram.valueAtPercentile(99))
        line.field("beatMaxNs", histogram.max)
    }
}
