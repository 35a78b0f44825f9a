import ClusterConnection
import StrictYAML

/// A stretch of a run at each of whose instants a step is done, in a run of its own each.
///
/// Where runs repeat exactly, a run without the step (the probe) tells when its moments come.
package struct InstantRange: Hashable, Sendable {
    package var from: InstantBound
    package var to: InstantBound
    package var every: TimeSpan
    /// So long before `from` it begins.
    package var lead: TimeSpan

    package init(from: InstantBound, to: InstantBound, every: TimeSpan, lead: TimeSpan = .zero) {
        self.from = from
        self.to = to
        self.every = every
        self.lead = lead
    }

    /// How many runs a step may stand for.
    package static let most = 20_000

    /// How long after the run's start its first moment came, the lead apart; nil where it did not.
    func origin(in events: [HistoryEvent], start: Instant) -> TimeSpan? {
        try? from.moment("from", in: events, start: start)
    }

    /// All instants, the first and the last among them.
    ///
    /// - Parameters:
    ///   - events: those of the probe, in order of time.
    ///   - start: when the probe began.
    /// - Throws: where the probe never saw one of the moments, they come in the wrong order, or there are too many instants.
    package func instants(
        in events: [HistoryEvent], start: Instant
    ) throws(LabError) -> [RunInstant] {
        let first = try from.moment("from", in: events, start: start)
        let last = try to.moment("to", in: events, start: start)
        let places = "from \(from) (\(SpanText.exact(first))) to \(to) (\(SpanText.exact(last)))"
        guard first <= last else {
            throw LabError(
                "there are no instants \(places): the end comes before the beginning; exchange them")
        }
        guard lead <= first else {
            throw LabError(
                "\(SpanText.exact(lead)) before \(from) is before the run's start; expected a 'lead' of at most "
                    + SpanText.exact(first))
        }
        let begin = first.nanoseconds - lead.nanoseconds
        let length = last.nanoseconds - begin
        let step = max(1, every.nanoseconds)
        let count = length / step + (length.isMultiple(of: step) ? 1 : 2)
        guard count <= UInt64(Self.most) else {
            throw LabError(
                "\(count) instants lie \(places), every \(SpanText.exact(every)); expected at most \(Self.most): "
                    + "write a longer 'every', or a shorter stretch")
        }
        var instants = stride(from: begin, through: last.nanoseconds, by: Int(step)).map { $0 }
        if instants.last != last.nanoseconds { instants.append(last.nanoseconds) }
        return instants.map { instant in
            RunInstant(
                at: TimeSpan(nanoseconds: instant),
                offset: Int64(clamping: instant) - Int64(clamping: first.nanoseconds))
        }
    }
}

extension InstantRange: CustomStringConvertible {
    /// `one run for each instant, every 2us from a established to b established`.
    package var description: String {
        let begin = lead == .zero ? "\(from)" : "\(SpanText.exact(lead)) before \(from)"
        return "one run for each instant, every \(SpanText.exact(every)) from \(begin) to \(to)"
    }
}

/// Where a stretch of instants begins or ends.
package enum InstantBound: Hashable, Sendable {
    /// So long after the run's start.
    case time(TimeSpan)
    /// Something happened.
    case moment(Anchor)
}

extension InstantBound: CustomStringConvertible {
    /// As it reads behind “from” and “to”.
    package var description: String {
        switch self {
        case .time(let span): "\(SpanText.exact(span)) after the start"
        case .moment(let anchor): "\(anchor)"
        }
    }

    /// How long after the run's start it comes.
    ///
    /// - Parameter field: under which it stands in the file.
    fileprivate func moment(
        _ field: String, in events: [HistoryEvent], start: Instant
    ) throws(LabError) -> TimeSpan {
        switch self {
        case .time(let span): return span
        case .moment(let anchor):
            let steps = RunRecord.stepMoments(in: events)
            guard let moment = anchor.moment(in: events, start: start, steps: steps) else {
                throw LabError(
                    "the probe, which is the run without the step, did not come to \(anchor) ('at.\(field)'); expected a "
                        + "moment that comes without it")
            }
            return moment.time - start
        }
    }
}

