import ClusterConnection
import Recording

/// A run on real verbs, and what the simulator tells the same partners in the same scenario.
struct ConformedRun: Sendable {
    /// A life of a partner on both.
    struct Life: Sendable {
        let name: String
        /// What its connection manager was told on each.
        let simulated: EventSequence
        let real: EventSequence
        /// Where they differ, and which of it is known.
        let differences: [(found: SequenceDifference, known: KnownDifference?)]

        /// How many differences nobody accounts for.
        var unknown: Int { differences.count { $0.known == nil } }
    }

    let scenario: String
    /// The seed with which the simulator came nearest.
    let seed: UInt64
    let lives: [Life]

    var unknown: Int { lives.reduce(0) { $0 + $1.unknown } }

    /// Compares a run.
    ///
    /// What happens at the same moment may come in either order on real verbs, and does so by chance in the simulator:
    /// seeds are tried until one tells the same.
    ///
    /// - Throws: `LabError` for a run that cannot be read, or that the simulator cannot do.
    init(_ run: RecordedRun, seeds: ClosedRange<UInt64>, known: [KnownDifference]) throws {
        let scenario = run.variant.title
        let real = run.lives.mapValues { EventSequence($0) }
        var nearest: (seed: UInt64, lives: [Life])?
        func distance(_ lives: [Life]) -> (Int, Int) {
            (lives.reduce(0) { $0 + $1.unknown }, lives.reduce(0) { $0 + $1.differences.count })
        }
        for seed in seeds {
            try Task.checkCancellation()
            let simulated = try SimulatedRun.told(run.variant, seed: seed).mapValues { EventSequence($0) }
            let lives = Self.compare(simulated, with: real, in: scenario, known)
            if nearest.map({ distance(lives) < distance($0.lives) }) ?? true { nearest = (seed, lives) }
            if distance(lives) == (0, 0) { break }
        }
        self.scenario = scenario
        seed = nearest?.seed ?? seeds.lowerBound
        lives = nearest?.lives ?? []
    }

    private static func compare(
        _ simulated: [String: EventSequence], with real: [String: EventSequence], in scenario: String,
        _ known: [KnownDifference]
    ) -> [Life] {
        let nothing = EventSequence([])
        return Set(simulated.keys).union(real.keys).sorted().map { name in
            let (one, other) = (simulated[name] ?? nothing, real[name] ?? nothing)
            let differences = SequenceDifference.all(between: one, and: other)
            return Life(
                name: name, simulated: one, real: other,
                differences: differences.map { difference in
                    (difference, known.first { $0.covers(scenario, name, difference) })
                })
        }
    }
}

/// What a run on real verbs recorded.
struct RecordedRun: Sendable {
    let variant: ScenarioVariant
    /// What each life was told until the run ended.
    let lives: [String: [ToldEvent]]

    /// The folders of runs at a path and below it, with the names by which they are shown.
    ///
    /// - Throws: `LabError` where there is none.
    static func folders(at path: String) throws(LabError) -> [String] {
        guard Files.isFolder(path) else { throw LabError("there is no folder \(path): name a run folder") }
        let folders = folders(below: path)
        guard !folders.isEmpty else {
            throw LabError(
                "\(path) is no run folder, and there is none below it: expected one with scenario.yaml and "
                    + "recordings, as “ccmlab run” leaves them")
        }
        return folders
    }

    private static func folders(below path: String) -> [String] {
        if Files.exists("\(path)/scenario.yaml") { return [path] }
        return Files.names(in: path).map { "\(path)/\($0)" }.filter { Files.isFolder($0) }
            .flatMap { folders(below: $0) }
    }

    /// Reads a run's folder.
    init(in folder: String) throws {
        guard let scenario = try ScenarioLibrary.load(["\(folder)/scenario.yaml"]).first else {
            throw LabError("\(folder)/scenario.yaml holds no scenario")
        }
        guard !scenario.hasInstants else {
            throw LabError(
                "\(folder) is a run at one of many instants, which are not compared with the simulator")
        }
        let names = folder.split(separator: "/").map(String.init)
        let variants = scenario.variants
        guard let variant = variants.first(where: { $0.label.isEmpty || names.contains($0.label) }) else {
            throw LabError("\(folder) is named after none of the \(variants.count) runs of its scenario")
        }
        let end = try Self.end(of: folder)
        var lives: [String: [ToldEvent]] = [:]
        for life in try RecordedRuns.lives(at: folder) {
            lives[life.name] = try Self.told(life, until: end)
        }
        self.variant = variant
        self.lives = lives
    }

    /// When the lab ended the run, after which it stops the partners one after the other.
    private static func end(of folder: String) throws(LabError) -> Instant {
        let path = "\(folder)/events.jsonl"
        guard let text = Files.text(of: path) else { throw LabError("\(path) cannot be read") }
        for line in text.split(separator: "\n").reversed() {
            guard line.contains(EventName.runEnded.rawValue),
                case .object(let fields)? = try? JSONReader.value(of: Array(line.utf8)[...]),
                fields["event"]?.string == EventName.runEnded.rawValue,
                let time = fields["time"]?.unsignedInteger
            else { continue }
            return Instant(nanoseconds: time)
        }
        throw LabError(
            "\(path) does not tell when the run ended: it was interrupted, or could not be carried out")
    }

    private static func told(_ life: RecordedRuns.Life, until end: Instant) throws(LabError) -> [ToldEvent] {
        var told: [ToldEvent] = []
        let bytes = try ReplayedLife.bytes(of: life)
        do throws(RecordingError) {
            var reader = try RecordingReader(bytes)
            while let step = try reader.next(), step.instant < end {
                told.append(
                    ToldEvent(
                        step.event,
                        step.actions.compactMap {
                            if case .action(let action) = $0.action { action } else { nil }
                        }))
            }
        } catch {
            throw LabError("\(life.path): \(error)")
        }
        return told
    }
}
