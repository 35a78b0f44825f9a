/// What `ccmlab perf` prints: never wider than 80 columns.
package struct PerfText {
    private let colours: Bool
    /// Names as a person reads them, by those of the linker.
    private let names: [String: String]

    package init(colours: Bool, names: [String: String] = [:]) {
        self.colours = colours
        self.names = names
    }

    /// A record: each figure, the floor, and how many times that it is.
    package func lines(_ record: PerfRecord) -> [String] {
        [
            Table.left("figure", 28) + Table.right("counted", 14) + Table.right("floor", 12)
                + Table.right("ratio", 9)
        ]
            + record.figures.map { figure in
                Table.left(figure.name, 28) + Table.right(Self.number(figure.value), 14)
                    + Table.right(figure.floor.map(Self.number) ?? "-", 12)
                    + Table.right(
                        figure.floor.map { $0 > 0 ? SpanText.fixed(figure.value / $0, decimals: 2) : "-" }
                            ?? "-",
                        9)
            }
    }

    /// A comparison: old, new, change and verdict, and below what is slower the functions that grew.
    package func lines(_ comparison: PerfComparison) -> [String] {
        var lines = [row("figure", "old", "new", "change", "verdict")]
        for entry in comparison.rows {
            let verdict = entry.verdict.rawValue
            lines.append(
                row(
                    entry.name, entry.old.map(Self.number) ?? "-", entry.new.map(Self.number) ?? "-",
                    entry.change.map(Self.percent) ?? "-", coloured(verdict, entry.verdict)))
            for blame in entry.blame {
                let text = "+\(Self.number(blame.growth)) \(names[blame.function] ?? blame.function)"
                lines += Table.wrapped(text, indent: 4)
            }
        }
        let counts = PerfComparison.Verdict.allCases.compactMap { verdict -> String? in
            let count = comparison.rows.count { $0.verdict == verdict }
            return count == 0 ? nil : "\(count) \(verdict.rawValue)"
        }
        return lines + [
            "",
            "\(PerfRecorder.short(comparison.old.commit)) to \(PerfRecorder.short(comparison.new.commit)): "
                + counts.joined(separator: ", "),
            "same: changed by \(Self.percent(comparison.threshold).dropFirst()) at most",
        ]
    }

    /// A history: where each figure began, where it is, and the commits at which it changed.
    package func lines(_ history: PerfHistory) -> [String] {
        var lines = [row("figure", "first", "last", "change", "changed at")]
        for line in history.lines {
            let known = line.values.compactMap { $0 }
            guard let first = known.first, let last = known.last else { continue }
            let change = first == 0 ? "-" : Self.percent((last - first) / first)
            lines.append(row(line.name, Self.number(first), Self.number(last), change, ""))
            for place in line.changes {
                guard let old = line.values[place - 1], let new = line.values[place] else { continue }
                let step = old == 0 ? "" : " (\(Self.percent((new - old) / old)))"
                lines.append(
                    "    \(PerfRecorder.short(history.records[place].commit)): \(Self.number(old)) -> "
                        + "\(Self.number(new))\(step)")
            }
        }
        return lines + ["", "\(history.records.count) records"]
    }

    private func row(_ name: String, _ old: String, _ new: String, _ change: String, _ verdict: String)
        -> String
    {
        Table.left(name, 28) + Table.right(old, 14) + Table.right(new, 14) + Table.right(change, 11) + "  "
            + verdict
    }

    private func coloured(_ text: String, _ verdict: PerfComparison.Verdict) -> String {
        guard colours else { return text }
        return switch verdict {
        case .same: text
        case .faster: "\u{1B}[32m\(text)\u{1B}[0m"
        case .slower, .missing: "\u{1B}[31m\(text)\u{1B}[0m"
        }
    }

    /// A count with commas; one that is no whole number with two decimals.
    static func number(_ value: Double) -> String {
        let isWhole = value == value.rounded() && abs(value) < 1e15
        guard isWhole else {
            let text = SpanText.fixed(abs(value), decimals: 2)
            return (value < 0 && text != "0.00" ? "-" : "") + text
        }
        let digits = String(Int64(abs(value)))
        var text = ""
        for (index, digit) in digits.enumerated() {
            if index > 0, (digits.count - index) % 3 == 0 { text += "," }
            text.append(digit)
        }
        return value < 0 ? "-" + text : text
    }

    static func percent(_ change: Double) -> String {
        let text = SpanText.fixed(abs(change) * 100, decimals: 2)
        return (change < 0 ? "-" : "+") + text + " %"
    }
}

/// Names of functions as a person reads them.
package enum FunctionNames {
    /// Asks the Swift toolchain; without one, names stay as the linker has them.
    package static func demangled(_ names: [String]) async -> [String: String] {
        let mangled = names.filter { $0.hasPrefix("$s") }
        guard !mangled.isEmpty,
            let outcome = try? await Tool.run(
                "swift", ["demangle", "--compact", "--simplified"],
                input: mangled.joined(separator: "\n") + "\n"),
            outcome.status.isSuccess
        else { return [:] }
        let plain = outcome.output.split(separator: "\n").map(String.init)
        guard plain.count == mangled.count else { return [:] }
        return Dictionary(zip(mangled, plain), uniquingKeysWith: { first, _ in first })
    }
}