/// One of the instants at which a step is done.
package struct RunInstant: Hashable, Sendable {
    /// When, from the run's start.
    package var at: TimeSpan
    /// How much later than the moment `from`, in nanoseconds; negative for earlier.
    package var offset: Int64

    package init(at: TimeSpan, offset: Int64) {
        self.at = at
        self.offset = offset
    }

    /// `at=+12us`.
    package static func label(_ offset: Int64) -> String { "at=" + text(offset) }

    /// `+12us`.
    static func text(_ offset: Int64) -> String {
        let text = offset == 0 ? "0us" : SpanText.exact(signed: offset)
        return offset < 0 ? text : "+" + text
    }

    /// The offset that a label tells; nil for another label.
    static func offset(of label: String) -> Int64? {
        let values = SweepLabel.values(of: label)
        guard values.count == 1, let (name, value) = values.first, name == "at" else { return nil }
        if value.hasPrefix("+") { return SpanText.signedNanoseconds(String(value.dropFirst())) }
        return value.hasPrefix("-") ? SpanText.signedNanoseconds(value) : nil
    }
}

extension Scenario {
    /// The instants of the step that has some; nil where none has.
    package var instants: InstantRange? { firstWithInstants?.range }

    /// Whether a step is done at each instant of a stretch, and the scenario therefore stands for as many runs as a probe
    /// tells.
    package var hasInstants: Bool { instants != nil }

    private var firstWithInstants: (place: Int, range: InstantRange)? {
        for (place, step) in steps.enumerated() {
            if case .instants(let range) = step.trigger { return (place, range) }
        }
        return nil
    }

    /// The run that tells when the instants are: without the step and what follows it, over at the stretch's end, and with
    /// nothing that has to come. Nil where no step has instants.
    package var instantProbe: Scenario? {
        guard let (place, range) = firstWithInstants else { return nil }
        var probe = self
        probe.steps = Array(steps.prefix(place))
        probe.expectations = []
        probe.expectedBreak = nil
        probe.claims = []
        probe.until =
            switch range.to {
            case .time(let span): .time(span)
            case .moment(let anchor): .anchor(anchor)
            }
        return probe
    }

    /// The run in which the step is done at one of the instants.
    ///
    /// - Parameters:
    ///   - at: when, from the run's start.
    ///   - offset: how much later than the moment `from` that is, in nanoseconds.
    package func variant(at: TimeSpan, offset: Int64) -> ScenarioVariant {
        var scenario = self
        // What begins together with the step has its instants.
        for (place, step) in steps.enumerated() {
            guard case .instants = step.trigger else { continue }
            scenario.steps[place].trigger = .at(at)
            scenario.steps[place].isAtInstant = true
        }
        return ScenarioVariant(scenario: scenario, label: RunInstant.label(offset))
    }

    /// The instant at which the step is done in one of the runs; nil where no step has instants.
    func instant(of variant: ScenarioVariant) -> RunInstant? {
        guard let place = firstWithInstants?.place, variant.scenario.steps.indices.contains(place),
            case .at(let span) = variant.scenario.steps[place].trigger,
            let offset = RunInstant.offset(of: variant.label)
        else { return nil }
        return RunInstant(at: span, offset: offset)
    }

    /// The same run, told from its history.
    func variant(in events: [HistoryEvent], offset: Int64) -> ScenarioVariant {
        let start = events.first { $0.name == .runStarted }?.time ?? events.first?.time
        let id = firstWithInstants.map { steps[$0.place].id } ?? ""
        let began = RunRecord.stepMoments(in: events)[id]?.began
        guard let start, let began else { return variant(at: .zero, offset: offset) }
        return variant(at: began - start, offset: offset)
    }

    /// A run for each instant.
    ///
    /// - Parameters:
    ///   - events: those of the probe, in order of time.
    ///   - start: when the probe began.
    /// - Throws: where the instants cannot be told, or some of them cannot be kept.
    package func instantVariants(
        probe events: [HistoryEvent], start: Instant
    ) throws(LabError) -> [ScenarioVariant] {
        guard let (place, range) = firstWithInstants else { return variants }
        let instants = try range.instants(in: events, start: start)
        let effects = RunRecord.stepMoments(in: events)
        let before = steps.prefix(place).compactMap { step in
            effects[step.id].map { (step.id, $0.effect - start) }
        }
        if let first = instants.first?.at, let late = before.first(where: { $0.1 > first }) {
            throw LabError(
                "step \(steps[place].id) would be due \(SpanText.exact(first)) after the start, and step \(late.0), which is "
                    + "ahead of it, took effect \(SpanText.exact(late.1)) after it; expected instants from \(late.0) on"
            )
        }
        if let last = instants.last?.at, last >= deadline {
            throw LabError(
                "the last instant is \(SpanText.exact(last)) after the start; expected less than the deadline "
                    + "(\(SpanText.exact(deadline)))")
        }
        return instants.map { variant(at: $0.at, offset: $0.offset) }
    }
}
