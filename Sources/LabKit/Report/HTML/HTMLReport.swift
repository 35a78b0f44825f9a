import ClusterConnection

/// The report of a run folder: one HTML file that needs nothing else, neither network nor, for its contents, a script.
package enum HTMLReport {
    /// Which captures are decoded.
    package enum Captures: Sendable {
        case all
        /// Those of what broke, and of all where they are few: for a report that nobody should have to wait for.
        case few

        func isWanted(runs: Int, decoded: Int, broke: Bool) -> Bool {
            switch self {
            case .all: true
            case .few: decoded < 3 && (broke || runs <= 3)
            }
        }
    }

    /// The name of the file in a run folder.
    package static let file = "report.html"

    /// So many runs are read without being asked for; more take their time.
    package static let mostUnasked = 4_000

    /// The file in a run folder with the command that made it.
    package static let commandFile = "command.txt"

    /// So many rows of events, and of marks, in a whole report; a run gets its share.
    private static let mostRows = 9_000

    /// The report of the runs in a folder and below it.
    ///
    /// - Throws: `LabError` where there is none.
    package static func html(of path: String, captures: Captures) async throws -> String {
        document(try await ReportedFolder(path, captures: captures))
    }

    static func document(_ folder: ReportedFolder) -> String {
        var markup = Markup()
        markup.literal("<!DOCTYPE html>\n")
        markup.element("html", [("lang", "en")]) { markup in
            markup.pageHead("ccm-lab: \(title(folder))")
            markup.element("body") { markup in
                markup.literal(ReportStyle.symbols)
                markup.element("main") { body(folder, into: &$0) }
                markup.element("script") { $0.literal(ReportScript.text) }
            }
        }
        return markup.text + "\n"
    }

    private static func title(_ folder: ReportedFolder) -> String {
        let counts = [ReportedVerdict.Result.broke, .unknown(""), .notRun(""), .brokeAsExpected(""), .held]
            .compactMap { kind in
                let count = folder.runs.count { $0.verdict.result.rank == kind.rank }
                return count > 0 ? "\(count) \(kind.word)" : nil
            }
        return counts.joined(separator: ", ")
    }

    /// A run with its name in links.
    private struct Entry {
        let run: ReportedRun
        /// Its own section's, or of the map that it is counted in.
        let anchor: String
        /// Whether it has no section of its own.
        var isCounted = false

        var isAtInstant: Bool { RunInstant.offset(of: run.verdict.variant) != nil }

        var rank: Int { run.verdict.result.rank }
    }

    /// So many runs are drawn; of the others, which are the ones that held, there is a line.
    private static let mostDrawn = 150

    private static func body(_ folder: ReportedFolder, into markup: inout Markup) {
        let entries = entries(of: folder)
        head(folder, into: &markup)
        scenarios(entries, into: &markup)
        instants(entries, into: &markup)
        sweeps(entries, into: &markup)
        markup.append(RepeatedSection(folder.runs).markup)
        let ordered = (0..<ReportedVerdict.Result.ranks).flatMap { rank in
            entries.filter { $0.rank == rank && !$0.isCounted }
        }
        let most = max(40, min(400, mostRows / max(1, min(mostDrawn, ordered.count))))
        for entry in ordered.prefix(mostDrawn) {
            let command = command(of: entry.run, folder)
            markup.append(RunSection(entry.run, anchor: entry.anchor, command: command, most: most).markup)
        }
        for entry in ordered.dropFirst(mostDrawn) { line(entry, into: &markup) }
        var measurements = Measurements()
        for run in folder.runs { measurements.add(run.measurements) }
        markup.append(
            Distributions(measurements: measurements, clock: folder.environment["clock"] ?? "unknown").markup)
    }

    /// So many runs at instants have sections of their own, whatever they came to.
    private static let mostInstants = 60

    private static func entries(of folder: ReportedFolder) -> [Entry] {
        let entries = folder.runs.enumerated().map { Entry(run: $1, anchor: "r\($0 + 1)") }
        return grouped(entries).enumerated().flatMap { place, group -> [Entry] in
            guard group.count(where: \.isAtInstant) > mostInstants else { return group }
            return group.map { entry in
                guard entry.isAtInstant, entry.run.verdict.result == .held else { return entry }
                return Entry(run: entry.run, anchor: mapAnchor(place), isCounted: true)
            }
        }
    }

    /// What the map of a scenario's instants is called in links.
    private static func mapAnchor(_ place: Int) -> String { "m\(place + 1)" }

    private static func instants(_ entries: [Entry], into markup: inout Markup) {
        let maps = grouped(entries).enumerated().compactMap { place, group -> InstantMap? in
            let runs = group.filter(\.isAtInstant)
            guard !runs.isEmpty else { return nil }
            return InstantMap(runs.map { ($0.run, $0.isCounted ? nil : $0.anchor) }, anchor: mapAnchor(place))
        }
        guard !maps.isEmpty else { return }
        markup.element("section", [("class", "card")]) { markup in
            markup.element("h2", text: "Instants")
            markup.element(
                "p", [("class", "note")],
                text:
                    "Across: when the step took effect. Upwards: how long the pair took to come together again, each line "
                    + "ten times the one below. ● held, ✕ broke, ▷ not run. Numbers: what happens then without the step."
            )
            for map in maps { markup.append(map.markup) }
        }
    }

    private static func line(_ entry: Entry, into markup: inout Markup) {
        let result = entry.run.verdict.result
        markup.element("p", [("class", "note"), ("id", entry.anchor)]) { markup in
            markup.element(
                "span", [("class", "badge \(result.style)")], text: "\(result.sign) \(result.word)")
            markup.write(" \(entry.run.title): not drawn, there are too many; ")
            markup.element("code", text: ShellText.command(["ccmlab", "report", entry.run.path]))
        }
    }

    private static func command(of run: ReportedRun, _ folder: ReportedFolder) -> String {
        let path = "\(folder.path)\(run.name.isEmpty ? "" : "/\(run.name)")/scenario.yaml"
        return ShellText.command(["ccmlab", "run"] + folder.fabricOptions(of: run) + [path])
    }

    // MARK: The head

    private static func head(_ folder: ReportedFolder, into markup: inout Markup) {
        markup.element("header") { markup in
            markup.element("h1", text: title(folder))
            for problem in folder.problems {
                markup.element("p", [("class", "problem")], text: "⚠ \(problem)")
            }
            let total = folder.runs.reduce(TimeSpan.zero) { $0 + $1.duration }
            let environment = folder.environment
            let facts = [
                ("runs", "\(folder.runs.count), \(SpanText.rounded(total)) together"),
                ("clock", environment["clock"]), ("fabric", environment["fabric"]),
                ("kernel", environment["kernelBuild"] ?? environment["kernel"]),
                ("rdma-core", environment["rdmaCore"]), ("commit", environment["commit"]),
                ("folder", folder.path),
                ("once more", folder.command ?? "the command was not kept; each run below names its own"),
            ]
            markup.element("dl", [("class", "facts")]) { markup in
                for (name, value) in facts {
                    markup.element("dt", text: name)
                    markup.element("dd") { $0.element("code", text: value ?? "unknown") }
                }
            }
        }
    }

    /// The runs of each scenario, in their order.
    private static func grouped(_ entries: [Entry]) -> [[Entry]] {
        entries.reduce(into: []) { groups, entry in
            if let last = groups.indices.last,
                groups[last].first?.run.scenarioName == entry.run.scenarioName
            {
                groups[last].append(entry)
            } else {
                groups.append([entry])
            }
        }
    }

    private static func worst(_ group: [Entry]) -> Entry? {
        group.min { $0.rank < $1.rank }
    }

    private static func scenarios(_ entries: [Entry], into markup: inout Markup) {
        let groups = grouped(entries).sorted {
            (worst($0)?.rank ?? 0) < (worst($1)?.rank ?? 0)
        }
        markup.element("section", [("class", "card")]) { markup in
            markup.element("h2", text: "Scenarios")
            markup.element("div", [("class", "scroll")]) { markup in
                markup.element("table", [("class", "scenarios")]) { markup in
                    markup.element("tr") { markup in
                        for name in ["scenario", "result", "established", "measured"] {
                            markup.element("th", text: name)
                        }
                    }
                    for group in groups { row(group, into: &markup) }
                }
            }
            markup.element("p", [("class", "note")], text: legend)
        }
    }

    /// What the signs of the drawings mean.
    private static let legend =
        "On the time lines: ▷ an attempt or a request, ✕ something failed, ◆ established or ready, ▽ a loss or an end, "
        + "• a message, ▲ an event that broke a rule; vertical lines are what the lab did; hatched is frozen or hung, "
        + "crossed is cut, unreachable or never completed; ⋯ is time in which nothing but heartbeats happened."

    private static func row(_ group: [Entry], into markup: inout Markup) {
        guard let worst = worst(group) else { return }
        let result = worst.run.verdict.result
        let held = group.count { $0.run.verdict.result.isWanted }
        var measurements = Measurements()
        for entry in group { measurements.add(entry.run.measurements) }
        let losses = measurements.named.filter {
            ["again", "dead", "hung", "unreachable", "rebooted"].contains($0.key)
        }
        let measured = losses.compactMap { entry in
            Statistics(entry.spans).map { "\(entry.key) \(Table.short($0.most))" }
        }
        markup.element("tr") { markup in
            markup.element("td") {
                $0.element("a", [("href", "#\(worst.anchor)")], text: worst.run.scenarioName)
            }
            markup.element("td") {
                let count = group.count > 1 ? "\(held)/\(group.count) held" : result.word
                let isFlaky = Repeated.all(of: group.map(\.run.end)).contains { $0.isFlaky }
                $0.element(
                    "span", [("class", "badge \(result.style)")],
                    text: "\(result.sign) \(isFlaky ? "flaky, " : "")\(count)")
            }
            let established = Statistics(measurements.established)
            markup.element("td", text: established.map { Table.short($0.most) } ?? "–")
            markup.element("td", text: measured.joined(separator: ", "))
        }
    }

    private static func sweeps(_ entries: [Entry], into markup: inout Markup) {
        let maps = grouped(entries).compactMap { group -> SweepMap? in
            let labels = group.map(\.run.verdict.variant).reduce(into: [String]()) {
                if !$0.contains($1) { $0.append($1) }
            }
            guard labels.count > 1, !group.contains(where: \.isAtInstant),
                let name = group.first?.run.scenarioName
            else { return nil }
            return SweepMap(
                name: name,
                cells: labels.map { label in
                    let runs = group.filter { $0.run.verdict.variant == label }
                    return SweepMap.Cell(
                        label: label, results: runs.map(\.run.verdict.result),
                        anchor: worst(runs)?.anchor ?? "")
                })
        }
        guard !maps.isEmpty else { return }
        markup.element("section", [("class", "card")]) { markup in
            markup.element("h2", text: "Sweeps")
            for map in maps { markup.append(map.markup) }
        }
    }
}
