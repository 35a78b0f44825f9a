import ClusterConnection

/// What a run looked like: the bands of both partners, of the rails between them, and what the lab did.
struct Swimlanes {
    /// A row of the drawing.
    enum Lane: Hashable {
        case process(PartnerID), boot(PartnerID), link(PartnerID), verdict(PartnerID), events(PartnerID)
        case beats(PartnerID)
        case rail(UInt64)
    }

    /// A stretch of time in a lane.
    struct Band {
        var lane: Lane
        var from: Instant
        var to: Instant
        var label: String
        /// The class of its style; every style has a label or a pattern of its own, too.
        var style: String
        var title: String
        /// The event that began it, by its place in the history.
        var event: Int?
    }

    /// A moment in a lane.
    struct Mark {
        var lane: Lane
        var at: Instant
        /// The drawing's symbol: `start`, `fail`, `done`, `loss`, `note`.
        var symbol: String
        var title: String
        var event: Int
    }

    /// What the lab did, across all lanes.
    struct Intervention {
        var at: Instant
        var label: String
        var title: String
        var event: Int
    }

    private(set) var bands: [Band] = []
    private(set) var marks: [Mark] = []
    private(set) var interventions: [Intervention] = []
    let rails: Int
    let beats: [PartnerID: [Instant]]
    let start: Instant
    let end: Instant
    private let times: [Instant]

    /// Those of a run.
    init(_ run: ReportedRun) {
        let timeline = run.timeline
        start = timeline.start
        times = run.events.map(\.time)
        end = run.events.last?.time ?? start
        rails = max(1, timeline.record.variant.scenario.rails)
        beats = run.beats
        let places = Dictionary(run.events.enumerated().map { ($1, $0) }) { first, _ in first }
        for partner in PartnerID.allCases {
            for (number, life) in (timeline.lives[partner] ?? []).enumerated() {
                addLife(life, number + 1, places)
            }
            for stretch in timeline.frozen[partner] ?? [] {
                add(
                    .process(partner), stretch.from, stretch.to ?? end, "frozen", "frozen",
                    places[stretch.event])
            }
        }
        addRails(run.events)
        addMarks(run.events)
    }

    /// When an event was, by its place in the history.
    func moment(of place: Int) -> Instant? { times.indices.contains(place) ? times[place] : nil }

    /// Milliseconds since the run's start, as titles name them.
    private func time(_ moment: Instant) -> String {
        SpanText.fixed(Double((moment - start).nanoseconds) / 1e6, decimals: 3) + " ms"
    }

    private mutating func add(
        _ lane: Lane, _ from: Instant, _ to: Instant, _ label: String, _ style: String, _ event: Int?,
        detail: String = ""
    ) {
        let long = SpanText.rounded(to - from)
        bands.append(
            Band(
                lane: lane, from: from, to: to, label: label, style: style,
                title: "\(detail.isEmpty ? label : detail), \(time(from)) to \(time(to)) (\(long))",
                event: event))
    }

    // MARK: A life

    private mutating func addLife(_ life: Life, _ number: Int, _ places: [HistoryEvent: Int]) {
        let found = life.ended?.time ?? end
        // Who is killed does nothing any more, although its end is found a little later.
        let gone = life.wasKilled ? life.endBegan.map { min($0, found) } ?? found : found
        let name = "\(life.partner.rawValue)\(number)"
        add(
            .process(life.partner), life.started.time, gone, name, "up", places[life.started],
            detail: "process \(name), incarnation \(life.incarnation)")
        for (index, entry) in life.phases.enumerated() {
            let to = index + 1 < life.phases.count ? life.phases[index + 1].event.time : gone
            add(
                .boot(life.partner), entry.event.time, to, entry.phase.word, "phase-\(entry.phase.rawValue)",
                places[entry.event], detail: "\(name) boot phase \(entry.phase.word)")
        }
        addConnections(life, gone, places)
        addReady(life, gone, places)
        addVerdicts(life, gone, places)
    }

    private mutating func addConnections(_ life: Life, _ gone: Instant, _ places: [HistoryEvent: Int]) {
        let lane = Lane.link(life.partner)
        for (index, event) in life.events.enumerated() {
            guard let connection = event.number("connection") else { continue }
            func first(_ name: EventName) -> HistoryEvent? {
                life.events[index...].first { $0.name == name && $0.number("connection") == connection }
            }
            func operation(_ posted: HistoryEvent, _ done: HistoryEvent?, _ label: String, _ name: String) {
                let over = done?.time ?? first(.retired)?.time ?? gone
                let detail = done == nil ? "\(name), never completed" : name
                add(
                    lane, posted.time, over, label, done == nil ? "failed" : "operation", places[posted],
                    detail: detail)
            }
            switch event.name {
            case .connected:
                add(
                    lane, event.time, first(.retired)?.time ?? gone, "", "connected", places[event],
                    detail: "connection \(connection), \(event.text("side") ?? "")")
            case .established:
                add(
                    lane, event.time, first(.retired)?.time ?? gone, "established", "established",
                    places[event], detail: "established on connection \(connection)")
            case .firstReadPosted: operation(event, first(.firstReadCompleted), "R1", "read 1")
            case .firstWritePosted: operation(event, first(.firstWriteCompleted), "W1", "write 1")
            case .secondReadPosted where event.number("repeat") ?? 0 == 0:
                operation(event, first(.secondReadCompleted), "R2", "read 2")
            case .secondWritePosted: operation(event, first(.secondWriteCompleted), "W2", "write 2")
            default: break
            }
        }
    }

