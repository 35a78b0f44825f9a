/// What a person reads of a comparison of the simulator with real verbs, and what a program does.
package struct ConformanceReport: Sendable {
    private let known: [KnownDifference]
    private let seeds: ClosedRange<UInt64>
    private var runs: [ConformedRun] = []
    private var unread: [(folder: String, why: String)] = []

    private static let nameWidth = 44
    private static let countWidth = 7

    package init() {
        self.init(known: KnownDifference.all, seeds: 1...1_000)
    }

    /// A report that knows other differences, and tries other seeds.
    init(known: [KnownDifference], seeds: ClosedRange<UInt64>) {
        self.known = known
        self.seeds = seeds
    }

    /// The folders of the runs at a path.
    ///
    /// - Throws: `LabError` where there is none.
    package static func folders(at path: String) throws -> [String] { try RecordedRun.folders(at: path) }

    /// The line above the others.
    package static var header: String { row("scenario, life", "sim", "rxe", "events") }

    /// Compares a run, and returns its lines.
    ///
    /// - Throws: only when interrupted.
    package mutating func add(_ folder: String) throws -> [String] {
        do {
            let run = try ConformedRun(RecordedRun(in: folder), seeds: seeds, known: known)
            runs.append(run)
            return run.lives.flatMap { lines(of: $0, in: run) }
        } catch let error as CancellationError {
            throw error
        } catch {
            unread.append((folder, "\(error)"))
            return ["\(folder): NOT COMPARED"] + Table.wrapped("\(error)", indent: 2)
        }
    }

    /// Whether everything that was compared is the same, or known to differ, and nothing is known that is not so.
    package var conforms: Bool { runs.allSatisfy { $0.unknown == 0 } && stale.isEmpty }

    /// Whether everything could be compared.
    package var isComplete: Bool { unread.isEmpty }

    /// Differences that are listed for a scenario which was compared, and were not met.
    private var stale: [(known: KnownDifference, scenario: String, life: String)] {
        known.flatMap { known in
            runs.filter { known.scenarios.contains($0.scenario) }.flatMap { run in
                known.lives.filter { name in
                    !run.lives.contains { life in
                        life.name == name && life.differences.contains { $0.known == known }
                    }
                }.map { (known, run.scenario, $0) }
            }
        }
    }

    /// What it came to.
    package var summary: [String] {
        let lives = runs.flatMap(\.lives)
        let same = lives.count { $0.differences.isEmpty }
        let expected = lives.count { !$0.differences.isEmpty && $0.unknown == 0 }
        var lines = [
            "", "\(same) of \(lives.count) lives are told the same, \(expected) with known differences only",
        ]
        let different = lives.count - same - expected
        if different > 0 { lines.append("\(different) differ") }
        if !unread.isEmpty { lines.append("\(unread.count) runs could not be compared") }
        for entry in stale {
            lines += Table.wrapped(
                "\(entry.scenario) \(entry.life) has not the difference that is listed for it: "
                    + Self.text(entry.known.difference), indent: 0)
        }
        return lines
    }

    /// The same for programs.
    package var json: JSONValue {
        .object(
            JSONObject([
                ("conforms", .bool(conforms)),
                (
                    "runs",
                    .array(
                        runs.map { run in
                            .object(
                                JSONObject([
                                    ("scenario", .string(run.scenario)), ("seed", .unsigned(run.seed)),
                                    ("lives", .array(run.lives.map(Self.json))),
                                ]))
                        })
                ),
                (
                    "notCompared",
                    .array(
                        unread.map {
                            .object(
                                JSONObject([("folder", .string($0.folder)), ("reason", .string($0.why))]))
                        })
                ),
                (
                    "notMet",
                    .array(
                        stale.map {
                            .object(
                                JSONObject([
                                    ("scenario", .string($0.scenario)), ("life", .string($0.life)),
                                    ("difference", .string(Self.text($0.known.difference))),
                                ]))
                        })
                ),
            ]))
    }

    private static func json(_ life: ConformedRun.Life) -> JSONValue {
        .object(
            JSONObject([
                ("life", .string(life.name)),
                ("simulated", json(life.simulated)), ("real", json(life.real)),
                (
                    "differences",
                    .array(
                        life.differences.map { difference in
                            .object(
                                JSONObject([
                                    ("strand", .string(difference.found.strand)),
                                    ("simulated", .array(difference.found.simulated.map { .string($0) })),
                                    ("real", .array(difference.found.real.map { .string($0) })),
                                    ("reason", difference.known.map { .string($0.reason) } ?? .null),
                                ]))
                        })
                ),
            ]))
    }

    private static func json(_ sequence: EventSequence) -> JSONValue {
        .object(
            JSONObject(sequence.strands.map { ($0.name, .array($0.lines.map { .string($0) })) }))
    }

    // MARK: Lines

    private func lines(of life: ConformedRun.Life, in run: ConformedRun) -> [String] {
        let result = life.differences.isEmpty ? "same" : life.unknown == 0 ? "known" : "DIFFER"
        var lines = [
            Self.row("\(run.scenario) \(life.name)", "\(life.simulated.count)", "\(life.real.count)", result)
        ]
        for difference in life.differences {
            lines += Table.wrapped(Self.text(difference.found), indent: 2)
            if let known = difference.known { lines += Table.wrapped("because \(known.reason)", indent: 4) }
        }
        return lines
    }

    private static func text(_ difference: SequenceDifference) -> String {
        func list(_ lines: [String]) -> String {
            lines.isEmpty ? "nothing" : lines.map { "“\($0)”" }.joined(separator: ", ")
        }
        return "\(difference.strand): sim \(list(difference.simulated)); rxe \(list(difference.real))"
    }

    private static func row(_ name: String, _ sim: String, _ rxe: String, _ result: String) -> String {
        let padding = String(repeating: " ", count: max(1, nameWidth - name.count))
        return name + padding + Table.right(sim, countWidth) + " " + Table.right(rxe, countWidth) + "  "
            + result
    }
}
