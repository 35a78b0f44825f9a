import ClusterConnection

/// How long things took, each measurement a dot; where they are many, bars.
struct Distributions {
    let measurements: Measurements
    let clock: String

    private static let mostDots = 60
    private static let bins = 50

    /// The drawings; nothing where nothing was measured.
    var markup: Markup {
        var markup = Markup()
        let measured = measurements.named.filter { !$0.spans.isEmpty }
        guard !measured.isEmpty else { return markup }
        markup.element("section", [("class", "card"), ("id", "times")]) { markup in
            markup.element("h2", text: "Times")
            markup.element(
                "p", [("class", "note")],
                text: "By the \(clock) clock, of all runs of this report; each scale begins at 0.")
            markup.element("div", [("class", "strips")]) { markup in
                for entry in measured { draw(entry.name, entry.spans, into: &markup) }
            }
        }
        return markup
    }

    private func draw(_ name: String, _ spans: [TimeSpan], into markup: inout Markup) {
        guard let statistics = Statistics(spans) else { return }
        let most = Double(max(1, statistics.most.nanoseconds))
        markup.element("figure") { markup in
            markup.element("figcaption") { markup in
                markup.element("b", text: name)
                markup.element(
                    "span",
                    text: "n \(statistics.count), median \(SpanText.rounded(statistics.median)), p99 "
                        + "\(SpanText.rounded(statistics.p99)), most \(SpanText.rounded(statistics.most))")
            }
            markup.element(
                "svg",
                [
                    ("class", "strip"), ("width", "100%"), ("height", "44"), ("role", "img"),
                    ("aria-label", "\(name): \(statistics.count) measured"),
                ]
            ) { markup in
                markup.void(
                    "line", [("class", "ground"), ("x1", "0"), ("x2", "100%"), ("y1", "30"), ("y2", "30")])
                func x(_ value: Double) -> String { percent(0.02 + 0.94 * value / most) }
                if spans.count <= Self.mostDots {
                    dots(spans, x, into: &markup)
                } else {
                    bars(spans, most, into: &markup)
                }
                let median = x(Double(statistics.median.nanoseconds))
                markup.element(
                    "line", [("class", "median"), ("x1", median), ("x2", median), ("y1", "4"), ("y2", "34")]
                ) {
                    $0.element("title", text: "median \(SpanText.rounded(statistics.median))")
                }
                markup.element("text", [("x", "2%"), ("y", "42")], text: "0")
                markup.element(
                    "text", [("x", "96%"), ("y", "42"), ("text-anchor", "end")],
                    text: SpanText.rounded(statistics.most))
            }
        }
    }

    private func dots(_ spans: [TimeSpan], _ x: (Double) -> String, into markup: inout Markup) {
        // Those that would lie on each other are stacked.
        var heights: [String: Int] = [:]
        for span in spans.sorted() {
            let place = x((Double(span.nanoseconds)))
            let cell = String(place.prefix { $0 != "." })
            let height = heights[cell, default: 0]
            heights[cell] = height + 1
            markup.element("circle", [("cx", place), ("cy", "\(26 - min(height, 5) * 4)"), ("r", "3")]) {
                $0.element("title", text: SpanText.rounded(span))
            }
        }
    }

    private func bars(_ spans: [TimeSpan], _ most: Double, into markup: inout Markup) {
        var counts = [Int](repeating: 0, count: Self.bins)
        for span in spans {
            counts[min(Self.bins - 1, Int(Double(span.nanoseconds) / most * Double(Self.bins)))] += 1
        }
        let highest = max(1, counts.max() ?? 1)
        let width = 0.94 / Double(Self.bins)
        for (bin, count) in counts.enumerated() where count > 0 {
            let height = max(2, count * 26 / highest)
            let from = TimeSpan(nanoseconds: UInt64(Double(bin) * most / Double(Self.bins)))
            markup.element(
                "rect",
                [
                    ("x", percent(0.02 + Double(bin) * width)), ("width", percent(width * 0.85)),
                    ("y", "\(30 - height)"), ("height", "\(height)"),
                ]
            ) {
                $0.element("title", text: "\(count) from \(SpanText.rounded(from)) on")
            }
        }
    }
}
