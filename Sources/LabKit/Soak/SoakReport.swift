import ClusterConnection

/// What a soak came to, for a person: never wider than 80 columns.
package struct SoakReport {
    private let plan: SoakPlan
    private let results: [RunResult]
    private let shard: Shard
    private let isComplete: Bool
    private var incidents = Incidents()
    private var measurements = Measurements()

    /// - Parameters:
    ///   - results: those of the chunks that are done.
    ///   - shard: the part of the plan that they are of.
    ///   - isComplete: whether these are all of them, and the soak was not interrupted.
    package init(_ plan: SoakPlan, _ results: [RunResult], shard: Shard = .whole, isComplete: Bool = true) {
        self.plan = plan
        self.results = results
        self.shard = shard
        self.isComplete = isComplete
        for run in results {
            incidents.add(run.judgement.incidents)
            measurements.add(run.judgement.measurements)
        }
    }

    /// All lines of the summary.
    ///
    /// - Parameters:
    ///   - folder: the run folder as the reader knows it.
    ///   - table: writes what broke.
    package func lines(
        fabric: String, clock: String, kernel: String, folder: String, _ table: Table
    ) -> [String] {
        guard !results.isEmpty || isComplete else { return interruption + ["run folder: \(folder)"] }
        var lines = counts + [""] + spans(clock) + [""] + records
        for run in results.filter({ !$0.judgement.result.isWanted }).prefix(5) {
            lines.append("")
            lines += table.failures(of: run, folder: "\(folder)/\(run.folder)")
            lines.append("  again: ccmlab run \(folder)/\(run.folder)/scenario.yaml")
        }
        let held = results.count { $0.judgement.result == .held }
        lines += [
            "", "\(held) of \(results.count) chunks held (\(clock) time, kernel \(kernel))",
        ]
        lines += isComplete ? [] : interruption
        lines += ["replay: \(replay(fabric, clock))", "run folder: \(folder)"]
        return lines
    }

    /// What an interrupted soak has done, and what it has not.
    private var interruption: [String] {
        let all = plan.chunkCount(in: shard)
        let chunks =
            results.count == 1 ? "1 chunk is" : "\(results.count == 0 ? "no" : "\(results.count)") chunks are"
        let done =
            switch plan.extent {
            case .faults: all.map { "\(results.count) of \($0) chunks are" } ?? chunks
            case .time(let span): "before \(SpanText.exact(span)) were over, \(chunks)"
            }
        return Table.wrapped(
            "interrupted: \(done) done; the one that was under way is not counted", indent: 0)
    }

    /// The command that draws the same faults again.
    func replay(_ fabric: String, _ clock: String) -> String {
        // A soak of a length in time, or one that was interrupted, is replayed by the faults that it came to.
        let done = results.count * SoakPlan.chunkSize
        let count: Int =
            switch plan.extent {
            case .faults(let count): isComplete || shard != .whole ? count : min(count, done)
            case .time: done
            }
        var text = "ccmlab soak --seed \(plan.seed) --count \(max(1, count)) --fabric "
        switch FabricKind(rawValue: fabric) {
        case .some(let kind): text += kind.rawValue
        // Within the virtual machine, the clock of which is a choice.
        case nil: text += "\(FabricKind.vm.rawValue) --clock \(clock)"
        }
        for base in plan.bases where !base.file.isEmpty { text += " \(base.file)" }
        return text
    }

    private var counts: [String] {
        func row(_ name: String, _ parts: [(String, Int)]) -> [String] {
            let total = parts.reduce(0) { $0 + $1.1 }
            let words = parts.filter { $0.1 > 0 }.map { "\($0.0) \($0.1)" }.joined(separator: ", ")
            let first = Table.left(name, 18) + Table.right("\(total)", 7) + "  "
            let room = Table.wrapped(words.isEmpty ? "-" : words, indent: first.count)
            return room.enumerated().map { index, line in
                index == 0 ? first + line.dropFirst(first.count) : line
            }
        }
        return row("faults", StepAction.allCases.map { ($0.hyphenated, incidents.faults[$0] ?? 0) })
            + row(
                "struck a pair that",
                Incidents.Standing.allCases.map { ($0.words, incidents.struck[$0] ?? 0) })
            + row("verdicts", Verdict.allCases.map { ($0.word, incidents.verdicts[$0] ?? 0) })
    }

    private func spans(_ clock: String) -> [String] {
        func line(_ name: String, _ cells: [String]) -> String {
            Table.left(name, 40) + cells.map { Table.right($0, 10) }.joined()
        }
        let entries =
            measurements.named.filter {
                ["dead", "hung", "unreachable", "rebooted", "again"].contains($0.key)
            }
            .map { ($0.name, $0.spans) } + [("both could connect -> clients ready", incidents.toReady)]
        var lines = [line("times (\(clock) time)", ["n", "median", "p99", "most"])]
        for (name, spans) in entries {
            guard let statistics = Statistics(spans) else { continue }
            lines.append(
                line(
                    name,
                    [
                        "\(statistics.count)", SpanText.rounded(statistics.median),
                        SpanText.rounded(statistics.p99), SpanText.rounded(statistics.most),
                    ]))
        }
        return lines
    }

    private var records: [String] {
        [
            ("records acknowledged", incidents.acknowledged), ("records found again", incidents.verified),
            ("work refused or cut off with its ports", incidents.refused),
            ("looks at memory after a loss", UInt64(incidents.memoryChecks)),
            ("counts of what a partner holds, compared", UInt64(incidents.censuses)),
        ].map { Table.left($0, 42) + Table.right("\($1)", 12) }
    }

    /// Leaves it in the run folder, for programs.
    func write(to folder: String) throws {
        try Files.write(JSONText.pretty(json), to: "\(folder)/soak.json")
    }

    /// As `soak.json` holds it.
    var json: JSONValue {
        func counts(_ parts: [(String, Int)]) -> JSONValue {
            .object(JSONObject(parts.map { ($0, .integer(Int64($1))) }))
        }
        var fields: [(String, JSONValue)] = [
            ("seed", .unsigned(plan.seed)), ("complete", .bool(isComplete)),
            ("chunks", .integer(Int64(results.count))),
            ("held", .integer(Int64(results.count { $0.judgement.result == .held }))),
            (
                "faults",
                counts(
                    StepAction.allCases.compactMap { action in
                        incidents.faults[action].map { (action.rawValue, $0) }
                    })
            ),
            ("struck", counts(Incidents.Standing.allCases.map { ($0.rawValue, incidents.struck[$0] ?? 0) })),
            ("verdicts", counts(Verdict.allCases.map { ($0.word, incidents.verdicts[$0] ?? 0) })),
            ("recordsAcknowledged", .unsigned(incidents.acknowledged)),
            ("recordsFoundAgain", .unsigned(incidents.verified)),
            ("workRefused", .unsigned(incidents.refused)),
            ("memoryChecks", .integer(Int64(incidents.memoryChecks))),
            ("censuses", .integer(Int64(incidents.censuses))),
        ]
        if let ready = Statistics(incidents.toReady) { fields.append(("toReady", ready.json)) }
        fields.append(("measurements", measurements.json))
        return .object(JSONObject(fields))
    }
}

extension Incidents.Standing {
    /// As it reads behind "a pair that".
    fileprivate var words: String {
        switch self {
        case .ready: "was ready"
        case .exchanging: "was exchanging"
        case .handshaking: "shook hands"
        case .connecting: "was connecting"
        case .down: "was down"
        }
    }
}