    /// From the first client that is ready to the moment at which none is.
    private mutating func addReady(_ life: Life, _ gone: Instant, _ places: [HistoryEvent: Int]) {
        var ready: Set<String> = []
        var began: HistoryEvent?
        func close(_ at: Instant) {
            if let began {
                add(
                    .link(life.partner), began.time, at, "ready", "ready", places[began],
                    detail: "clients ready")
            }
            began = nil
        }
        for event in life.events {
            guard let client = event.text("client") else { continue }
            switch event.name {
            case .clientReady, .clientResumed:
                ready.insert(client)
                if began == nil { began = event }
            case .clientLost, .clientPaused, .clientWithdrawn:
                ready.remove(client)
                if ready.isEmpty { close(event.time) }
            default: break
            }
        }
        close(gone)
    }

    private mutating func addVerdicts(_ life: Life, _ gone: Instant, _ places: [HistoryEvent: Int]) {
        let verdicts = life.events.filter { $0.name == .verdict }
        for (index, event) in verdicts.enumerated() {
            let word = event.text("verdict") ?? "?"
            guard word != "none" else { continue }
            let known = Verdict.allCases.contains { $0.word == word }
            add(
                .verdict(life.partner), event.time,
                index + 1 < verdicts.count ? verdicts[index + 1].time : gone, word,
                known ? "verdict-\(word)" : "verdict-other", places[event],
                detail: "\(life.partner.rawValue) holds \(life.partner.other.rawValue) for \(word): "
                    + (event.text("reason") ?? ""))
        }
    }

    // MARK: The rails, and the lab

    private mutating func addRails(_ events: [HistoryEvent]) {
        var cuts: [UInt64: (at: Instant, event: Int)] = [:]
        for (place, event) in events.enumerated() where event.name == .fault {
            let began = event.number("began").map { Instant(nanoseconds: $0) } ?? event.time
            let action = event.text("action") ?? "fault"
            let meant = event.number("rail").map { [$0] } ?? (0..<UInt64(rails)).map { $0 }
            switch StepAction(rawValue: action) {
            case .cut, .powerOff:
                for rail in meant where cuts[rail] == nil { cuts[rail] = (began, place) }
            case .heal:
                for rail in meant {
                    if let cut = cuts.removeValue(forKey: rail) {
                        add(
                            .rail(rail), cut.at, event.time, "cut", "cut", cut.event,
                            detail: "rail \(rail) cut")
                    }
                }
            default: break
            }
            let rail = rails > 1 ? event.number("rail").map { " \($0)" } ?? "" : ""
            let label = [action + rail, event.partner?.rawValue ?? ""].filter { !$0.isEmpty }
            interventions.append(
                Intervention(
                    at: event.stepEffect, label: label.joined(separator: " "),
                    title: "\(time(event.stepEffect)) the lab: \(label.joined(separator: " ")) (step "
                        + "\(event.text("step") ?? "?"))", event: place))
        }
        for (rail, cut) in cuts {
            add(.rail(rail), cut.at, end, "cut", "cut", cut.event, detail: "rail \(rail) cut")
        }
    }

    private mutating func addMarks(_ events: [HistoryEvent]) {
        for (place, event) in events.enumerated() {
            guard let partner = event.partner, let symbol = Self.symbol(of: event.name) else { continue }
            marks.append(
                Mark(
                    lane: .events(partner), at: event.time, symbol: symbol,
                    title: "\(time(event.time)) \(partner.rawValue) \(event.name.rawValue) "
                        + (event.text("reason") ?? event.text("kind") ?? event.text("client") ?? ""),
                    event: place))
        }
    }

    private static func symbol(of name: EventName) -> String? {
        switch name {
        case .connectStarted, .requestAccepted: "start"
        case .connectFailed, .requestRejected, .handshakeFailed, .failed, .exchangeFailed, .portsFailed,
            .accessRefused, .partnerRefused:
            "fail"
        case .established, .partnerReady, .clientReady, .clientResumed: "done"
        case .clientLost, .clientPaused, .railFault, .railLost, .retired, .processEnded: "loss"
        case .messageSent, .messageReceived, .readySaid, .decision, .partnerStalled: "note"
        default: nil
        }
    }

    /// The moments of everything that is no repetition: what a time line must have room for.
    static func moments(of events: [HistoryEvent]) -> [Instant] {
        events.filter { EventKind.rank($0.name) < 4 }.map(\.time)
    }
}
