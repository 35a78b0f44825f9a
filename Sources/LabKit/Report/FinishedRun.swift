import ClusterConnection

/// One run that was done and judged, as its folder has it.
struct FinishedRun: Sendable {
    let result: RunResult
    let verdict: JSONValue
    /// Its folder.
    let place: String
    /// Where it stands among all runs: no two have the same.
    let rank: (String, Int, String, Int)

    /// Reads one run.
    ///
    /// - Parameter verdict: what `verdicts.json` says of it.
    init(_ verdict: JSONValue, in folder: String) throws {
        guard case .object(let object) = verdict, let name = object["folder"]?.string, Self.isBelow(name)
        else {
            throw LabError("\(folder)/verdicts.json is damaged: a run without a “folder” below it")
        }
        try self.init(verdict, in: folder, named: name)
    }

    /// Reads one run.
    ///
    /// - Parameters:
    ///   - verdict: what its `verdict.json` says.
    ///   - name: its folder, below `folder`.
    private init(_ verdict: JSONValue, in folder: String, named name: String) throws {
        let place = "\(folder)/\(name)"
        guard Files.isFolder(place) else {
            throw LabError("\(place) is missing, and \(folder)/verdicts.json names it")
        }
        let run = try ReportedRun(in: place, named: name, capture: PacketList(note: ""))
        guard run.knowsSettings else {
            throw LabError("\(place): \(run.problems.first ?? "its scenario cannot be read")")
        }
        self.verdict = verdict
        self.place = place
        result = RunResult(
            variant: run.variant, repetition: run.verdict.repetition,
            judgement: try Self.judgement(run.verdict, run.timeline, of: place),
            folder: name, start: run.timeline.start, duration: run.duration, seed: run.verdict.seed)
        rank = (run.scenarioName, run.order, run.verdict.variant, run.verdict.repetition)
    }

    /// What stands for a run that was not done.
    init(_ result: RunResult, in folder: String) {
        self.result = result
        verdict = VerdictsJSON.run(result)
        place = "\(folder)/\(result.folder)"
        rank = (result.variant.scenario.name, 0, result.variant.label, result.repetition)
    }

    /// Reads a run that was just done.
    ///
    /// - Parameters:
    ///   - verdict: what its `verdict.json` says.
    ///   - path: its folder.
    init(_ plan: MachineRun, verdict: JSONValue, at path: String) throws {
        self.verdict = verdict
        place = path
        let timeline = Timeline(RunRecord(variant: plan.variant, events: ReportedHistory(in: path).events))
        let end = timeline.record.events.last?.time ?? timeline.start
        result = RunResult(
            variant: plan.variant, repetition: plan.repetition,
            judgement: try Self.judgement(ReportedVerdict(in: path), timeline, of: path),
            folder: plan.folder, start: timeline.start, duration: end - timeline.start, seed: plan.seed)
        rank = (plan.variant.scenario.name, 0, plan.variant.label, plan.repetition)
    }

    private static func judgement(
        _ verdict: ReportedVerdict, _ timeline: Timeline, of place: String
    ) throws(LabError) -> Judgement {
        var judgement = Judgement.notRun("")
        switch verdict.result {
        case .held: judgement.result = .held
        case .broke: judgement.result = .broke
        case .brokeAsExpected(let reason): judgement.result = .brokeAsExpected(reason)
        case .notRun(let reason): judgement.result = .notRun(reason)
        case .unknown(let why): throw LabError("\(place): \(why)")
        }
        judgement.measurements = Measurements(of: timeline)
        judgement.incidents = Incidents(of: timeline)
        judgement.broken = try verdict.breaks.map { broken throws(LabError) in
            guard let rule = Rule(rawValue: broken.rule) else {
                throw LabError("\(place)/verdict.json is damaged: there is no rule “\(broken.rule)”")
            }
            return Broken(rule, broken.explanation, evidence: broken.events)
        }
        return judgement
    }

    /// Nothing that a file says leads out of its folder.
    private static func isBelow(_ name: String) -> Bool {
        !name.isEmpty && !name.hasPrefix("/") && !name.split(separator: "/").contains("..")
    }
}
