import ClusterConnection

/// Swimlanes on a time scale, as SVG. Widths are shares of the drawing's, so that text keeps its size on every screen.
struct SwimlaneDrawing {
    let lanes: Swimlanes
    let scale: TimeScale
    /// The name of the run in links to its events.
    let anchor: String
    /// The events that can be linked to.
    let linked: Set<Int>
    /// Those that broke a rule.
    let evidence: Set<Int>
    /// At most so many marks.
    let most: Int
    /// What the drawing shows, in words.
    let title: String

    private static let laneHeight = 17
    private static let head = 42
    private static let gap = 9
    /// Below the lanes: the signs of what broke a rule, and the times.
    private var foot: Int { evidence.isEmpty ? 20 : 34 }
    /// What a character of a label takes of the narrowest drawing's width.
    private static let character = 0.0105

    private struct Row {
        var lane: Swimlanes.Lane
        var name: String
        var y: Int
        var height: Int
    }

    private var rows: [Row] {
        var rows: [Row] = []
        var y = Self.head
        func add(_ lane: Swimlanes.Lane, _ name: String, _ height: Int = Self.laneHeight) {
            rows.append(Row(lane: lane, name: name, y: y, height: height))
            y += height
        }
        func add(_ partner: PartnerID) {
            let name = partner.rawValue
            add(.process(partner), "\(name) process")
            add(.boot(partner), "boot")
            add(.link(partner), "connection")
            add(.verdict(partner), "holds \(partner.other.rawValue) for")
            add(.events(partner), "events")
            if !(lanes.beats[partner] ?? []).isEmpty { add(.beats(partner), "heartbeats", 15) }
        }
        add(.a)
        y += Self.gap
        for rail in 0..<UInt64(lanes.rails) {
            add(.rail(rail), lanes.rails > 1 ? "rail \(rail)" : "rail", 14)
        }
        y += Self.gap
        add(.b)
        return rows
    }

    /// The drawing.
    var markup: Markup {
        var markup = Markup()
        let rows = rows
        let bottom = rows.last.map { $0.y + $0.height } ?? Self.head
        let height = "\(bottom + foot)"
        markup.element("div", [("class", "lanes")]) { markup in
            markup.element(
                "svg", [("class", "captions"), ("width", "84"), ("height", height), ("aria-hidden", "true")]
            ) { markup in
                for row in rows {
                    markup.element(
                        "text", [("x", "80"), ("y", "\(row.y + row.height - 5)"), ("text-anchor", "end")],
                        text: row.name)
                }
            }
            markup.element("div", [("class", "plotbox"), ("tabindex", "0")]) { markup in
                markup.element(
                    "svg",
                    [
                        ("class", "plot"), ("width", "100%"), ("height", height), ("role", "group"),
                        ("aria-label", title), ("data-corners", corners), ("data-bottom", "\(bottom)"),
                        ("data-foot", "\(bottom + foot - 4)"),
                    ]
                ) { markup in
                    draw(rows, bottom, into: &markup)
                }
            }
        }
        return markup
    }

    /// For the script: the scale's corners, as nanoseconds since the run's start and shares.
    private var corners: String {
        let offset = Double((scale.start - lanes.start).nanoseconds)
        return scale.corners.map { "\(coordinate(($0.time + offset) / 1e3)):\(percent($0.share).dropLast())" }
            .joined(separator: " ")
    }

    private func draw(_ rows: [Row], _ bottom: Int, into markup: inout Markup) {
        for row in rows {
            let y = "\(row.y + row.height - 2)"
            markup.void("line", [("class", "ground"), ("x1", "0"), ("x2", "100%"), ("y1", y), ("y2", y)])
        }
        drawAxis(bottom, into: &markup)
        let places = Dictionary(rows.map { ($0.lane, $0) }) { first, _ in first }
        for band in lanes.bands { if let row = places[band.lane] { draw(band, row, into: &markup) } }
        for partner in PartnerID.allCases {
            if let row = places[.beats(partner)] { drawBeats(lanes.beats[partner] ?? [], row, into: &markup) }
        }
        drawMarks(places, into: &markup)
        drawInterventions(bottom, into: &markup)
    }

    private func drawAxis(_ bottom: Int, into markup: inout Markup) {
        markup.element("g", [("class", "axis")]) { markup in
            for tick in scale.ticks(from: lanes.start) {
                let x = percent(tick.share)
                markup.void(
                    "line", [("x1", x), ("x2", x), ("y1", "\(Self.head - 4)"), ("y2", "\(bottom + 4)")])
                markup.element("text", [("x", x), ("y", "\(bottom + foot - 4)")], text: tick.name)
            }
        }
        for stretch in scale.breaks {
            let x = percent(stretch.middle)
            markup.element("g", [("class", "break")]) { markup in
                markup.element("title", text: "\(SpanText.rounded(stretch.length)) are drawn short here")
                markup.void("use", [("href", "#s-break"), ("x", x), ("y", "\(bottom)")])
                markup.void("line", [("x1", x), ("x2", x), ("y1", "\(Self.head - 4)"), ("y2", "\(bottom)")])
                markup.element(
                    "text", [("x", x), ("y", "\(bottom + foot - 4)"), ("text-anchor", "middle")],
                    text: "⋯ \(SpanText.rounded(stretch.length)) ⋯")
            }
        }
    }

