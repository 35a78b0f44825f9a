/// The table that a person reads: a row for each figure, and below it what it is measured against. Never wider than
/// 80 columns.
package struct BenchTable {
    private let colours: Bool

    /// - Parameter colours: whether what held may be coloured.
    package init(colours: Bool) { self.colours = colours }

    /// The line above the rows.
    package func header(clock: String) -> String {
        line("bench (\(clock) time)", "figure", "reference", "ratio", "limit", "held")
    }

    /// The lines of a row.
    package func lines(_ row: BenchRow) -> [String] {
        let held = row.holds.map { $0 ? "yes" : "NO" } ?? "-"
        var first = line(
            row.name, row.figure.text, row.reference.text, row.ratio.map(Self.ratio) ?? "?",
            row.limit?.text ?? "-", held)
        if colours, let holds = row.holds {
            first = first.dropLast(held.count) + "\u{1B}[\(holds ? "32" : "31")m\(held)\u{1B}[0m"
        }
        return [first] + Table.wrapped(row.comparison, indent: 4)
    }

    /// Two decimals, or three digits where that is more: `0.04`, `1.13`, `0.0312`.
    static func ratio(_ value: Double) -> String {
        value < 0.0995 ? SpanText.fixed(value, decimals: 3) : SpanText.fixed(value, decimals: 2)
    }

    private func line(
        _ name: String, _ figure: String, _ reference: String, _ ratio: String, _ limit: String,
        _ held: String
    ) -> String {
        Table.left(name, 34) + Table.right(figure, 12) + Table.right(reference, 12) + Table.right(ratio, 7)
            + Table.right(limit, 9) + Table.right(held, 6)
    }
}
