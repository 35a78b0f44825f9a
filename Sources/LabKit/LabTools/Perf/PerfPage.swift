/// A comparison or a history of `ccmlab perf` as a page for a browser.
package enum PerfPage {
    /// Old and new of each figure side by side, and the stretches that a figure is made of.
    package static func html(_ comparison: PerfComparison, names: [String: String]) -> String {
        let (old, new) = (
            PerfRecorder.short(comparison.old.commit), PerfRecorder.short(comparison.new.commit)
        )
        return page("perf: \(old) to \(new)") { markup in
            markup.element("h1", text: "What a partner costs: \(old) to \(new)")
            environment(comparison.new, into: &markup)
            table(comparison, names, into: &markup)
            for row in comparison.rows {
                waterfall(
                    row.name, old: comparison.old.figures.first { $0.name == row.name },
                    new: comparison.new.figures.first { $0.name == row.name }, into: &markup)
            }
        }
    }

    /// Each figure over the commits, with the commits at which it changed.
    package static func html(_ history: PerfHistory) -> String {
        page("perf: \(history.records.count) commits") { markup in
            markup.element("h1", text: "What a partner costs over \(history.records.count) commits")
            if let last = history.records.last { environment(last, into: &markup) }
            for line in history.lines { plot(line, history, into: &markup) }
        }
    }

    private static func page(_ title: String, _ body: (inout Markup) -> Void) -> String {
        var markup = Markup()
        markup.literal("<!DOCTYPE html>\n")
        markup.element("html", [("lang", "en")]) { markup in
            markup.pageHead("ccm-lab \(title)", style)
            markup.element("body") { $0.element("main", [], body) }
        }
        return markup.text + "\n"
    }

    private static let style: StaticString = """

        .count { text-align: right; font-variant-numeric: tabular-nums; white-space: nowrap; }
        .slower, .missing { color: var(--bad); font-weight: 600; }
        .faster { color: var(--good); font-weight: 600; }
        .scroll { overflow-x: auto; }
        svg.bars, svg.line { display: block; width: 100%; height: auto; min-width: 640px; max-width: 900px; }
        svg.bars text, svg.line text { font-size: 11px; fill: var(--ink); }
        .old-bar { fill: var(--dim-band); stroke: var(--soft); stroke-opacity: 0.5; }
        .new-bar { fill: var(--deep-band); stroke: var(--soft); stroke-opacity: 0.5; }
        .course { fill: none; stroke: var(--link); stroke-width: 2; }
        .change { fill: var(--bad); }
        .rest { fill: var(--link); }
        """

    private static func environment(_ record: PerfRecord, into markup: inout Markup) {
        markup.element("p", [("class", "note")]) { markup in
            let facts = ["counter", "kernel", "libraries", "processor"].compactMap { name in
                record.environment[name].map { "\(name): \($0)" }
            }
            markup.write(
                "Instructions of the process, counted; those of the kernel are not in it. "
                    + facts.joined(separator: "; "))
        }
    }

    private static func table(
        _ comparison: PerfComparison, _ names: [String: String], into markup: inout Markup
    ) {
        markup.element("div", [("class", "scroll")]) { markup in
            markup.element("table") { markup in
                markup.element("tr") { markup in
                    for title in ["figure", "verdict"] { markup.element("th", text: title) }
                    for title in ["change", "old", "new", "floor", "ratio"] {
                        markup.element("th", [("class", "count")], text: title)
                    }
                }
                for row in comparison.rows { tableRow(row, names, into: &markup) }
            }
        }
    }

    private static func tableRow(
        _ row: PerfComparison.Row, _ names: [String: String], into markup: inout Markup
    ) {
        let ratio = row.floor.flatMap { floor in
            row.new.flatMap { floor > 0 ? SpanText.fixed($0 / floor, decimals: 2) : nil }
        }
        markup.element("tr") { markup in
            markup.element("td", text: row.name)
            markup.element("td", [("class", row.verdict.rawValue)]) { markup in
                markup.write(row.verdict.rawValue)
                for blame in row.blame {
                    markup.void("br")
                    markup.write(
                        "+\(PerfText.number(blame.growth)) \(names[blame.function] ?? blame.function)")
                }
            }
            markup.element("td", [("class", "count")], text: row.change.map(PerfText.percent) ?? "-")
            for value in [row.old, row.new] {
                markup.element("td", [("class", "count")], text: value.map(PerfText.number) ?? "-")
            }
            markup.element("td", [("class", "count")], text: row.floor.map(PerfText.number) ?? "-")
            markup.element("td", [("class", "count")], text: ratio ?? "-")
        }
    }

    /// A drawing that scrolls where the page is too narrow for its words.
    private static func drawing(
        _ kind: String, height: Double, into markup: inout Markup, _ content: (inout Markup) -> Void
    ) {
        markup.element("div", [("class", "scroll")]) { markup in
            markup.element(
                "svg",
                [
                    ("class", kind), ("viewBox", "0 0 \(coordinate(width)) \(coordinate(height))"),
                    ("role", "img"),
                ], content)
        }
    }

    private static let width = 900.0
    private static let captions = 190.0
    private static let lineHeight = 18.0

    /// The stretches one below the other, old above new, each where the one before it ended.
    private static func waterfall(
        _ name: String, old: PerfFigure?, new: PerfFigure?, into markup: inout Markup
    ) {
        let figures = [(old, "old-bar"), (new, "new-bar")].compactMap { figure, kind in
            figure.map { (figure: $0, kind: kind) }
        }
        guard let stretches = figures.map(\.figure.parts).max(by: { $0.count < $1.count }),
            stretches.count > 1
        else { return }
        let most = figures.map { $0.figure.parts.reduce(0) { $0 + $1.value } }.max() ?? 0
        guard most > 0 else { return }
        let scale = (width - captions - 90) / most
        let height = lineHeight * Double(stretches.count)
        markup.element("h2", text: name)
        drawing("bars", height: height, into: &markup) { markup in
            for (line, stretch) in stretches.enumerated() {
                let top = Double(line) * lineHeight
                markup.element("text", [("x", "0"), ("y", coordinate(top + 13))], text: stretch.name)
                for (place, figure) in figures.enumerated() where figure.figure.parts.indices.contains(line) {
                    let part = figure.figure.parts[line]
                    let before = figure.figure.parts[..<line].reduce(0) { $0 + $1.value }
                    markup.void(
                        "rect",
                        [
                            ("class", "\(figure.kind)"), ("x", coordinate(captions + before * scale)),
                            ("y", coordinate(top + 2 + Double(place) * 7)),
                            ("width", coordinate(max(1, part.value * scale))), ("height", "6"),
                        ])
                    guard place == figures.count - 1 else { continue }
                    markup.element(
                        "text",
                        [
                            ("x", coordinate(captions + (before + part.value) * scale + 5)),
                            ("y", coordinate(top + 13)),
                        ], text: PerfText.number(part.value))
                }
            }
        }
    }

    /// A figure over the commits; a dot where it changed.
    private static func plot(_ line: PerfHistory.Line, _ history: PerfHistory, into markup: inout Markup) {
        let points = line.values.enumerated().compactMap { place, value in value.map { (place, $0) } }
        guard points.count > 1, let most = points.map(\.1).max(), most > 0 else { return }
        let height = 120.0
        let step = (width - 20) / Double(max(1, line.values.count - 1))
        func x(_ place: Int) -> String { coordinate(10 + Double(place) * step) }
        // From zero: a small change is to look small.
        func y(_ value: Double) -> String { coordinate(height - 14 - value / most * (height - 34)) }
        markup.element("h2", text: line.name)
        drawing("line", height: height, into: &markup) { markup in
            markup.void(
                "polyline",
                [("class", "course"), ("points", points.map { "\(x($0)),\(y($1))" }.joined(separator: " "))])
            for (place, value) in points {
                let isChange = line.changes.contains(place)
                markup.element(
                    "circle",
                    [
                        ("class", isChange ? "change" : "rest"), ("cx", x(place)), ("cy", y(value)),
                        ("r", isChange ? "5" : "2"),
                    ]
                ) { markup in
                    let commit = PerfRecorder.short(history.records[place].commit)
                    markup.element("title", text: "\(commit): \(PerfText.number(value))")
                }
            }
            for place in line.changes {
                let commit = PerfRecorder.short(history.records[place].commit)
                markup.element("text", [("x", x(place)), ("y", coordinate(height - 2))], text: commit)
            }
        }
    }
}
