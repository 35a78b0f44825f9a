/// One measurement of `ccmlab bench`: a setting, what it is measured against, and the rows that come of both.
///
/// Each is a file of this folder, with its scenarios in `Lab/bench`, and an entry in `Benches.all`; nothing else knows
/// of any one of them.
package protocol Bench: Sendable {
    /// As `--only` takes it.
    var name: String { get }
    /// What is measured, in one line.
    var summary: String { get }
    /// The files in `Lab/bench` that are run, in this order.
    var scenarios: [String] { get }
    /// The names of what is measured on the same rail before the runs and behind them.
    var references: [RailTool] { get }

    /// What came of it.
    ///
    /// - Throws: `LabError` when the histories do not hold what the figures are made of.
    func rows(_ evidence: BenchEvidence) throws -> [BenchRow]
}

/// All that there are, in the order in which they are run.
package enum Benches {
    /// Add one here, and it is run, listed and reported.
    package static let all: [any Bench] = [
        PortsBench(), MirrorBench(), MessengerBench(), HeartbeatBench(), RailLossBench(),
    ]
}

/// What a bench has to go by.
package struct BenchEvidence: Sendable {
    /// The runs of each scenario, by its file's name without the ending.
    package var runs: [String: [RunRecord]] = [:]
    /// What each reference measured each time, by its command.
    package var references: [String: [Quantity]] = [:]

    package init() {}

    /// The median of what a reference measured.
    func reference(_ tool: RailTool) throws -> Quantity {
        guard let median = Quantity(medianOf: references[tool.command] ?? []) else {
            throw LabError("\(tool.command) measured nothing")
        }
        return median
    }

    /// The median over the runs of a scenario.
    ///
    /// - Parameter figure: the figure of one run; nil where its history does not hold it.
    func median(of scenario: String, _ what: String, _ figure: (RunRecord) -> Quantity?) throws -> Quantity {
        let records = runs[scenario] ?? []
        let figures = records.compactMap(figure)
        guard figures.count == records.count, let median = Quantity(medianOf: figures) else {
            throw LabError("the history of \(scenario) holds no \(what)")
        }
        return median
    }
}
