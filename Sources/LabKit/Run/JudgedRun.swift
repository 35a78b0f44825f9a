import ClusterConnection

/// A run with what the checker says of it.
struct JudgedRun {
    let result: RunResult
    /// Nil for a run that could not be carried out.
    let record: RunRecord?
    /// Whether it was the fabric that failed, so that the run says nothing about the product.
    var fabricFailed = false

    /// The same, on a fabric that is whole: where the fabric failed the run, it is made anew and the run done once more.
    /// What the first try left stays beside it, and the reader is told. Whatever did not hold leaves a new fabric behind.
    static func runOnWholeFabric(
        _ variant: ScenarioVariant, _ repetition: Int, in folder: String, _ session: LabSession,
        _ display: inout Display
    ) async throws -> RunResult {
        var run = try await run(variant, repetition, in: folder, session)
        if run.fabricFailed, case .notRun(let reason) = run.result.judgement.result {
            let first = folder + "-fabric-failed"
            try Files.move("\(session.stage)/\(folder)", to: "\(session.stage)/\(first)")
            display.lines(
                Table.wrapped("\(variant.title) is done once more: \(reason) (\(first))", indent: 2))
            try await session.renewFabric(&display)
            run = try await Self.run(variant, repetition, in: folder, session)
        }
        if run.result.judgement.result != .held { try await session.renewFabric(&display) }
        return run.result
    }

    /// Runs a scenario once, judges it, and leaves evidence and verdict in the session's folder.
    static func run(
        _ variant: ScenarioVariant, _ repetition: Int, in folder: String, _ session: LabSession
    ) async throws -> JudgedRun {
        try await run(
            variant, repetition, seed: nil, in: folder, at: "\(session.stage)/\(folder)", session.tools,
            before: session.before)
    }

    /// Runs a scenario once, judges it, and leaves evidence and verdict.
    ///
    /// - Parameters:
    ///   - repetition: from 1.
    ///   - seed: what all chance in it comes from; nil where nobody decides that.
    ///   - folder: the run's own, as the lab's run folder has it.
    ///   - path: where that is now.
    ///   - before: what was there before it.
    static func run(
        _ variant: ScenarioVariant, _ repetition: Int, seed: UInt64?, in folder: String, at path: String,
        _ tools: RunTools, before: Surroundings
    ) async throws -> JudgedRun {
        let began = MonotonicClock.now
        var judgement: Judgement
        var start = began
        var record: RunRecord?
        var fabricFailed = false
        do {
            let outcome = try await ScenarioRun.run(
                variant, folder: path, tools: tools, before: before)
            start = outcome.record.events.first { $0.name == .runStarted }?.time ?? began
            judgement = outcome.failure.map { .notRun($0) } ?? Checker.judge(outcome.record)
            if !judgement.broken.isEmpty,
                let problem = try await FabricHealth.problem(senders: outcome.senders)
            {
                judgement.result = .notRun(problem)
                fabricFailed = true
            }
            judgement.measurements.addOverhead(of: outcome, began: began, judged: MonotonicClock.now)
            record = outcome.record
        } catch let error as LabError {
            judgement = .notRun(error.description)
        }
        let result = RunResult(
            variant: variant, repetition: repetition, judgement: judgement, folder: folder, start: start,
            duration: MonotonicClock.now - began, seed: seed)
        try write(result, to: path)
        return JudgedRun(result: result, record: record, fabricFailed: fabricFailed)
    }

    /// Leaves the verdict in the run's folder.
    static func write(_ result: RunResult, to path: String) throws {
        try Files.write(JSONText.pretty(VerdictsJSON.run(result)), to: "\(path)/verdict.json")
        try Files.write(
            ClaimsText.text(result.judgement.claims, start: result.start), to: "\(path)/claims.txt")
    }
}

extension Measurements {
    /// What the lab itself took over a run.
    ///
    /// - Parameters:
    ///   - began: when the run was asked for.
    ///   - judged: when it was known whether it held.
    fileprivate mutating func addOverhead(of run: ScenarioRun.Outcome, began: Instant, judged: Instant) {
        let events = run.record.events
        guard let start = events.first(where: { $0.name == .runStarted })?.time, let last = events.last?.time,
            let launch = run.launch, judged > last
        else { return }
        labBefore.append((start - began) + launch)
        labAfter.append(judged - last)
    }
}
