import ClusterConnection
import StrictYAML

/// Lengths of time as text: exact where they are read again, short where a person reads them.
package enum SpanText {
    /// The units a length may be written in, with their nanoseconds. The order is the one used to print.
    private static let units: [(suffix: String, nanoseconds: Int64)] = [
        ("ns", 1), ("us", 1_000), ("ms", 1_000_000), ("s", 1_000_000_000),
    ]

    /// The length in nanoseconds, negative when written with a minus sign; nil when `text` is not one or its
    /// nanoseconds do not fit 64 bits with a sign.
    package static func signedNanoseconds(_ text: String) -> Int64? {
        let negative = text.hasPrefix("-")
        guard let span = TimeSpan(text: negative ? String(text.dropFirst()) : text),
            let length = Int64(exactly: span.nanoseconds)
        else { return nil }
        return negative ? -length : length
    }

    /// The shortest exact text in one unit, as configurations hold it.
    package static func exact(_ span: TimeSpan) -> String {
        exact(signed: Int64(clamping: span.nanoseconds))
    }

    /// The shortest exact text of a signed length in nanoseconds.
    package static func exact(signed nanoseconds: Int64) -> String {
        if nanoseconds == 0 { return "0ms" }
        for unit in units.reversed() where nanoseconds % unit.nanoseconds == 0 {
            return "\(nanoseconds / unit.nanoseconds)\(unit.suffix)"
        }
        return "\(nanoseconds)ns"
    }

    /// Three significant digits and a unit, for tables: `8.31 ms`, `172 us`, `10.0 s`.
    package static func rounded(_ span: TimeSpan) -> String {
        let nanoseconds = Double(span.nanoseconds)
        // The unit is chosen after rounding, so that 999.7 us reads "1.00 ms" and not "1000 us".
        for (limit, unit, name) in [(999.5, 1.0, "ns"), (999_500, 1e3, "us"), (999_500_000, 1e6, "ms")]
        where nanoseconds < limit {
            return threeDigits(nanoseconds / unit) + " " + name
        }
        return threeDigits(nanoseconds / 1e9) + " s"
    }

    /// A number of at least zero with three significant digits and no exponent.
    package static func threeDigits(_ value: Double) -> String {
        guard value.isFinite, value >= 0, value < 1e15 else { return "?" }
        if value == 0 { return "0" }
        if value < 9.995 { return fixed(value, decimals: 2) }
        if value < 99.95 { return fixed(value, decimals: 1) }
        return fixed(value, decimals: 0)
    }

    /// A number of at least zero with so many decimals, rounded half away from zero.
    package static func fixed(_ value: Double, decimals: Int) -> String {
        guard value.isFinite, value >= 0, value < 1e15 else { return "?" }
        var scale = 1.0
        for _ in 0..<decimals { scale *= 10 }
        let scaled = (value * scale).rounded()
        guard scaled < 9e18 else { return "?" }
        let digits = String(Int64(scaled))
        if decimals == 0 { return digits }
        let padded = String(repeating: "0", count: max(0, decimals + 1 - digits.count)) + digits
        return padded.dropLast(decimals) + "." + padded.suffix(decimals)
    }
}
