import ClusterConnection
import Recording
import StrictYAML

/// One run, as its folder tells it.
struct ReportedRun {
    /// Its folder.
    let path: String
    /// The folder below the one that is reported; what the run is called by.
    let name: String
    let verdict: ReportedVerdict
    let timeline: Timeline
    /// Those of the whole history, also after the lab began to end the run.
    var events: [HistoryEvent] { timeline.record.events }
    let measurements: Measurements
    /// The scenario as run, as text; nil where it is missing.
    let scenarioText: String?
    /// Whether the settings of the scenario are known, and not those of any scenario.
    let knowsSettings: Bool
    /// Its place among the runs of its scenario.
    let order: Int
    /// What is missing or damaged.
    let problems: [String]
    /// When each partner read its partner's heartbeat; empty where no life was recorded.
    let beats: [PartnerID: [Instant]]
    let capture: PacketList

    var variant: ScenarioVariant { timeline.record.variant }
    var scenarioName: String { verdict.scenario.isEmpty ? name : verdict.scenario }
    /// What is special about this run of its scenario: the sweep's value, the repetition.
    var label: String {
        [verdict.variant, verdict.repetition > 1 ? "#\(verdict.repetition)" : ""].filter { !$0.isEmpty }
            .joined(separator: " ")
    }
    var title: String { label.isEmpty ? scenarioName : "\(scenarioName) \(label)" }
    var duration: TimeSpan { (events.last?.time ?? timeline.start) - timeline.start }

    /// What the wall clock said at the run's start, by which a capture goes; nil where nobody noted it, or the lab set that
    /// clock.
    var wallStart: UInt64? {
        guard
            !events.contains(where: {
                $0.name == .fault && $0.text("action") == StepAction.stepClock.rawValue
            })
        else { return nil }
        return events.first { $0.name == .runStarted }?.number("wallNs")
    }

    /// Reads a run's folder.
    init(in path: String, named name: String, capture: PacketList) throws {
        self.path = path
        self.name = name
        self.capture = capture
        verdict = ReportedVerdict(in: path)
        let history = ReportedHistory(in: path)
        var problems = history.problems
        if case .unknown(let why) = verdict.result { problems.insert(why, at: 0) }
        scenarioText = Files.text(of: "\(path)/scenario.yaml") ?? Files.text(of: "\(path)/ordeal.yaml")
        let variant = Self.variant(of: scenarioText, labelled: verdict.variant, history.events, &problems)
        knowsSettings = variant != nil
        order = variant?.order ?? 0
        let record = RunRecord(variant: try variant?.variant ?? Self.standard(), events: history.events)
        timeline = Timeline(record)
        measurements = Measurements(of: timeline)
        beats = Self.beats(of: path, &problems)
        self.problems = problems
    }

    private static func variant(
        of text: String?, labelled label: String, _ events: [HistoryEvent], _ problems: inout [String]
    ) -> (variant: ScenarioVariant, order: Int)? {
        guard let text else {
            problems.append("scenario.yaml is missing: nothing is known of the settings")
            return nil
        }
        do throws(InputProblems) {
            let scenario = try ScenarioParser.parse(text, file: "scenario.yaml")
            if scenario.hasInstants, let offset = RunInstant.offset(of: label) {
                return (scenario.variant(in: events, offset: offset), Int(clamping: offset))
            }
            let variants = scenario.variants
            let order = variants.firstIndex { $0.label == label } ?? 0
            return variants.indices.contains(order) ? (variants[order], order) : nil
        } catch {
            problems.append("scenario.yaml is damaged: \(error.problems.first?.description ?? "")")
            return nil
        }
    }

    /// What a history is drawn by where its own scenario is not known.
    private static func standard() throws(InputProblems) -> ScenarioVariant {
        let scenario = try ScenarioParser.parse("name: unknown\nsummary: Unknown.\n", file: "scenario.yaml")
        return ScenarioVariant(scenario: scenario, label: "")
    }

    /// The heartbeat reads that recordings tell of: no history holds them, they are too many.
    private static func beats(of folder: String, _ problems: inout [String]) -> [PartnerID: [Instant]] {
        var beats: [PartnerID: [Instant]] = [:]
        for life in (try? RecordedRuns.lives(at: folder)) ?? [] where !life.name.contains(" ") {
            guard let partner = life.name.first.flatMap({ PartnerID(rawValue: String($0)) }),
                Files.exists(life.path)
            else { continue }
            do throws(RecordingError) {
                var reader = try RecordingReader(Files.bytes(of: life.path, limit: 64 << 20) ?? [])
                while let step = try reader.next() {
                    if case .completed(_, .heartbeatRead, .success, _) = step.event {
                        beats[partner, default: []].append(step.instant)
                    }
                }
            } catch {
                problems.append("the recording of \(life.name) is damaged: \(error)")
            }
        }
        return beats
    }
}
