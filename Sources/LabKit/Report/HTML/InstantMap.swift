import ClusterConnection
import Glibc

/// The runs at the instants of a scenario: when its step was done, and how long it took the pair to come back.
struct InstantMap {
    struct Dot {
        /// How much later than the first moment the step was due, in nanoseconds.
        var asked: Int64
        /// When it took effect.
        var offset: Int64
        /// Nil where the pair never came back, or nobody knows.
        var recovery: TimeSpan?
        var label: String
        var result: ReportedVerdict.Result
        /// The section to go to; nil where the run has none.
        var anchor: String?
    }

    /// Something that happens at an instant when nothing is done.
    struct Mark: Hashable {
        var offset: Int64
        var text: String
    }

    let name: String
    /// What it is called in links.
    let anchor: String
    let dots: [Dot]
    let marks: [Mark]

    /// So many of the longest recoveries are listed.
    private static let mostListed = 10
    private static let height = 240.0
    /// Where the plot ends at the top and at the bottom, and where those lie that never came back.
    private static let (top, bottom, never) = (34.0, 196.0, 214.0)

    /// The drawing, what its marks mean, and the longest recoveries.
    var markup: Markup {
        var markup = Markup()
        markup.element("figure", [("class", "instants"), ("id", anchor)]) { markup in
            markup.element("figcaption") { markup in
                markup.element("b", text: name)
                let held = dots.count { $0.result.isWanted }
                markup.element("span", text: "\(held) of \(dots.count) runs held")
                let hidden = dots.count { $0.anchor == nil }
                if hidden > 0 {
                    markup.element("span", text: "\(hidden) that held have no section of their own")
                }
            }
            let groups = numbered
            markup.element(
                "svg",
                [
                    ("width", "100%"), ("height", coordinate(Self.height)), ("role", "img"),
                    ("aria-label", "\(name): recovery by instant"),
                ]
            ) { markup in
                scale(into: &markup)
                for (number, group) in groups.enumerated() {
                    draw(group, numbered: number + 1, into: &markup)
                }
                // What did not hold lies on top.
                for dot in dots.sorted(by: { $0.result.rank > $1.result.rank }) { draw(dot, into: &markup) }
            }
            if !groups.isEmpty {
                let texts = groups.enumerated().map { number, group in
                    let when = Self.rounded(group[0].offset)
                    return "\(number + 1) \(group.map(\.text).joined(separator: ", ")) (\(when))"
                }
                markup.element(
                    "p", [("class", "note")],
                    text: "Without the step: " + texts.joined(separator: "; ") + ".")
            }
            worst(into: &markup)
        }
        return markup
    }

    // MARK: Scales

    private var offsets: ClosedRange<Int64> {
        let all = dots.map(\.offset)
        let least = all.min() ?? 0
        return least...max(least + 1, all.max() ?? 0)
    }

    private func x(_ offset: Int64) -> String {
        let share = Double(offset - offsets.lowerBound) / Double(offsets.upperBound - offsets.lowerBound)
        return percent(0.08 + 0.9 * share)
    }

    /// The powers of ten between which all recoveries lie, in nanoseconds: `4...6` for 10 us to 1 ms.
    private var decades: ClosedRange<Int> {
        let spans = dots.compactMap(\.recovery).map { max(1, $0.nanoseconds) }
        func digits(_ span: UInt64) -> Int { "\(span)".utf8.count }
        let least = spans.min().map { digits($0) - 1 } ?? 3
        return least...max(least + 1, spans.max().map { digits($0) } ?? 3)
    }

    private func y(_ recovery: TimeSpan) -> Double {
        let decades = decades
        let share = (Self.logarithm(recovery) - Double(decades.lowerBound)) / Double(decades.count - 1)
        return Self.bottom - (Self.bottom - Self.top) * share
    }

