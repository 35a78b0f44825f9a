import ClusterConnection

/// One run in the report: what broke, both partners on their time lines, their events, the packets.
struct RunSection {
    let run: ReportedRun
    /// Its name in links.
    let anchor: String
    /// The command that does it again.
    let command: String
    /// At most so many rows of events, and so many marks in a drawing.
    let most: Int

    private let choice: EventChoice
    private let evidence: Set<HistoryEvent>
    private let places: [HistoryEvent: Int]
    private let lanes: Swimlanes

    init(_ run: ReportedRun, anchor: String, command: String, most: Int) {
        self.run = run
        self.anchor = anchor
        self.command = command
        self.most = most
        evidence = Set(run.verdict.breaks.flatMap(\.events))
        choice = EventChoice(run.events, most: most, needed: evidence)
        places = Dictionary(run.events.enumerated().map { ($1, $0) }) { first, _ in first }
        lanes = Swimlanes(run)
    }

    var markup: Markup {
        var markup = Markup()
        let result = run.verdict.result
        let attributes: [Markup.Attribute] = [("class", "run \(result.style)"), ("id", anchor)]
        markup.element("details", attributes + (result.isWanted ? [] : [("open", "open")])) { markup in
            markup.element("summary") { markup in
                markup.element(
                    "span", [("class", "badge \(result.style)")], text: "\(result.sign) \(result.word)")
                markup.write(" ")
                markup.element("span", [("class", "title")], text: run.title)
                markup.write(" ")
                markup.element("span", [("class", "note")], text: summary)
            }
            markup.element("div", [("class", "body")]) { write(into: &$0) }
        }
        return markup
    }

    /// The most telling times, on a line.
    private var summary: String {
        let named = run.measurements.named.filter {
            ["established", "again", "dead", "hung", "unreachable", "rebooted"].contains($0.key)
        }
        let times = named.compactMap { entry in
            Statistics(entry.spans).map { "\(entry.key) \(SpanText.rounded($0.most))" }
        }
        return (times + ["\(SpanText.rounded(run.duration)) long"]).joined(separator: ", ")
    }

    private func write(into markup: inout Markup) {
        let summary = run.knowsSettings ? run.variant.scenario.summary : ""
        if !summary.isEmpty { markup.element("p", text: summary) }
        for partner in PartnerID.allCases {
            let rules = run.verdict.unjudged.filter { $0.partner == partner.rawValue }.map(\.rule)
            guard !rules.isEmpty else { continue }
            markup.element(
                "p", [("class", "note")],
                text: "Not judged of \(partner.rawValue), whose program does not tell of it: "
                    + rules.joined(separator: ", ") + ".")
        }
        markup.element("p", [("class", "note")]) { markup in
            markup.write("Folder ")
            markup.element("code", text: run.path)
            markup.write(", once more: ")
            markup.element("code", text: command)
        }
        for problem in run.problems { markup.element("p", [("class", "problem")], text: "⚠ \(problem)") }
        if case .notRun(let reason) = run.verdict.result {
            markup.element("p", [("class", "problem")], text: "Not run: \(reason)")
        }
        if case .brokeAsExpected(let reason) = run.verdict.result {
            markup.element("p", text: "Broke as expected: \(reason)")
        }
        // The time line is to be seen without scrolling past everything that came of one cause; and where the run says
        // nothing about the product, nor do these.
        let shown = run.verdict.result == .broke ? 3 : 0
        for broken in run.verdict.breaks.prefix(shown) { write(broken, into: &markup) }
        let more = run.verdict.breaks.dropFirst(shown)
        if !more.isEmpty {
            fold("\(shown > 0 ? "And more" : "What the checker says"): \(more.count) cases", into: &markup) {
                markup in
                for broken in more.prefix(20) { write(broken, into: &markup) }
                if more.count > 20 {
                    markup.element("p", text: "And \(more.count - 20) more, in verdict.json.")
                }
            }
        }
        if !run.events.isEmpty { drawTimeLines(into: &markup) }
        if !run.verdict.breaks.isEmpty { markup.append(SettingsThatMatter(run).markup) }
        if !run.events.isEmpty { writeEvents(into: &markup) }
        writePackets(into: &markup)
        writeClaims(into: &markup)
        if let text = run.scenarioText {
            fold("The scenario as run", into: &markup) { $0.element("pre", text: text) }
        }
    }

