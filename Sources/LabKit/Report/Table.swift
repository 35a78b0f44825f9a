import ClusterConnection

/// The table that a person reads: a row for each scenario, and below it what did not hold. Never wider than 80
/// columns.
package struct Table {
    package static let width = 80
    private static let nameWidth = 33
    private static let resultWidth = 7
    private static let timeWidth = 11

    private let colours: Bool

    /// - Parameter colours: whether results may be coloured.
    package init(colours: Bool) { self.colours = colours }

    /// The line above the rows.
    package var header: String {
        row("scenario", "result", "established", "measured")
    }

    /// The row of a scenario with all its runs.
    package func row(_ runs: [RunResult]) -> String {
        guard let first = runs.first else { return "" }
        let held = runs.count { $0.judgement.result.isWanted }
        let broke = runs.contains { $0.judgement.result == .broke }
        let isFlaky = Repeated.all(of: runs).contains { $0.isFlaky }
        let isExpected = runs.allSatisfy {
            if case .brokeAsExpected = $0.judgement.result { true } else { false }
        }
        var measurements = Measurements()
        for run in runs { measurements.add(run.judgement.measurements) }
        let word = isExpected ? "broke" : held == runs.count ? "held" : broke ? "BROKE" : "not run"
        let result = isFlaky ? "flaky" : runs.count > 1 ? "\(held)/\(runs.count)" : word
        let line = row(
            first.variant.scenario.name, result, Self.range(measurements.established),
            isExpected ? "as expected" : Self.measured(measurements))
        guard colours else { return line }
        let colour = held == runs.count ? "32" : broke ? "31" : "33"
        let start = line.index(line.startIndex, offsetBy: Self.nameWidth + 1)
        let end = line.index(
            start, offsetBy: min(result.count, line.distance(from: start, to: line.endIndex)))
        return "\(line[..<start])\u{1B}[\(colour)m\(line[start..<end])\u{1B}[0m\(line[end...])"
    }

    private func row(_ name: String, _ result: String, _ time: String, _ measured: String) -> String {
        let columns = [
            Self.left(name, Self.nameWidth), Self.left(result, Self.resultWidth),
            Self.right(time, Self.timeWidth) + " ", measured,
        ]
        return Self.cut(columns.joined(separator: " "), Self.width).trimmedAtEnd
    }

    /// What is known of losses in a run, as short as a column needs it.
    private static func measured(_ measurements: Measurements) -> String {
        let parts = [
            ("dead", measurements.dead), ("hung", measurements.hung),
            ("unreachable", measurements.unreachable),
            ("rebooted", measurements.rebooted), ("again", measurements.again),
        ]
        let texts = parts.compactMap { name, spans in Statistics(spans).map { "\(name) \(tight($0.most))" } }
        // What does not fit is left out whole; it stands in the run folder.
        var text = ""
        for part in texts {
            let longer = text.isEmpty ? part : "\(text), \(part)"
            if nameWidth + resultWidth + timeWidth + 4 + longer.count > width { break }
            text = longer
        }
        return text
    }

    private static func range(_ spans: [TimeSpan]) -> String {
        guard let statistics = Statistics(spans) else { return "-" }
        let least = short(statistics.least)
        let most = short(statistics.most)
        if least == most { return most }
        let (number, unit) = (least.split(separator: " "), most.split(separator: " "))
        let sameUnit = number.last == unit.last
        return sameUnit ? "\(number[0])-\(most)" : "to \(most)"
    }

    /// Two significant digits where the number is small: `8.3 ms`, `13 ms`, `172 us`.
    static func short(_ span: TimeSpan) -> String {
        let text = SpanText.rounded(span)
        let parts = text.split(separator: " ")
        guard parts.count == 2, let dot = parts[0].firstIndex(of: ".") else { return text }
        let whole = parts[0][..<dot]
        guard let value = Double(parts[0]) else { return text }
        return whole.count >= 2
            ? SpanText.fixed(value, decimals: 0) + " " + parts[1]
            : SpanText.fixed(value, decimals: 1) + " " + parts[1]
    }

    /// Without the space before the unit.
    private static func tight(_ span: TimeSpan) -> String { short(span).split(separator: " ").joined() }

    /// What did not hold in a run, with the events that show it.
    ///
    /// - Parameter folder: where the run's evidence is.
    package func failures(of run: RunResult, folder: String) -> [String] {
        var lines: [String] = []
        let title = run.variant.scenario.name + (run.label.isEmpty ? "" : " \(run.label)")
        switch run.judgement.result {
        case .held, .brokeAsExpected: return []
        case .notRun(let reason):
            lines.append(Self.cut("\(title): not run", Self.width))
            lines += Self.wrapped(reason, indent: 2)
        case .broke:
            lines.append(Self.cut("\(title): BROKE", Self.width))
            for broken in run.judgement.broken.prefix(5) {
                lines += Self.wrapped("\(broken.rule.rawValue): \(broken.rule.sentence)", indent: 2)
                lines += Self.wrapped(broken.explanation, indent: 4)
                for event in broken.evidence.prefix(6) {
                    lines.append(Self.cut("      " + Self.eventText(event, start: run.start), Self.width))
                }
            }
            if run.judgement.broken.count > 5 { lines.append("  and \(run.judgement.broken.count - 5) more") }
        }
        // A path is for copying: it is never cut, and stands on a line of its own where it is long.
        lines.append("  evidence: \(folder)")
        return lines
    }

    /// That what is known to break did break in these runs of a scenario, and why it does.
    func expectedBreaks(of runs: [RunResult]) -> [String] {
        let reasons = runs.compactMap { run -> String? in
            if case .brokeAsExpected(let reason) = run.judgement.result { reason } else { nil }
        }
        guard let reason = reasons.first, let name = runs.first?.variant.scenario.name else { return [] }
        let times = reasons.count > 1 ? " \(reasons.count) times" : ""
        return [""] + Self.wrapped("\(name) broke as expected\(times): \(reason)", indent: 0)
    }

    /// What partners were not judged by because their programs do not tell of it; alike for alike scenarios.
    package static func unjudged(_ runs: [RunResult]) -> [String] {
        var scenarios: [String: [String]] = [:]
        var order: [String] = []
        for run in runs {
            for partner in PartnerID.allCases {
                let unjudged = run.judgement.unjudged.filter { $0.partner == partner }
                guard !unjudged.isEmpty else { continue }
                let name = run.variant.scenario.programs[partner]?.name ?? "its program"
                let text =
                    "\(partner.rawValue) (\(name)), whose history does not tell of it: "
                    + unjudged.map(\.text).joined(separator: ", ")
                if scenarios[text] == nil { order.append(text) }
                if scenarios[text]?.last != run.variant.scenario.name {
                    scenarios[text, default: []].append(run.variant.scenario.name)
                }
            }
        }
        return order.flatMap { text in
            wrapped("not judged of \(text) (\((scenarios[text] ?? []).joined(separator: ", ")))", indent: 0)
        }
    }

    /// An event on one line: its time since the run's start, whose it is, what it says.
    package static func eventText(_ event: HistoryEvent, start: Instant) -> String {
        let milliseconds = Double((event.time - start).nanoseconds) / 1e6
        var text = right(SpanText.fixed(milliseconds, decimals: 3), 10) + " ms  "
        text += (event.partner?.rawValue ?? "-") + "  " + event.name.rawValue
        for field in event.fields.fields where field.name != "began" && field.name != "effect" {
            text += " \(field.name) \(field.value.plainText)"
        }
        return text
    }

    /// A text broken into lines of 80 columns, each behind an indent; words that are too long are cut in two.
    static func wrapped(_ text: String, indent: Int) -> [String] {
        let room = width - indent
        let margin = String(repeating: " ", count: indent)
        var lines: [String] = []
        var line = ""
        for word in text.split(whereSeparator: { $0.isWhitespace }).map(String.init) {
            var rest = word
            if !line.isEmpty && line.count + 1 + rest.count > room {
                lines.append(margin + line)
                line = ""
            }
            while rest.count > room {
                lines.append(margin + rest.prefix(room))
                rest = String(rest.dropFirst(room))
            }
            line += line.isEmpty ? rest : " " + rest
        }
        if !line.isEmpty { lines.append(margin + line) }
        return lines
    }

    /// The block of measurements below the table.
    package func speed(_ measurements: Measurements, clock: String) -> [String] {
        let entries = measurements.named.compactMap { entry in
            Statistics(entry.spans).map { (entry.name, $0) }
        }
        guard !entries.isEmpty else { return [] }
        func line(_ name: String, _ median: String, _ most: String, _ count: String) -> String {
            Self.left(name, 46) + Self.right(median, 11) + Self.right(most, 11) + Self.right(count, 8)
        }
        var lines = [line("speed (\(clock) time)", "median", "most", "n")]
        for (name, statistics) in entries {
            lines.append(
                line(
                    name, SpanText.rounded(statistics.median), SpanText.rounded(statistics.most),
                    "\(statistics.count)"))
        }
        return lines
    }

    /// The same measurements beside the reference of the same run, with what is promised of them.
    package func ratios(_ measurements: Measurements, to reference: Quantity) -> [String] {
        func line(_ name: String, _ value: String, _ ratio: String, _ promise: String) -> String {
            Self.left(name, 38) + Self.right(value, 10) + Self.right(ratio, 12) + Self.right(promise, 16)
        }
        var lines = [
            line("beside ib_read_lat -e, 64 bytes", "median", "ratio", "promised"),
            line("ib_read_lat, typical", reference.text, "1", ""),
        ]
        let promises = [
            ("initiator's four operations / 4 reads", measurements.initiator, 4.0, "at most 2.50"),
            ("acceptor's four operations / 4 reads", measurements.acceptor, 4.0, "at most 2.50"),
            ("heartbeat read / one read", measurements.beatMedians, 1.0, "at most 1.15"),
        ]
        for (name, spans, reads, promise) in promises {
            guard let median = Statistics(spans)?.median else { continue }
            let ratio = Double(median.nanoseconds) / (reads * reference.value)
            let hundredths = Int((ratio * 100).rounded())
            let text = "\(hundredths / 100).\(hundredths % 100 < 10 ? "0" : "")\(hundredths % 100)"
            lines.append(line(name, SpanText.rounded(median), text, promise))
        }
        return lines
    }

    static func left(_ text: String, _ width: Int) -> String {
        let shown = cut(text, width)
        return shown + String(repeating: " ", count: width - shown.count)
    }

    static func right(_ text: String, _ width: Int) -> String {
        let shown = cut(text, width)
        return String(repeating: " ", count: width - shown.count) + shown
    }

    /// At most so many characters; what is cut off shows as dots.
    static func cut(_ text: String, _ width: Int) -> String {
        text.count <= width ? text : text.prefix(max(0, width - 2)) + ".."
    }
}

extension String {
    fileprivate var trimmedAtEnd: String {
        var text = Substring(self)
        while text.last == " " { text = text.dropLast() }
        return String(text)
    }
}
