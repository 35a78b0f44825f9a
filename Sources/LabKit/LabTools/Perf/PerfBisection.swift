/// Finds the commit that made a figure worse, between one that is good and one that is bad.
package struct PerfBisection: Sendable {
    /// What a commit is.
    package enum Outcome: Hashable, Sendable {
        case good(Double)
        case bad(Double)
        /// It cannot be built or driven, which says nothing of its speed.
        case skipped(String)
    }

    /// What was found.
    package struct Finding: Hashable, Sendable {
        /// The first bad commit, or where commits beside it had to be skipped all that may be it, oldest first.
        package var suspects: [String]
    }

    /// The commits behind the good one up to the bad one, oldest first.
    package let commits: [String]
    /// Of those that were asked for.
    package private(set) var outcomes: [Int: Outcome] = [:]

    package init(_ commits: [String]) { self.commits = commits }

    /// The commit to ask for next; nil when all is known that can be.
    package var next: Int? {
        // The last commit is bad, and what lies before the first is good.
        let low = lastGood
        let high = firstBad
        let open = (low + 1..<max(low + 1, high)).filter { outcomes[$0] == nil }
        let middle = (low + high) / 2
        // Nearest to the middle, so that a skipped commit costs little.
        return open.min { (abs($0 - middle), $0) < (abs($1 - middle), $1) }
    }

    package mutating func note(_ outcome: Outcome, of index: Int) { outcomes[index] = outcome }

    package var finding: Finding {
        let suspects = (lastGood + 1)...firstBad
        return Finding(suspects: suspects.map { commits[$0] })
    }

    private var firstBad: Int {
        outcomes.filter { if case .bad = $0.value { true } else { false } }.keys.min() ?? commits.count - 1
    }

    /// The last good commit before the first bad one; -1 for the one that the search began with.
    private var lastGood: Int {
        let bad = firstBad
        return outcomes.filter { if case .good = $0.value { $0.key < bad } else { false } }.keys.max() ?? -1
    }
}
