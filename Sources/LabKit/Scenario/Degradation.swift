import ClusterConnection

/// How badly a rail carries packets, as netem(8) does it. What is zero is not done.
package struct Degradation: Hashable, Sendable {
    /// Shares of the packets, from 0 to 1: lost, sent twice, damaged in one bit, and sent at once where the others are
    /// delayed.
    package var loss = 0.0
    package var duplicate = 0.0
    package var corrupt = 0.0
    package var reorder = 0.0
    /// How late packets are, and by how much more or less, evenly spread.
    package var delay = TimeSpan.zero
    package var jitter = TimeSpan.zero
    /// How many bits a second pass; 0 for as many as there are.
    package var rate: UInt64 = 0

    package init() {}

    /// Whether packets have to wait.
    package var delays: Bool { delay > .zero || rate > 0 }

    /// The most that packets can be delayed by.
    package static let longestDelay = TimeSpan.seconds(10)
    /// From 8 kbit/s, below which one packet takes seconds, to 100 Gbit/s.
    package static let rates: ClosedRange<UInt64> = 8_000...100_000_000_000

    /// What a share may look like; completes "expected ...".
    package static let shareForm = "a share above 0% and below 100%, such as 5% or 0.1%"

    /// Reads a share; nil for anything else. All of it lost is a cut.
    package static func share(_ text: String) -> Double? {
        guard text.hasSuffix("%"), let percent = Double(text.dropLast()), percent >= 0.0001, percent < 100,
            text.utf8.allSatisfy({
                ("0"..."9").contains(Character(Unicode.Scalar($0))) || $0 == UInt8(ascii: ".")
                    || $0 == UInt8(ascii: "%")
            })
        else { return nil }
        return percent / 100
    }

    /// What a rate may look like; completes "expected ...".
    package static let rateForm = "bits a second from 8kbit to 100Gbit, such as 500kbit, 10Mbit or 1Gbit"

    /// Reads a rate; nil for anything else.
    package static func rate(_ text: String) -> UInt64? {
        let digits = text.prefix { $0.isASCII && $0.isNumber }
        let units: [Substring: UInt64] = ["kbit": 1_000, "Mbit": 1_000_000, "Gbit": 1_000_000_000]
        guard let count = UInt64(digits), let unit = units[text.dropFirst(digits.count)] else { return nil }
        let (product, overflow) = count.multipliedReportingOverflow(by: unit)
        return overflow || !rates.contains(product) ? nil : product
    }

    /// In words, for a person: `loss 5%, delay 2ms`.
    package var words: String {
        var parts: [String] = []
        for (name, share) in [
            ("loss", loss), ("duplicate", duplicate), ("corrupt", corrupt), ("reorder", reorder),
        ]
        where share > 0 {
            parts.append("\(name) \(Self.percent(share))%")
        }
        if delay > .zero { parts.append("delay \(SpanText.exact(delay))") }
        if jitter > .zero { parts.append("jitter \(SpanText.exact(jitter))") }
        if rate > 0 { parts.append("rate \(rate / 1_000)kbit") }
        return parts.joined(separator: ", ")
    }

    /// A share in per cent, to a ten-thousandth.
    static func percent(_ share: Double) -> String {
        var text = SpanText.fixed(share * 100, decimals: 4)
        while text.hasSuffix("0") { text.removeLast() }
        if text.hasSuffix(".") { text.removeLast() }
        return text
    }
}
