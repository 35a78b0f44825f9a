import ClusterConnection

/// Faults at random, drawn from a seed: the same seed gives the same faults in the same order.
///
/// They come in chunks, each of them a scenario of its own that can be run again by itself: a long history would be
/// slow to follow, and heavy.
package struct SoakPlan: Sendable {
    /// How long a soak goes on.
    package enum Extent: Hashable, Sendable {
        /// Until so many faults have been.
        case faults(Int)
        /// Until so much time has passed, by the clock that the soak runs on. A chunk is never cut short.
        case time(TimeSpan)
    }

    package var seed: UInt64
    package var extent: Extent
    /// What the pair is like. A chunk takes the settings of one of them, in turn, and none of its steps.
    package var bases: [Scenario]

    package init(seed: UInt64, extent: Extent, bases: [Scenario]) {
        self.seed = seed
        self.extent = extent
        self.bases = bases
    }

    /// Faults in a chunk.
    package static let chunkSize = 20
    /// The most faults that a soak can be asked for.
    package static let mostFaults = 100_000

    /// How many faults the chunk of this number has, from 0; nil when the soak is over before it.
    ///
    /// - Parameter passed: how long the soak has gone on.
    package func faultCount(ofChunk number: Int, after passed: TimeSpan) -> Int? {
        switch extent {
        case .faults(let count):
            let left = count - number * Self.chunkSize
            return left > 0 ? min(left, Self.chunkSize) : nil
        case .time(let span): return passed < span ? Self.chunkSize : nil
        }
    }

    /// How many of its chunks are in a part of it; nil where the time decides that.
    func chunkCount(in shard: Shard) -> Int? {
        guard case .faults(let count) = extent else { return nil }
        return (0..<(count + Self.chunkSize - 1) / Self.chunkSize).count { shard.contains(name(ofChunk: $0)) }
    }

    /// What the chunk of this number is called, as a scenario and as a folder.
    private func name(ofChunk number: Int) -> String {
        "soak-\(seed)-" + (number + 1 < 10 ? "0\(number + 1)" : "\(number + 1)")
    }

    /// The chunk of this number as a scenario.
    ///
    /// - Throws: what is wrong with the base that it was made of.
    package func chunk(_ number: Int, faults: Int) throws -> Scenario {
        guard !bases.isEmpty else { throw LabError("a soak needs a scenario to take the partners from") }
        let base = bases[number % bases.count]
        // Chunks draw from seeds of their own, so that one can be made without those before it.
        var seeds = SplitMix64(seed: seed)
        var own = seeds.next()
        for _ in 0..<number { own = seeds.next() }
        var schedule = SoakSchedule(seed: own, base: base)
        schedule.draw(faults)
        let name = name(ofChunk: number)
        let text = """
            name: \(name)
            summary: >-
              Chunk \(number + 1) of a soak with seed \(seed): \(faults) faults at random, on the pair of
              \(base.name).
            tags: [soak]
            capture: none
            settle: 1s
            deadline: \(SpanText.exact(schedule.deadline))
            \(Self.settings(of: base.text))steps:
            \(schedule.text)
            """
        return try ScenarioParser.parse(text, file: "\(name).yaml")
    }

    /// The parts of a scenario's text that say what the pair is like: whole fields of the top level, as they stand.
    static func settings(of text: String) -> String {
        let kept: Set<Substring> = ["addressing", "rails", "settings", "partners", "bounds", "load"]
        var lines: [Substring] = []
        var keeps = false
        for line in text.split(separator: "\n", omittingEmptySubsequences: false) {
            if let first = line.first, first != " ", first != "#", first != "}", first != "]" {
                keeps = kept.contains(line.prefix { $0 != ":" })
            }
            if keeps, !line.isEmpty { lines.append(line) }
        }
        return lines.map { $0 + "\n" }.joined()
    }
}
