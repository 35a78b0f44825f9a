import ClusterConnection
import StrictYAML

/// Reads the clients that a scenario has a partner run: `clients`.
struct ClientsReader {
    private let fields: YAMLFields

    /// Reads from a partner's settings, in which the list may stand.
    init(_ fields: YAMLFields) { self.fields = fields }

    /// The clients, in the order of the list; nil when there is no list. A list takes the place of any other
    /// that was read before: a partner's own list that of the shared settings.
    func clients() -> [ClientSettings]? {
        guard let items = fields.list("clients") else { return nil }
        var clients: [ClientSettings] = []
        for item in items {
            guard let client = client(item) else { continue }
            if clients.contains(where: { $0.name == client.name }) {
                item.refuse(
                    item.names.contains("name") ? "name" : "kind",
                    "another client is called “\(client.name)” already; expected a name of its own")
            }
            clients.append(client)
        }
        return clients
    }

    private func client(_ fields: YAMLFields) -> ClientSettings? {
        let kinds = ClientSettings.Kind.allCases.map { ($0.rawValue, $0) }
        let form = "one of " + kinds.map(\.0).joined(separator: ", ")
        let word = fields.required("kind", expected: form) { $0 }
        let kind = word.flatMap { fields.choice("kind", $0, kinds, what: "a kind of client") }
        // What else is wrong is told even when the kind is.
        var client = ClientSettings(kind ?? .messenger)
        client.name = fields.value("name", expected: Name.form) { Name($0)?.text } ?? client.name
        client.ports = fields.count("ports", 0...1_024)
        client.memory = fields.count("memory", 0...(1 << 30), "a number of bytes")
        client.registerAt = fields.span("registerAt")
        client.withdrawAt = fields.span("withdrawAt")
        if let end = client.withdrawAt, end <= client.registerAt ?? .zero {
            fields.refuse(
                "withdrawAt",
                "expected later than registerAt (\(SpanText.exact(client.registerAt ?? .zero)))")
        }
        client.interval = fields.span("interval")
        client.recordBytes = fields.value(
            "recordBytes", expected: "a multiple of 8 from 64 to 65536",
            { UInt64($0).flatMap { (64...65_536).contains($0) && $0 % 8 == 0 ? $0 : nil } })
        client.policy = fields.choice(
            "policy", ClientSettings.Policy.allCases.map { ($0.rawValue, $0) }, what: "a policy")
        client.patience = fields.span("patience")
        guard let kind else { return nil }
        for (name, kinds) in Self.special where fields.names.contains(name) && !kinds.contains(kind) {
            let owners = kinds.map(\.rawValue).joined(separator: " or ")
            fields.refuse(name, "cannot stand here: a \(kind.rawValue) has none, only a \(owners) has")
        }
        return client
    }

    /// Fields that only some kinds of client have.
    private static let special: [(name: String, kinds: [ClientSettings.Kind])] = [
        ("ports", [.messenger, .logMirror]), ("memory", [.messenger, .logMirror]),
        ("interval", [.messenger, .logMirror]), ("recordBytes", [.logMirror]),
        ("policy", [.failoverMonitor]), ("patience", [.failoverMonitor]),
    ]
}
