import ClusterConnection

/// A run with what the checker says of it.
struct JudgedRun {
    let result: RunResult
    /// Nil for a run that could not be carried out.
    let record: RunRecord?

    /// Runs a scenario once, judges it, and leaves evidence and verdict in the session's folder.
    ///
    /// - Parameters:
    ///   - folder: the run's own, below the session's.
    ///   - repetition: from 1.
    static func run(
        _ variant: ScenarioVariant, _ repetition: Int, in folder: String, _ session: LabSession
    ) async throws -> JudgedRun {
        let path = "\(session.stage)/\(folder)"
        let began = MonotonicClock.now
        var judgement: Judgement
        var start = began
        var record: RunRecord?
        do {
            let outcome = try await ScenarioRun.run(
                variant, folder: path, tools: session.tools, before: session.before)
            start = outcome.record.events.first { $0.name == .runStarted }?.time ?? began
            judgement = outcome.failure.map { .notRun($0) } ?? Checker.judge(outcome.record)
            if judgement.result == .broke,
                let problem = try await FabricHealth.problem(senders: outcome.senders)
            {
                judgement.result = .notRun(problem)
            }
            record = outcome.record
        } catch let error as LabError {
            judgement = .notRun(error.description)
        }
        let result = RunResult(
            variant: variant, repetition: repetition, judgement: judgement, folder: folder, start: start,
            duration: MonotonicClock.now - began)
        try write(result, to: path)
        return JudgedRun(result: result, record: record)
    }

    /// Leaves the verdict in the run's folder.
    static func write(_ result: RunResult, to path: String) throws {
        try Files.write(JSONText.pretty(VerdictsJSON.run(result)), to: "\(path)/verdict.json")
        try Files.write(
            ClaimsText.text(result.judgement.claims, start: result.start), to: "\(path)/claims.txt")
    }
}
