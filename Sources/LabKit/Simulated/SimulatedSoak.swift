import ClusterConnection
import Glibc
import Simulation

/// Random ordeals of a simulated pair, by the million.
package struct SimulatedSoak: Sendable {
    /// How long it goes on.
    package enum Extent: Sendable {
        case ordeals(UInt64)
        case time(TimeSpan)
    }

    /// The number of the first ordeal; the others follow it.
    package var seed: UInt64
    package var extent: Extent
    /// Within what time a pair has to be ready, once all is well.
    package var bound: TimeSpan
    /// How many are gone through at once.
    package var jobs: Int
    package var output: String
    package var shownOutput: String

    package init(
        seed: UInt64, extent: Extent, bound: TimeSpan?, jobs: Int, output: String, shownOutput: String
    ) {
        self.bound = bound ?? Ordeal.promisedBound
        self.seed = seed
        self.extent = extent
        self.jobs = jobs
        self.output = output
        self.shownOutput = shownOutput
    }

    /// How many failing ordeals are made small.
    private static let mostShrunk = 5

    /// How many ordeals a job goes through before it is given others.
    private static let portion: UInt64 = 500

    /// What it came to.
    package struct Outcome {
        /// Whether every ordeal held.
        package let held: Bool
        /// Whether these are all that were asked for, and it was not interrupted.
        package let isComplete: Bool
    }

    /// Goes through with all of them. When it is interrupted it ends with those that are under way, so that what it tells
    /// is what it tells of so many ordeals.
    package func run(_ display: inout Display) async throws -> Outcome {
        let began = MonotonicClock.now
        var series = OrdealSeries(bound: bound)
        var next = seed
        var isComplete = true
        func portion() -> Range<UInt64>? {
            let end: UInt64
            switch extent {
            case .ordeals(let count): end = min(seed &+ count, next &+ Self.portion)
            case .time(let span): end = MonotonicClock.now - began < span ? next &+ Self.portion : next
            }
            guard next < end, series.broken < UInt64(OrdealSeries.kept) else { return nil }
            guard !Task.isCancelled else {
                isComplete = false
                return nil
            }
            defer { next = end }
            return next..<end
        }
        await withTaskGroup(of: OrdealSeries.self) { group in
            func begin(_ seeds: Range<UInt64>) {
                group.addTask { [bound] in
                    var part = OrdealSeries(bound: bound)
                    for seed in seeds { part.run(seed) }
                    return part
                }
            }
            for _ in 0..<max(1, jobs) { if let seeds = portion() { begin(seeds) } }
            while let part = await group.next() {
                series.add(part)
                let span = MonotonicClock.now - began
                display.status(
                    "\(series.count) ordeals, \(series.broken) broke, \(span.nanoseconds / 1_000_000_000) s")
                if let seeds = portion() { begin(seeds) }
            }
        }
        let span = MonotonicClock.now - began
        display.clear()
        display.lines(report(series, after: span, isComplete: isComplete))
        if isComplete {
            try keep(series, isComplete: true)
        } else {
            try await Interrupts.last { try keep(series, isComplete: false) }
        }
        return Outcome(held: series.broken == 0, isComplete: isComplete)
    }

    private func report(_ series: OrdealSeries, after span: TimeSpan, isComplete: Bool) -> [String] {
        let seconds = Double(span.nanoseconds) / 1e9
        func perSecond(_ count: UInt64) -> String { "\(UInt64(Double(count) / max(seconds, 1e-3)))" }
        var lines = [
            "ordeals        \(series.count), from \(seed) on, \(jobs) at once",
            "boots          \(series.boots): \(perSecond(series.boots)) a second",
            "faults         \(series.faults)",
            "broke          \(series.broken)",
            "took           \(Self.tenths(seconds)) s: \(perSecond(series.count)) ordeals a second",
            "events         \(series.events): \(perSecond(series.events)) a second",
            "virtual time   \(series.elapsed.nanoseconds / 1_000_000_000) s",
            "longest recovery once all was well   \(series.longestRecovery.nanoseconds / 1_000_000) ms",
            "digest         \(HistoryEvent.digits(series.digest))",
        ]
        if !isComplete {
            switch extent {
            case .ordeals(let count):
                lines.append("interrupted    \(count - series.count) ordeals are not done")
            case .time(let span): lines.append("interrupted    before \(SpanText.exact(span)) were over")
            }
        }
        for (seed, violation) in series.failures {
            lines.append("")
            lines.append("ordeal \(seed): \(violation.invariant.rawValue): \(violation.finding)")
        }
        if series.broken > 0 {
            lines.append("")
            lines.append("what led there, event by event, and the first of them made small, as scenarios for")
            lines.append("ccmlab run: \(shownOutput)/ordeal-NUMBER")
        }
        return lines
    }

    private static func tenths(_ seconds: Double) -> String {
        let tenths = Int((seconds * 10).rounded())
        return "\(tenths / 10).\(tenths % 10)"
    }

    /// The smallest ordeal that fails in the same way, and as a scenario as well, where this one does. On real verbs a
    /// step takes its time: where the ordeal allows it, those of the short one are far enough apart for that.
    private func shrink(_ ordeal: Ordeal, _ invariant: Invariant) -> Ordeal {
        func fails(_ ordeal: Ordeal) -> Bool { ordeal.run().violations.first?.invariant == invariant }
        func breaks(_ ordeal: Ordeal) -> Bool {
            let text = ordeal.scenario(name: "ordeal", connect: bound)
            guard let scenario = try? ScenarioParser.parse(text, file: "ordeal.yaml"),
                let variant = scenario.variants.first,
                let record = try? SimulatedRun.run(variant, seed: ordeal.seed)
            else { return false }
            return Checker.judge(record).result == .broke
        }
        let slow = ordeal.slowed(to: Self.realStep)
        if fails(slow), breaks(slow) {
            return slow.shrunk { fails($0) && breaks($0) && $0.isSlow(Self.realStep) }
        }
        return breaks(ordeal) ? ordeal.shrunk { fails($0) && breaks($0) } : ordeal.shrunk(while: fails)
    }

    /// How long a step takes on real verbs: a rail that is cut or healed, a process that boots.
    private static let realStep = TimeSpan.milliseconds(400)

    /// Leaves what was found, and each failing ordeal's history.
    private func keep(_ series: OrdealSeries, isComplete: Bool) throws {
        let summary = JSONObject([
            ("seed", .integer(Int64(clamping: seed))), ("complete", .bool(isComplete)),
            ("ordeals", .integer(Int64(clamping: series.count))),
            ("boots", .integer(Int64(clamping: series.boots))),
            ("faults", .integer(Int64(clamping: series.faults))),
            ("broke", .integer(Int64(clamping: series.broken))),
            ("events", .integer(Int64(clamping: series.events))),
            ("digest", .string(HistoryEvent.digits(series.digest))),
            ("failing", .array(series.failures.map { .integer(Int64(clamping: $0.seed)) })),
        ])
        try Files.write(JSONText.pretty(.object(summary)), to: "\(output)/soak.json")
        for (number, (seed, violation)) in series.failures.enumerated() {
            var ordeal = Ordeal(seed: seed)
            ordeal.bound = bound
            var world = ordeal.world(keepsHistory: true)
            let outcome = ordeal.run(in: &world)
            let folder = "\(output)/ordeal-\(seed)"
            try Files.makeFolder(folder)
            try Files.write(
                world.history.map { line in
                    HistoryEvent(
                        line.record, at: line.at, of: PartnerID.allCases[line.node], line.incarnation
                    ).line + "\n"
                }.joined(), to: "\(folder)/events.jsonl")
            let text = outcome.violations.map {
                "\($0.at.nanoseconds / 1_000) us: \($0.invariant.rawValue): \($0.finding)\n"
            }
            try Files.write(ordeal.text + "\n" + text.joined(), to: "\(folder)/ordeal.txt")
            try Files.write(
                ordeal.scenario(name: "ordeal-\(seed)", connect: bound), to: "\(folder)/ordeal.yaml")
            guard number < Self.mostShrunk else { continue }
            let short = shrink(ordeal, violation.invariant)
            try Files.write(short.text, to: "\(folder)/short.txt")
            try Files.write(
                short.scenario(name: "ordeal-\(seed)-short", connect: bound), to: "\(folder)/short.yaml")
        }
    }
}

extension Ordeal {
    /// In words.
    package var text: String {
        let boots = boots.map { "\($0.nanoseconds / 1_000) us" }.joined(separator: ", ")
        let head =
            "ordeal \(seed): \(rails) rails, \(clients) clients, packets \(latency.lowerBound)...\(latency.upperBound) ns, "
            + "boots at \(boots), versions \(versions.map { "\($0.lowest)-\($0.highest)" }.joined(separator: " and "))\n"
        return head + steps.map { "  \($0.after.nanoseconds / 1_000) us later: \($0.act)\n" }.joined()
    }
}