    private func fold(_ title: String, into markup: inout Markup, _ content: (inout Markup) -> Void) {
        markup.element("details", [("class", "fold")]) { markup in
            markup.element("summary", text: title)
            content(&markup)
        }
    }

    // MARK: What broke

    private func write(_ broken: ReportedVerdict.Break, into markup: inout Markup) {
        // An expectation tells after its sentence what became of it.
        var (wanted, actual) = (broken.sentence, broken.explanation)
        if broken.rule == Rule.expected.rawValue, let colon = actual.range(of: ": ", options: .backwards) {
            wanted = String(actual[..<colon.lowerBound])
            actual = String(actual[colon.upperBound...])
        }
        markup.element("div", [("class", "break")]) { markup in
            markup.element("h3", text: "✗ \(broken.rule)")
            markup.element("dl") { markup in
                markup.element("dt", text: "expected")
                markup.element("dd", text: wanted)
                markup.element("dt", text: "actual")
                markup.element("dd", text: actual)
            }
            if !broken.events.isEmpty {
                markup.element("ul", [("class", "events")]) { markup in
                    for event in broken.events.prefix(12) {
                        let text = Table.eventText(event, start: run.timeline.start)
                        markup.element("li") { markup in
                            if let place = places[event] {
                                markup.element("a", [("href", "#\(anchor)e\(place)")], text: text)
                            } else {
                                markup.write(text)
                            }
                        }
                    }
                }
            }
        }
    }

    // MARK: Time lines

    private func drawTimeLines(into markup: inout Markup) {
        let whole = TimeScale(
            from: lanes.start, to: lanes.end, moments: Swimlanes.moments(of: run.events))
        draw(
            whole, "The whole run" + (whole.breaks.isEmpty ? "" : "; idle stretches are drawn short"),
            into: &markup)
        for window in TimeWindow.worth(run, evidence: evidence) {
            draw(TimeScale(from: window.from, to: window.to), window.title, into: &markup)
        }
    }

    private func draw(_ scale: TimeScale, _ title: String, into markup: inout Markup) {
        markup.element("figure", [("class", "timeline")]) { markup in
            markup.element("figcaption", text: title)
            markup.append(
                SwimlaneDrawing(
                    lanes: lanes, scale: scale, anchor: anchor, linked: Set(choice.shown),
                    evidence: Set(evidence.compactMap { places[$0] }), most: most,
                    title: "\(run.title): \(title)"
                ).markup)
        }
    }

    // MARK: Events

    private func writeEvents(into markup: inout Markup) {
        let isShort = !run.verdict.result.isWanted && choice.shown.count <= 60
        let attributes: [Markup.Attribute] = [("class", "fold eventlist")]
        markup.element("details", attributes + (isShort ? [("open", "open")] : [])) { markup in
            markup.element("summary", text: "Events: \(choice.shown.count) of \(run.events.count)")
            if !choice.left.isEmpty {
                let left = choice.left.prefix(12).map { "\($0.count) \($0.name)" }.joined(separator: ", ")
                markup.element(
                    "p", [("class", "note")],
                    text:
                        "Left out: \(left)\(choice.left.count > 12 ? ", ..." : ""). All are in events.jsonl.")
            }
            markup.element("div", [("class", "scroll")]) { markup in
                markup.element("table", [("class", "eventtable")]) { markup in
                    markup.element("thead") { markup in
                        markup.element("tr") { markup in
                            for name in ["ms", "", "event", ""] { markup.element("th", text: name) }
                        }
                    }
                    markup.element("tbody") { markup in
                        for place in choice.shown { row(place, into: &markup) }
                    }
                }
            }
        }
    }

