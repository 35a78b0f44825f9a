/// The runs of a report that were done several times, with how often each held.
struct RepeatedSection {
    private let repeated: [Repeated]

    init(_ runs: [ReportedRun]) {
        repeated = Repeated.all(of: runs.map(\.end))
    }

    /// Nothing where nothing was repeated.
    var markup: Markup {
        var markup = Markup()
        guard !repeated.isEmpty else { return markup }
        markup.element("section", [("class", "card")]) { markup in
            markup.element("h2", text: "Repeated runs")
            markup.element("div", [("class", "scroll")]) { markup in
                markup.element("table", [("class", "plain")]) { markup in
                    markup.element("tr") { markup in
                        for name in Repeated.columns { markup.element("th", text: name) }
                    }
                    for one in repeated {
                        let style = one.isFlaky || one.broke > 0 ? "broke" : one.held > 0 ? "held" : "notrun"
                        markup.element("tr") { markup in
                            for (place, cell) in one.cells.enumerated() {
                                markup.element("td") { markup in
                                    let isWord = place == 1
                                    markup.element(
                                        "span", isWord ? [("class", "badge \(style)")] : [], text: cell)
                                }
                            }
                        }
                    }
                }
            }
            markup.element("p", [("class", "note")], text: Repeated.legend)
        }
        return markup
    }
}

extension ReportedRun {
    /// How it ended, and which runs are the same but for chance.
    var end: (title: String, end: Repeated.End) {
        let end: Repeated.End =
            switch verdict.result {
            case .held, .brokeAsExpected: .held
            case .broke: .broke
            case .notRun, .unknown: .notRun
            }
        return ([scenarioName, verdict.variant].filter { !$0.isEmpty }.joined(separator: " "), end)
    }
}