    private func scale(into markup: inout Markup) {
        markup.element("g", [("class", "axis")]) { markup in
            for decade in decades {
                let span = TimeSpan(nanoseconds: (0..<decade).reduce(1) { power, _ in power * 10 })
                let place = coordinate(y(span))
                markup.void("line", [("x1", "8%"), ("x2", "98%"), ("y1", place), ("y2", place)])
                markup.element(
                    "text", [("x", "7.5%"), ("y", place), ("dy", "4"), ("text-anchor", "end")],
                    text: SpanText.exact(span))
            }
            if dots.contains(where: { $0.recovery == nil }) {
                markup.element(
                    "text", [("x", "7.5%"), ("y", coordinate(Self.never + 4)), ("text-anchor", "end")],
                    text: "none")
            }
            for (offset, anchor) in [(offsets.lowerBound, "start"), (offsets.upperBound, "end")] {
                markup.element(
                    "text", [("x", x(offset)), ("y", coordinate(Self.height - 6)), ("text-anchor", anchor)],
                    text: Self.rounded(offset))
            }
        }
    }

    /// An offset with its sign, as short as a reader needs it: `+13.6 us`.
    private static func rounded(_ offset: Int64) -> String {
        (offset < 0 ? "-" : "+") + SpanText.rounded(TimeSpan(nanoseconds: offset.magnitude))
    }

    // MARK: What is drawn

    private func draw(_ dot: Dot, into markup: inout Markup) {
        let recovery = dot.recovery.map { "recovery \(SpanText.rounded($0))" } ?? "no recovery"
        let title = "\(dot.label), took effect \(Self.rounded(dot.offset)): \(dot.result.word), \(recovery)"
        let place = (x: x(dot.offset), y: coordinate(dot.recovery.map { y($0) } ?? Self.never))
        func sign(_ markup: inout Markup) {
            if dot.result.isWanted {
                markup.element("circle", [("cx", place.x), ("cy", place.y), ("r", "3")]) {
                    $0.element("title", text: title)
                }
            } else {
                let sign = dot.result.style == "broke" ? "#s-fail" : "#s-start"
                markup.element(
                    "use",
                    [
                        ("class", "mark \(dot.result.style)"), ("href", sign), ("x", place.x), ("y", place.y),
                    ]
                ) { $0.element("title", text: title) }
            }
        }
        if let anchor = dot.anchor {
            markup.element("a", [("href", "#\(anchor)")]) { sign(&$0) }
        } else {
            sign(&markup)
        }
    }

    /// The marks, those of one instant together, in order of time.
    private var numbered: [[Mark]] {
        marks.filter { offsets.contains($0.offset) }.sorted { $0.offset < $1.offset }
            .reduce(into: []) { groups, mark in
                if let last = groups.indices.last, groups[last][0].offset == mark.offset {
                    groups[last].append(mark)
                } else {
                    groups.append([mark])
                }
            }
    }

    private func draw(_ group: [Mark], numbered number: Int, into markup: inout Markup) {
        let place = x(group[0].offset)
        let text = group.map(\.text).joined(separator: ", ")
        markup.element("g", [("class", "moment")]) { markup in
            markup.element("title", text: "\(text) (\(Self.rounded(group[0].offset)))")
            markup.void(
                "line",
                [
                    ("x1", place), ("x2", place), ("y1", coordinate(Self.top - 4)),
                    ("y2", coordinate(Self.never + 6)),
                ])
            // Neighbours beside each other in three rows.
            markup.element(
                "text",
                [
                    ("x", place), ("y", coordinate(9 + Double((number - 1) % 3) * 10)),
                    ("text-anchor", "middle"),
                ],
                text: "\(number)")
        }
    }

    private func worst(into markup: inout Markup) {
        let longest = dots.filter { $0.recovery != nil }
            .sorted { ($1.recovery ?? .zero, $0.offset) < ($0.recovery ?? .zero, $1.offset) }
            .prefix(Self.mostListed)
        guard !longest.isEmpty else { return }
        markup.element("div", [("class", "scroll")]) { markup in
            markup.element("table") { markup in
                markup.element("tr") { markup in
                    for name in ["longest recoveries", "instant", "result"] {
                        markup.element("th", text: name)
                    }
                }
                for dot in longest {
                    markup.element("tr") { markup in
                        markup.element("td", text: SpanText.rounded(dot.recovery ?? .zero))
                        markup.element("td") { markup in
                            let text = RunInstant.text(dot.asked)
                            if let anchor = dot.anchor {
                                markup.element("a", [("href", "#\(anchor)")], text: text)
                            } else {
                                markup.write(text)
                            }
                        }
                        markup.element("td") {
                            $0.element(
                                "span", [("class", "badge \(dot.result.style)")],
                                text: "\(dot.result.sign) \(dot.result.word)")
                        }
                    }
                }
            }
        }
    }
}

