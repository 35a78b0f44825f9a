extension Table {
    /// A sweep over two things, each value of one against each of the other: what held and what did not. Of more than two,
    /// a map for each combination of the others. Nothing for what is no such sweep, or does not fit a line.
    /// Of runs at instants, what they came to.
    func map(_ runs: [RunResult]) -> [String] {
        let instants = instants(runs)
        if !instants.isEmpty { return instants }
        let cells = runs.map { (values: SweepLabel.values(of: $0.variant.label), run: $0) }
        guard let names = cells.first?.values.map(\.name), names.count > 1,
            cells.allSatisfy({ $0.values.map(\.name) == names })
        else { return [] }
        var lines: [String] = []
        let others = Self.distinct(
            cells.map { $0.values.dropLast(2).map { "\($0.name)=\($0.value)" }.joined(separator: " ") })
        for other in others {
            let own = cells.filter {
                $0.values.dropLast(2).map { "\($0.name)=\($0.value)" }.joined(separator: " ") == other
            }
            let grid = own.map { cell in
                Cell(
                    row: cell.values[names.count - 1].value, column: cell.values[names.count - 2].value,
                    run: cell.run)
            }
            guard
                let drawn = Self.grid(grid, names[names.count - 1], names[names.count - 2])
                    ?? Self.grid(grid.map(\.turned), names[names.count - 2], names[names.count - 1])
            else { return [] }
            if !other.isEmpty { lines.append("    \(other)") }
            lines += drawn
        }
        return lines
    }

    private struct Cell {
        var row: String
        var column: String
        var run: RunResult

        /// The same with rows and columns exchanged.
        var turned: Cell { Cell(row: column, column: row, run: run) }
    }

    /// The lines of a map; nil when they are too long.
    private static func grid(_ cells: [Cell], _ rowName: String, _ columnName: String) -> [String]? {
        let rows = distinct(cells.map(\.row))
        let columns = distinct(cells.map(\.column))
        let corner = "\(rowName) \\ \(columnName)"
        let margin = ([corner] + rows).map(\.count).max() ?? 0
        let width = max(7, (columns.map(\.count).max() ?? 0) + 2)
        guard 4 + margin + width * columns.count <= Self.width else { return nil }
        func line(_ head: String, _ texts: [String]) -> String {
            "    " + left(head, margin) + texts.map { right($0, width) }.joined()
        }
        return [line(corner, columns)]
            + rows.map { row in
                line(
                    row,
                    columns.map { column in
                        word(cells.filter { $0.row == row && $0.column == column }.map(\.run))
                    })
            }
    }

    private static func word(_ runs: [RunResult]) -> String {
        let held = runs.count { $0.judgement.result.isWanted }
        if runs.count > 1 { return "\(held)/\(runs.count)" }
        switch runs.first?.judgement.result {
        case .held: return "held"
        case .brokeAsExpected: return "broke"
        case .broke: return "BROKE"
        case .notRun: return "not run"
        case nil: return ""
        }
    }

    private static func distinct(_ texts: [String]) -> [String] {
        texts.reduce(into: []) { if !$0.contains($1) { $0.append($1) } }
    }
}
