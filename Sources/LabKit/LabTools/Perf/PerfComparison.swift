/// Two records, figure by figure.
package struct PerfComparison: Sendable {
    package enum Verdict: String, Sendable, CaseIterable {
        case same, faster, slower
        /// Only one of the records has the figure.
        case missing
    }

    package struct Row: Sendable {
        package var name: String
        package var unit: PerfFigure.Unit
        package var old: Double?
        package var new: Double?
        package var floor: Double?
        package var verdict: Verdict
        /// The functions whose counts grew, most first: where it is slower.
        package var blame: [Blame] = []

        /// How much more, as a share of the old value; nil without one.
        package var change: Double? {
            guard let old, let new, old != 0 else { return nil }
            return (new - old) / old
        }
    }

    package struct Blame: Hashable, Sendable {
        package var function: String
        package var growth: Double
    }

    package let old: PerfRecord
    package let new: PerfRecord
    package let rows: [Row]

    /// By what share a figure has to change for more than `same`.
    package let threshold: Double

    /// Where one lab counted both: unchanged code then differs by nothing. This is not for noise, but for what is not worth
    /// a word.
    package static let sameLabThreshold = 0.001
    /// Where two labs did: another lab boots the partners some microseconds earlier or later, and their messages cross
    /// elsewhere.
    package static let otherLabThreshold = 0.01
    /// The name of the lab in a record's environment.
    static let lab = "lab"
    private static let mostBlamed = 5

    /// Compares them.
    ///
    /// - Throws: `LabError` where they are of different environments or seeds: then a difference says nothing.
    package init(_ old: PerfRecord, _ new: PerfRecord) throws(LabError) {
        for name in Set(old.environment.keys).union(new.environment.keys).sorted()
        where name != Self.lab && old.environment[name] != new.environment[name] {
            throw LabError(
                "the records are of different environments: \(name) is “\(old.environment[name] ?? "unknown")” in that of "
                    + "\(PerfRecorder.short(old.commit)), and “\(new.environment[name] ?? "unknown")” in that of "
                    + "\(PerfRecorder.short(new.commit)); name commits instead of files, and both are counted here"
            )
        }
        guard old.seed == new.seed else {
            throw LabError(
                "the records are of different seeds: another seed gives other counts; record both with one seed"
            )
        }
        self.old = old
        self.new = new
        let threshold =
            old.environment[Self.lab] == new.environment[Self.lab]
            ? Self.sameLabThreshold : Self.otherLabThreshold
        self.threshold = threshold
        let names =
            new.figures.map(\.name)
            + old.figures.map(\.name).filter { name in
                !new.figures.contains { $0.name == name }
            }
        rows = names.map { name in
            Self.row(
                name, old.figures.first { $0.name == name }, new.figures.first { $0.name == name },
                threshold)
        }
    }

    private static func row(_ name: String, _ old: PerfFigure?, _ new: PerfFigure?, _ threshold: Double)
        -> Row
    {
        var row = Row(
            name: name, unit: (new ?? old)?.unit ?? .instructions, old: old?.value, new: new?.value,
            floor: new?.floor ?? old?.floor, verdict: .missing)
        guard let old, let new, old.unit == new.unit else { return row }
        let difference = new.value - old.value
        let least = abs(old.value) * threshold
        row.verdict =
            if abs(difference) <= least { .same } else if difference > 0 { .slower } else { .faster }
        if row.verdict == .slower { row.blame = blame(old, new) }
        return row
    }

    private static func blame(_ old: PerfFigure, _ new: PerfFigure) -> [Blame] {
        let names = Set(old.functions.keys).union(new.functions.keys)
        let growth = names.map { name in
            Blame(function: name, growth: (new.functions[name] ?? 0) - (old.functions[name] ?? 0))
        }
        return growth.filter { $0.growth > 0 }
            .sorted { ($1.growth, $0.function) < ($0.growth, $1.function) }
            .prefix(mostBlamed).map { $0 }
    }

    package var isSlower: Bool { rows.contains { $0.verdict == .slower } }
    /// Whether every figure could be compared.
    package var isWhole: Bool { !rows.contains { $0.verdict == .missing } }
}
