/// What a partner tells of itself, as somebody who watches a pair wants it: a few facts with their names.
struct PartnerView: Equatable {
    /// What is always there, and changes.
    let counts: [Fact]
    /// What says how the pair stands.
    let facts: [Fact]

    struct Fact: Equatable {
        var name: String
        var text: String
    }

    /// - Parameter status: what `ccmd status --json` tells; nil where nobody answered.
    init(_ status: JSONObject?) {
        guard let status else {
            facts = [Fact(name: "process", text: "does not answer")]
            counts = []
            return
        }
        func text(_ name: String) -> String { status[name]?.plainText ?? "?" }
        var facts = [
            Fact(name: "process", text: "life \(text("incarnation"))"),
            Fact(name: "boot phase", text: text("phase")),
            Fact(name: "holds partner for", text: text("verdict")),
            Fact(name: "partner's phase", text: text("partnerPhase")),
            Fact(name: "exchange", text: status["isReady"] == .bool(true) ? "both ready" : "not ready"),
        ]
        for (number, rail) in Self.objects(status["rails"]).enumerated() {
            let waits = rail["waitingFor"]?.string.map { "waits for its \($0)" }
            let ports = rail["carriesPorts"] == .bool(true) ? ", has the ports" : ""
            facts.append(
                Fact(name: "rail \(number)", text: (waits ?? rail["link"]?.plainText ?? "?") + ports))
        }
        for client in Self.objects(status["clients"]) {
            facts.append(
                Fact(name: client["name"]?.plainText ?? "client", text: client["state"]?.plainText ?? "?"))
        }
        self.facts = facts
        let seconds = { (name: String) in
            SpanText.fixed(Double(status[name]?.unsignedInteger ?? 0) / 1e9, decimals: 1) + " s"
        }
        counts = [
            Fact(name: "up", text: seconds("upNs")),
            Fact(name: "verdict stands", text: seconds("verdictForNs")),
            Fact(name: "heartbeats", text: "\(text("beats")) read, \(text("misses")) missed"),
        ]
    }

    private static func objects(_ value: JSONValue?) -> [JSONObject] {
        guard case .array(let values)? = value else { return [] }
        return values.compactMap { if case .object(let object) = $0 { object } else { nil } }
    }

    /// What is other than it was, on a line; nil where nothing is.
    func change(since before: PartnerView?) -> String? {
        let old = before?.facts ?? []
        let news = facts.filter { !old.contains($0) }
        guard !news.isEmpty else { return nil }
        return news.map { "\($0.name) \($0.text)" }.joined(separator: ", ")
    }

    /// Both partners beside each other, for a terminal of 80 columns.
    static func table(_ a: PartnerView, _ b: PartnerView) -> [String] {
        let (left, right) = (a.facts + a.counts, b.facts + b.counts)
        var names: [String] = []
        for fact in left + right where !names.contains(fact.name) { names.append(fact.name) }
        func text(_ facts: [Fact], _ name: String) -> String {
            facts.first { $0.name == name }.map(\.text) ?? "-"
        }
        let head = Table.left("", 18) + " " + Table.left("a", 30) + " b"
        return [head]
            + names.map { name in
                Table.left(name, 18) + " " + Table.left(text(left, name), 30) + " "
                    + Table.cut(text(right, name), 30)
            }
    }
}
