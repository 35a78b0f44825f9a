import ClusterConnection

/// The settings that a rule goes by, with what they promise: what a reader of a broken run asks for first.
struct SettingsThatMatter {
    /// Each with the values of `a` and `b`.
    private(set) var rows: [(name: String, a: String, b: String)] = []
    /// What they promise, in words.
    private(set) var promises: [String] = []

    /// Those of a run, for the rules that broke in it.
    init(_ run: ReportedRun) {
        guard run.knowsSettings else { return }
        let rules = Set(run.verdict.breaks.map(\.rule))
        let timeline = run.timeline
        let (a, b) = (timeline.settings(of: .a), timeline.settings(of: .b))
        func add(_ name: String, _ value: (PartnerSettings) -> String) {
            rows.append((name, value(a), value(b)))
        }
        func span(_ name: String, _ path: KeyPath<PartnerSettings, TimeSpan>) {
            add(name) { SpanText.exact($0[keyPath: path]) }
        }
        func among(_ some: [Rule]) -> Bool { some.contains { rules.contains($0.rawValue) } }
        let promise = timeline.promise
        if among([.aliveMeansAlive, .foundInTime, .expected]) {
            span("heartbeat.interval", \.heartbeatInterval)
            add("heartbeat.missLimit") { "\($0.missLimit)" }
            add("transport.ackTimeout") { "\($0.ackTimeout)" }
            add("transport.retryCount") { "\($0.retryCount)" }
            for partner in PartnerID.allCases {
                let settings = timeline.settings(of: partner)
                promises.append(
                    "\(partner.rawValue) finds \(partner.other.rawValue) dead within "
                        + "\(SpanText.rounded(promise.dead)), hung within "
                        + "\(SpanText.rounded(promise.hung(settings))), unreachable within "
                        + SpanText.rounded(promise.unreachable(settings)))
            }
        }
        let boots: [Rule] = [
            .connectedAgain, .beforeStorageOS, .expected, .claimed, .handshakeOrder, .establishedAlive,
            .establishedBothSaw,
        ]
        if among(boots) {
            span("connect.attemptTimeout", \.attemptTimeout)
            span("connect.backoffStart", \.backoffStart)
            span("connect.backoffCap", \.backoffCap)
            span("connect.handshakeTimeout", \.handshakeTimeout)
            span("boot.storageOSActive", \.storageOSActive)
            promises.append("connected within \(SpanText.rounded(promise.connect)) of both listening")
        }
        if among([.readyAgain, .readyWhenBoth, .oneLossForReady, .fencedBeforeTold]) {
            span("connect.exchangeTimeout", \.exchangeTimeout)
            promises.append(
                "clients ready within \(SpanText.rounded(promise.ready(a, b))) of being connected")
        }
        add("protocol") { "\($0.speech.lowest) to \($0.speech.highest)" }
        add("clients") { settings in
            settings.clients.isEmpty ? "none" : "\(settings.clients.count)"
        }
    }

    /// As a table.
    var markup: Markup {
        var markup = Markup()
        guard !rows.isEmpty else { return markup }
        markup.element("h4", text: "Settings that matter")
        markup.element("div", [("class", "scroll")]) { markup in
            markup.element("table", [("class", "plain")]) { markup in
                markup.element("tr") { markup in
                    for name in ["setting", "a", "b"] { markup.element("th", text: name) }
                }
                for row in rows {
                    markup.element("tr") { markup in
                        for text in [row.name, row.a, row.b] { markup.element("td", text: text) }
                    }
                }
            }
        }
        for promise in promises { markup.element("p", [("class", "note")], text: "Promised: \(promise).") }
        return markup
    }
}
