import ClusterConnection

/// Where two runs part: the first event of each partner that the other run has not, and all that differs.
package struct RunDifference {
    /// How a pair of runs is called.
    private let name: String
    private let one: HistorySequence
    private let other: HistorySequence
    private let differences: [SequenceDifference]

    /// The first place in a strand at which two histories differ.
    private struct Parting {
        var strand: String
        var one: HistoryEvent?
        var other: HistoryEvent?
    }

    private static let mostShown = 12

    /// Whether nothing differs.
    package var isSame: Bool { differences.isEmpty }

    init(_ name: String, _ one: [HistoryEvent], _ other: [HistoryEvent]) {
        self.name = name
        self.one = HistorySequence(one)
        self.other = HistorySequence(other)
        differences = SequenceDifference.all(between: self.one.sequence, and: self.other.sequence)
    }

    /// The differences of two run folders, run by run, those of the same name beside each other; two folders of one run
    /// each are compared whatever they are called.
    ///
    /// - Returns: the comparisons, and the names of runs that only one of them holds.
    /// - Throws: `LabError` for a folder or a history that cannot be read.
    package static func all(
        between one: String, and other: String
    ) throws -> (compared: [RunDifference], alone: [String]) {
        let (first, second) = (try ReportedFolder.runNames(in: one), try ReportedFolder.runNames(in: other))
        var pairs = first.filter { second.contains($0) }.map { ($0, $0) }
        if pairs.isEmpty, let left = first.first, let right = second.first, first.count == 1,
            second.count == 1
        {
            pairs = [(left, right)]
        }
        let compared = try pairs.map { left, right in
            try Task.checkCancellation()
            let title = left.isEmpty ? String(one.split(separator: "/").last ?? "run") : left
            return RunDifference(title, try history(one, left), try history(other, right))
        }
        let paired = Set(pairs.map(\.0)), pairedOther = Set(pairs.map(\.1))
        let alone =
            first.filter { !paired.contains($0) }.map { "\($0): only in \(one)" }
            + second.filter { !pairedOther.contains($0) }.map { "\($0): only in \(other)" }
        return (compared, alone)
    }

    private static func history(_ folder: String, _ name: String) throws(LabError) -> [HistoryEvent] {
        let path = name.isEmpty ? folder : "\(folder)/\(name)"
        let history = ReportedHistory(in: path)
        if let problem = history.problems.first { throw LabError("\(path): \(problem)") }
        return history.events
    }

    /// What a person reads.
    package var lines: [String] {
        guard !isSame else { return ["\(name): the same, \(one.count) kinds of events"] }
        var lines = ["\(name): \(differences.count) differences"]
        for parting in partings {
            lines.append("  \(parting.strand) parts first here:")
            lines.append("    <" + Self.text(parting.one, one.start))
            lines.append("    >" + Self.text(parting.other, other.start))
        }
        for difference in differences.prefix(Self.mostShown) {
            lines.append("  \(difference.strand)")
            lines += difference.simulated.map { "    < \($0)" } + difference.real.map { "    > \($0)" }
        }
        if differences.count > Self.mostShown {
            lines.append("  and \(differences.count - Self.mostShown) more")
        }
        return lines
    }

    private static func text(_ event: HistoryEvent?, _ start: Instant) -> String {
        event.map { Table.eventText($0, start: start) } ?? " nothing more"
    }

    /// For each partner, and for the lab, the strand that parts first.
    private var partings: [Parting] {
        var earliest: [PartnerID?: (parting: Parting, after: TimeSpan)] = [:]
        for strand in Set(differences.map(\.strand)) {
            let (left, right) = (one.strands[strand], other.strands[strand])
            let (lines, others) = (left?.lines ?? [], right?.lines ?? [])
            let place = zip(lines, others).prefix { $0 == $1 }.count
            func event(_ strand: HistorySequence.Strand?) -> HistoryEvent? {
                strand.flatMap { $0.events.indices.contains(place) ? $0.events[place] : nil }
            }
            let parting = Parting(strand: strand, one: event(left), other: event(right))
            let moments = [
                parting.one.map { $0.time - one.start }, parting.other.map { $0.time - other.start },
            ]
            guard let after = moments.compactMap({ $0 }).min() else { continue }
            let partner = left?.partner ?? right?.partner
            if let known = earliest[partner], known.after <= after { continue }
            earliest[partner] = (parting, after)
        }
        return earliest.values.sorted { ($0.after, $0.parting.strand) < ($1.after, $1.parting.strand) }.map(
            \.parting)
    }
}
