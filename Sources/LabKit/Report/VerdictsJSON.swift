import ClusterConnection

/// The results for programs: `verdicts.json`.
package enum VerdictsJSON {
    /// The document: one object, its runs in order.
    package static func document(_ runs: [RunResult], leftOut: [LeftOut] = []) -> JSONValue {
        document(runs.map { run($0) }, of: runs, leftOut: leftOut)
    }

    /// The document of runs whose verdicts are objects already.
    static func document(_ verdicts: [JSONValue], of runs: [RunResult], leftOut: [LeftOut]) -> JSONValue {
        let repeated = Repeated.all(of: runs)
        return .object(
            JSONObject(
                // Where nothing was run, nothing has held.
                [("held", .bool(!runs.isEmpty && runs.allSatisfy { $0.judgement.result.isWanted }))]
                    + (repeated.isEmpty ? [] : [("repeated", .array(repeated.map(\.json)))])
                    + (leftOut.isEmpty ? [] : [("leftOut", .array(leftOut.map(\.json)))])
                    + [("runs", .array(verdicts))]))
    }

    /// One run.
    package static func run(_ run: RunResult) -> JSONValue {
        var fields: [(String, JSONValue)] = [
            ("scenario", .string(run.variant.scenario.name)), ("variant", .string(run.variant.label)),
            ("repetition", .integer(Int64(run.repetition))), ("folder", .string(run.folder)),
        ]
        if let seed = run.seed { fields.append(("seed", .unsigned(seed))) }
        switch run.judgement.result {
        case .held: fields.append(("result", .string("held")))
        case .broke: fields.append(("result", .string("broke")))
        case .brokeAsExpected(let reason):
            fields.append(("result", .string("broke as expected")))
            fields.append(("reason", .string(reason)))
        case .notRun(let reason):
            fields.append(("result", .string("not run")))
            fields.append(("reason", .string(reason)))
        }
        fields.append(("broken", .array(run.judgement.broken.map { broken($0) })))
        if !run.judgement.unjudged.isEmpty {
            fields.append(("notJudged", .array(run.judgement.unjudged.map { unjudged($0) })))
        }
        fields.append(("claims", .array(run.judgement.claims.map { claim($0) })))
        fields.append(("measurements", run.judgement.measurements.json))
        return .object(JSONObject(fields))
    }

    private static func broken(_ broken: Broken) -> JSONValue {
        .object(
            JSONObject([
                ("rule", .string(broken.rule.rawValue)), ("sentence", .string(broken.rule.sentence)),
                ("explanation", .string(broken.explanation)),
                ("events", .array(broken.evidence.map { event($0) })),
            ]))
    }

    private static func unjudged(_ unjudged: Unjudged) -> JSONValue {
        .object(
            JSONObject([
                ("partner", .string(unjudged.partner.rawValue)), ("rule", .string(unjudged.text)),
                ("lacks", .array(unjudged.lacks.map { .string($0.rawValue) })),
            ]))
    }

    private static func claim(_ trace: ClaimTrace) -> JSONValue {
        var fields: [(String, JSONValue)] = [
            ("claim", .string(trace.claim.rawValue)), ("sentence", .string(trace.claim.sentence)),
            ("partner", .string(trace.partner.rawValue)),
        ]
        switch trace.standing {
        case .shown: fields.append(("standing", .string("shown")))
        case .notApplicable(let why):
            fields += [("standing", .string("not applicable")), ("why", .string(why))]
        case .broken(let why): fields += [("standing", .string("broken")), ("why", .string(why))]
        }
        fields.append(("events", .array(trace.evidence.map { event($0) })))
        return .object(JSONObject(fields))
    }

    private static func event(_ event: HistoryEvent) -> JSONValue { event.json }
}
