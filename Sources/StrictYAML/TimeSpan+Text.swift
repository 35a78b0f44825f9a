public import ClusterConnection

extension TimeSpan {
    /// What a person may write for a span; completes "expected ...".
    public static let textForm = "a duration such as 500us, 10ms or 2s"

    /// Reads a whole number followed by `ns`, `us`, `ms`, `s` or `min`; nil for anything else or for a span
    /// that does not fit 64 bits of nanoseconds.
    public init?(text: String) {
        let digits = text.prefix { $0.isASCII && $0.isNumber }
        guard let count = UInt64(digits) else { return nil }
        let unit: UInt64
        switch text.dropFirst(digits.count) {
        case "ns": unit = 1
        case "us": unit = 1_000
        case "ms": unit = 1_000_000
        case "s": unit = 1_000_000_000
        case "min": unit = 60_000_000_000
        default: return nil
        }
        let (product, overflow) = count.multipliedReportingOverflow(by: unit)
        guard !overflow else { return nil }
        self.init(nanoseconds: product)
    }
}
