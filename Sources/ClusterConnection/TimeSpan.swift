/// A length of time in nanoseconds. 64 bits and trivially copied, unlike `Duration`, whose 128 bits the
/// heartbeat path has no use for.
public struct TimeSpan: Hashable, Sendable {
    /// The length in nanoseconds.
    public var nanoseconds: UInt64

    /// A span of so many nanoseconds.
    public init(nanoseconds: UInt64) { self.nanoseconds = nanoseconds }

    /// No time at all.
    public static let zero = TimeSpan(nanoseconds: 0)

    /// A span of whole nanoseconds.
    public static func nanoseconds(_ count: UInt64) -> TimeSpan { TimeSpan(nanoseconds: count) }

    /// A span of whole microseconds; the longest span where the product does not fit.
    public static func microseconds(_ count: UInt64) -> TimeSpan { TimeSpan(nanoseconds: 1_000) * count }

    /// A span of whole milliseconds; the longest span where the product does not fit.
    public static func milliseconds(_ count: UInt64) -> TimeSpan { TimeSpan(nanoseconds: 1_000_000) * count }

    /// A span of whole seconds; the longest span where the product does not fit.
    public static func seconds(_ count: UInt64) -> TimeSpan { TimeSpan(nanoseconds: 1_000_000_000) * count }

    /// The sum; the longest span where it does not fit.
    public static func + (lhs: TimeSpan, rhs: TimeSpan) -> TimeSpan {
        let (sum, overflow) = lhs.nanoseconds.addingReportingOverflow(rhs.nanoseconds)
        return TimeSpan(nanoseconds: overflow ? .max : sum)
    }

    /// The multiple; the longest span where it does not fit.
    public static func * (span: TimeSpan, factor: UInt64) -> TimeSpan {
        let (product, overflow) = span.nanoseconds.multipliedReportingOverflow(by: factor)
        return TimeSpan(nanoseconds: overflow ? .max : product)
    }
}

extension TimeSpan: Comparable {
    /// Shorter spans are smaller.
    public static func < (lhs: TimeSpan, rhs: TimeSpan) -> Bool { lhs.nanoseconds < rhs.nanoseconds }
}

extension TimeSpan {
    /// The whole part of a division; the span itself when the divisor is zero.
    public static func / (span: TimeSpan, divisor: UInt64) -> TimeSpan {
        TimeSpan(nanoseconds: divisor == 0 ? span.nanoseconds : span.nanoseconds / divisor)
    }
}