extension InstantMap {
    /// The map of runs at instants, those of one scenario.
    ///
    /// - Parameter runs: each with its section, where it has one.
    init(_ runs: [(run: ReportedRun, anchor: String?)], anchor: String) {
        self.anchor = anchor
        name = runs.first?.run.scenarioName ?? ""
        let source = Source(runs.map(\.run))
        dots = runs.compactMap { run, anchor in
            guard let offset = RunInstant.offset(of: run.verdict.variant) else { return nil }
            return Dot(
                asked: offset, offset: source?.effect(in: run) ?? offset, recovery: run.measurements.recovery,
                label: run.label, result: run.verdict.result, anchor: anchor)
        }
        marks = source.map { Self.marks(in: $0) } ?? []
    }

    /// What tells when the instants are: the probe, or else the run in which the step comes last.
    private struct Source {
        let events: [HistoryEvent]
        /// When that run began, and how long after it the first of the moments came.
        let start: Instant
        let origin: TimeSpan
        /// The step that is done at the instants.
        let step: String
        /// When that is done; nil in the probe.
        let due: Instant?

        init?(_ runs: [ReportedRun]) {
            guard let last = runs.max(by: { $0.order < $1.order }), let text = last.scenarioText,
                let scenario = try? ScenarioParser.parse(text, file: "scenario.yaml"),
                let range = scenario.instants, let step = scenario.steps.first(where: \.hasInstants)?.id
            else { return nil }
            self.step = step
            if let probe = InstantMap.probe(of: last), let start = probe.first?.time,
                let origin = range.origin(in: probe, start: start)
            {
                (events, self.start, self.origin, due) = (probe, start, origin, nil)
                return
            }
            let done = last.variant.scenario.steps.first { $0.isAtInstant }
            guard case .at(let at)? = done?.trigger, let offset = RunInstant.offset(of: last.verdict.variant),
                let origin = UInt64(exactly: Int64(clamping: at.nanoseconds) - offset)
            else { return nil }
            (events, start) = (last.events, last.timeline.start)
            self.origin = TimeSpan(nanoseconds: origin)
            due = start + at
        }

        /// How much later than the first of the moments a run's step took effect, in nanoseconds: every run is the same up
        /// to there. Nil where it never did.
        func effect(in run: ReportedRun) -> Int64? {
            guard let moment = RunRecord.stepMoments(in: run.events)[step] else { return nil }
            return Self.distance(of: moment.effect, from: run.timeline.start + origin)
        }

        static func distance(of moment: Instant, from other: Instant) -> Int64 {
            moment >= other
                ? Int64(clamping: (moment - other).nanoseconds)
                : -Int64(clamping: (other - moment).nanoseconds)
        }
    }

    /// The history of the probe beside a run, whose folder may be its repetition's.
    fileprivate static func probe(of run: ReportedRun) -> [HistoryEvent]? {
        for folder in ["\(run.path)/..", "\(run.path)/../.."] {
            let path = "\(folder)/\(LabRun.probeFileName)"
            if Files.exists(path) { return ReportedHistory(at: path).events }
        }
        return nil
    }

    private static func marks(in source: Source) -> [Mark] {
        let seen = source.events.filter { event in
            shown.contains(event.name) && (source.due.map { event.time < $0 } ?? true)
        }
        return seen.map { event in
            let whose = event.partner.map { "\($0.rawValue) " } ?? ""
            return Mark(
                offset: Source.distance(of: event.time, from: source.start + source.origin),
                text: whose + event.name.rawValue)
        }
    }

    /// The events that a handshake, an exchange, a failover and a goodbye are made of.
    private static let shown: Set<EventName> = [
        .connectStarted, .requestAccepted, .connected, .firstReadPosted, .firstReadCompleted,
        .firstWriteCompleted, .secondReadCompleted, .secondWriteCompleted, .established, .peerInformation,
        .clientInformation, .portsMade, .readySaid, .partnerReady, .clientReady, .railFault, .clientPaused,
        .clientResumed, .portsDestroyed, .stopped, .retired, .processEnded,
    ]

    /// The decimal logarithm of a span's nanoseconds.
    private static func logarithm(_ span: TimeSpan) -> Double { log10(Double(max(1, span.nanoseconds))) }
}