    private func row(_ place: Int, into markup: inout Markup) {
        let event = run.events[place]
        let kind = EventKind(event.name).rawValue
        let isEvidence = evidence.contains(event)
        let time = Double((event.time - run.timeline.start).nanoseconds) / 1e6
        markup.element(
            "tr",
            [
                ("id", "\(anchor)e\(place)"), ("data-k", kind),
                ("class", "\(event.partner?.rawValue ?? "lab")\(isEvidence ? " evidence" : "")"),
            ]
        ) { markup in
            markup.element("td") {
                $0.element("a", [("href", "#\(anchor)e\(place)")], text: SpanText.fixed(time, decimals: 3))
            }
            markup.element("td", text: event.partner?.rawValue ?? "–")
            markup.element("td", text: (isEvidence ? "✗ " : "") + event.name.rawValue)
            markup.element("td", text: Self.fields(of: event))
        }
    }

    /// What an event says besides, without what only the lab's own arithmetic needs.
    private static func fields(of event: HistoryEvent) -> String {
        let hidden = ["began", "effect", "statusBlockAddress", "mailboxAddress", "cluster"]
        let text = event.fields.fields.filter { !hidden.contains($0.name) }
            .map { "\($0.name) \($0.value.plainText)" }.joined(separator: "  ")
        return text.count > 220 ? text.prefix(218) + ".." : text
    }

    // MARK: Packets and claims

    private func writePackets(into markup: inout Markup) {
        let list = run.capture
        guard !list.packets.isEmpty else {
            markup.element("p", [("class", "note")], text: "Packets: \(list.note).")
            return
        }
        let zero = run.wallStart ?? list.packets.first?.wall ?? 0
        fold("Packets: \(list.packets.count)", into: &markup) { markup in
            let counts = list.counts.map { "\($0.opcode) \($0.count)" }.joined(separator: ", ")
            markup.element("p", [("class", "note")], text: "\(list.note). By opcode: \(counts).")
            markup.element("div", [("class", "scroll")]) { markup in
                markup.element("table", [("class", "packets")]) { markup in
                    markup.element("tr") { markup in
                        for name in ["ms", "from", "to", "opcode", "QP", "PSN", "headers", "bytes"] {
                            markup.element("th", text: name)
                        }
                    }
                    for packet in list.packets {
                        markup.element("tr", packet.isRefusal ? [("class", "evidence")] : []) { markup in
                            let texts = [
                                SpanText.fixed(
                                    Double(Int64(clamping: packet.wall) - Int64(clamping: zero)) / 1e6,
                                    decimals: 3), packet.source, packet.target,
                                packet.opcode, packet.queuePair, packet.number, packet.detail, packet.bytes,
                            ]
                            for text in texts { markup.element("td", text: text) }
                        }
                    }
                }
            }
            markup.element(
                "p", [("class", "note")],
                text: run.wallStart == nil
                    ? "Times are those since the first packet: how the capture's clock stands to that of the events is not known."
                    : "Times are those of the events: from the beginning of the run.")
        }
    }

    private func writeClaims(into markup: inout Markup) {
        let claims = run.verdict.claims
        guard !claims.isEmpty else { return }
        fold("Claims: \(Set(claims.map(\.claim)).count)", into: &markup) { markup in
            markup.element("div", [("class", "scroll")]) { markup in
                markup.element("table", [("class", "plain")]) { markup in
                    for claim in claims {
                        markup.element("tr") { markup in
                            for text in [claim.claim, claim.partner, claim.standing, claim.sentence] {
                                markup.element("td", text: text)
                            }
                        }
                    }
                }
            }
            markup.element("p", [("class", "note")], text: "The events that show them are in claims.txt.")
        }
    }
}
