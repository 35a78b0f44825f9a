import ClusterConnection

/// What is measured: a time, or a throughput.
package enum Quantity: Hashable, Sendable {
    case span(TimeSpan)
    /// Bytes in a second.
    case throughput(Double)

    /// The number that ratios are made of: nanoseconds, or bytes in a second.
    package var value: Double {
        switch self {
        case .span(let span): Double(span.nanoseconds)
        case .throughput(let bytes): bytes
        }
    }

    /// Three significant digits and a unit, for tables: `172 us`, `24.1 MiB/s`.
    package var text: String {
        switch self {
        case .span(let span): SpanText.rounded(span)
        case .throughput(let bytes): SpanText.threeDigits(bytes / 1_048_576) + " MiB/s"
        }
    }

    /// Nanoseconds as a whole number, or bytes in a second, under a name that says which.
    package var json: JSONValue {
        switch self {
        case .span(let span): .object(JSONObject([("ns", .integer(Int64(clamping: span.nanoseconds)))]))
        case .throughput(let bytes): .object(JSONObject([("bytesPerSecond", .number(bytes))]))
        }
    }

    /// The median of quantities of one kind; that of an even count is the mean of the middle two. Nil when there
    /// are none.
    package init?(medianOf quantities: [Quantity]) {
        let sorted = quantities.sorted { $0.value < $1.value }
        guard let upper = sorted.dropFirst(sorted.count / 2).first,
            let lower = sorted.dropFirst((sorted.count - 1) / 2).first
        else { return nil }
        switch (lower, upper) {
        case (.span(let lower), .span(let upper)):
            self = .span(
                TimeSpan(nanoseconds: lower.nanoseconds + (upper.nanoseconds - lower.nanoseconds) / 2))
        case (.throughput(let lower), .throughput(let upper)):
            self = .throughput(lower + (upper - lower) / 2)
        case (.span, .throughput), (.throughput, .span):
            return nil
        }
    }
}
