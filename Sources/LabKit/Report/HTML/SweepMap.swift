/// The runs of a scenario that differ in a value or two: a cell for each value, with how many of its runs held.
struct SweepMap {
    struct Cell {
        /// `skew=-5ms`, or several of the kind with spaces between them.
        var label: String
        var results: [ReportedVerdict.Result]
        /// The section to go to: that of the worst run.
        var anchor: String
    }

    let name: String
    let cells: [Cell]

    /// One row of cells, or a table of two values against each other.
    var markup: Markup {
        var markup = Markup()
        markup.element("figure", [("class", "sweep")]) { markup in
            let held = cells.count { $0.results.allSatisfy(\.isWanted) }
            markup.element("figcaption") { markup in
                markup.element("b", text: name)
                markup.element("span", text: "\(held) of \(cells.count) values held")
            }
            let values = cells.map { SweepLabel.values(of: $0.label) }
            if let first = values.first, first.count == 2,
                values.allSatisfy({ $0.map(\.name) == first.map(\.name) })
            {
                table(values, first.map(\.name), into: &markup)
            } else {
                markup.element("div", [("class", "cells")]) { markup in
                    for cell in cells { draw(cell, named: cell.label, into: &markup) }
                }
            }
        }
        return markup
    }

    private func table(
        _ values: [[(name: String, value: String)]], _ names: [String], into markup: inout Markup
    ) {
        func distinct(_ place: Int) -> [String] {
            values.map { $0[place].value }.reduce(into: []) { if !$0.contains($1) { $0.append($1) } }
        }
        let (columns, rows) = (distinct(0), distinct(1))
        markup.element("div", [("class", "scroll")]) { markup in
            markup.element("table", [("class", "map")]) { markup in
                markup.element("tr") { markup in
                    markup.element("th", text: "\(names[1]) \\ \(names[0])")
                    for column in columns { markup.element("th", text: column) }
                }
                for row in rows {
                    markup.element("tr") { markup in
                        markup.element("th", text: row)
                        for column in columns {
                            let place = values.firstIndex { $0[0].value == column && $0[1].value == row }
                            markup.element("td") { markup in
                                if let place { draw(cells[place], named: "", into: &markup) }
                            }
                        }
                    }
                }
            }
        }
    }

    private func draw(_ cell: Cell, named name: String, into markup: inout Markup) {
        let worst = cell.results.min { $0.rank < $1.rank }
        let held = cell.results.count(where: \.isWanted)
        let count = cell.results.count > 1 ? " \(held)/\(cell.results.count)" : ""
        markup.element(
            "a",
            [
                ("class", "cell \(worst?.style ?? "notrun")"), ("href", "#\(cell.anchor)"),
                ("title", "\(cell.label): \(worst?.word ?? "")\(count)"),
            ]
        ) { markup in
            markup.element("b", text: (worst?.sign ?? "?") + count)
            if !name.isEmpty {
                markup.element("span", text: name.split(separator: "=").dropFirst().joined(separator: "="))
            }
        }
    }
}