    private func draw(_ band: Swimlanes.Band, _ row: Row, into markup: inout Markup) {
        guard band.to >= scale.start, band.from <= scale.end else { return }
        let from = scale.share(of: max(band.from, scale.start))
        let width = max(scale.share(of: min(band.to, scale.end)) - from, 0.0015)
        let height = row.height - 3
        link(to: band.event, into: &markup) { markup in
            markup.element(
                "svg",
                [
                    ("class", "band \(band.style)"), ("x", percent(from)), ("y", "\(row.y)"),
                    ("width", percent(width)), ("height", "\(height)"),
                ]
            ) { markup in
                markup.element("title", text: band.title)
                markup.void("rect", [("width", "100%"), ("height", "100%")])
                if !band.label.isEmpty {
                    markup.element("text", [("x", "3"), ("y", "11")], text: band.label)
                }
            }
        }
    }

    /// A drawing of an event leads to its row in the table, where it has one.
    private func link(to event: Int?, into markup: inout Markup, _ content: (inout Markup) -> Void) {
        guard let event, linked.contains(event) else { return content(&markup) }
        markup.element("a", [("href", "#\(anchor)e\(event)")], content)
    }

    private func drawMarks(_ places: [Swimlanes.Lane: Row], into markup: inout Markup) {
        // Signs on top of each other tell nothing: of those of one kind that would touch, the first is drawn.
        var last: [String: Double] = [:]
        var drawn = 0
        for mark in lanes.marks where scale.contains(mark.at) {
            guard let row = places[mark.lane], drawn < most else { continue }
            let share = scale.share(of: mark.at)
            let kind = "\(mark.lane) \(mark.symbol)"
            if let before = last[kind], share - before < 0.006, !evidence.contains(mark.event) { continue }
            last[kind] = share
            drawn += 1
            link(to: mark.event, into: &markup) { markup in
                markup.element("g", [("class", "mark \(mark.symbol)")]) { markup in
                    markup.element("title", text: mark.title)
                    markup.void(
                        "use",
                        [("href", "#s-\(mark.symbol)"), ("x", percent(share)), ("y", "\(row.y + 7)")])
                }
            }
        }
    }

    private func drawInterventions(_ bottom: Int, into markup: inout Markup) {
        var ends = [-1.0, -1.0, -1.0]
        for intervention in lanes.interventions where scale.contains(intervention.at) {
            let share = scale.share(of: intervention.at)
            let x = percent(share)
            let length = Double(intervention.label.count + 2) * Self.character
            let isRight = share + length > 1
            let from = isRight ? share - length : share
            let level = ends.firstIndex { $0 <= from }
            if let level { ends[level] = from + length }
            let y = 11 + (level ?? 2) * 12
            link(to: intervention.event, into: &markup) { markup in
                markup.element("g", [("class", "intervention")]) { markup in
                    markup.element("title", text: intervention.title)
                    markup.void("line", [("x1", x), ("x2", x), ("y1", "\(y - 8)"), ("y2", "\(bottom)")])
                    // Where there is no room for a name, the line has it for who asks.
                    guard level != nil else { return }
                    markup.element(
                        "text",
                        [
                            ("x", x), ("y", "\(y)"), ("dx", isRight ? "-4" : "4"),
                            ("text-anchor", isRight ? "end" : "start"),
                        ], text: intervention.label)
                }
            }
        }
        for place in evidence.sorted() {
            guard let moment = lanes.moment(of: place), scale.contains(moment) else { continue }
            link(to: place, into: &markup) { markup in
                markup.element("g", [("class", "evidence")]) { markup in
                    markup.element("title", text: "an event that broke the rule")
                    markup.void(
                        "use",
                        [
                            ("href", "#s-evidence"), ("x", percent(scale.share(of: moment))),
                            ("y", "\(bottom + 2)"),
                        ]
                    )
                }
            }
        }
    }

    /// Where heartbeats were read. Each by itself would be thousands of marks: those of one small part of the width are
    /// one.
    private func drawBeats(_ beats: [Instant], _ row: Row, into markup: inout Markup) {
        let bins = 400
        let within = beats.filter { scale.contains($0) }
        guard !within.isEmpty else { return }
        let filled = Set(within.map { min(bins - 1, Int(scale.share(of: $0) * Double(bins))) })
        // Neighbours become one stretch.
        var path = ""
        for bin in filled.sorted() where !filled.contains(bin - 1) {
            var length = 1
            while filled.contains(bin + length) { length += 1 }
            path += "M\(bin) 0h\(length)v7h-\(length)z"
        }
        markup.element(
            "svg",
            [
                ("class", "beats"), ("x", "0%"), ("y", "\(row.y + 4)"), ("width", "100%"), ("height", "7"),
                ("viewBox", "0 0 \(bins) 7"), ("preserveAspectRatio", "none"),
            ]
        ) { markup in
            markup.element("title", text: "\(within.count) heartbeats read")
            markup.void("path", [("d", path)])
        }
    }
}
