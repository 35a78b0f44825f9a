import ClusterConnection

/// A client of a partner process, as a scenario asks for it.
///
/// What a scenario leaves out stays nil and is not written: its default is for `ccmd` to choose, and only there.
package struct ClientSettings: Hashable, Sendable {
    /// The clients that `ccmd` brings along.
    package enum Kind: String, CaseIterable, Sendable {
        case messenger, logMirror, failoverMonitor

        /// What a client of this kind is called unless it is given a name.
        package var defaultName: String {
            switch self {
            case .messenger: "messenger"
            case .logMirror: "log-mirror"
            case .failoverMonitor: "failover-monitor"
            }
        }
    }

    /// What a failover monitor does about a boot that stands still, and about silence.
    package enum Policy: String, CaseIterable, Sendable {
        case wait, goAlone
    }

    package var kind: Kind
    package var name: String
    package var ports: UInt64?
    package var memory: UInt64?
    package var registerAt: TimeSpan?
    /// Nil for a client that stays as long as its process.
    package var withdrawAt: TimeSpan?
    /// The pace of requests or records; zero for as fast as it goes.
    package var interval: TimeSpan?
    package var recordBytes: UInt64?
    package var policy: Policy?
    package var patience: TimeSpan?

    /// A client of which nothing but its kind was said.
    package init(_ kind: Kind) {
        self.kind = kind
        name = kind.defaultName
    }

    /// The client as an item of the list `clients` in the configuration of `ccmd`.
    var configuration: String {
        var fields = [("kind", kind.rawValue)]
        if name != kind.defaultName { fields.append(("name", name)) }
        func add(_ name: String, _ text: String?) { if let text { fields.append((name, text)) } }
        add("ports", ports.map(String.init))
        add("memory", memory.map(String.init))
        add("registerAt", registerAt.map(SpanText.exact))
        add("withdrawAt", withdrawAt.map(SpanText.exact))
        add("interval", interval.map(SpanText.exact))
        add("recordBytes", recordBytes.map(String.init))
        add("policy", policy?.rawValue)
        add("patience", patience.map(SpanText.exact))
        return fields.enumerated().map { index, field in
            "  \(index == 0 ? "-" : " ") \(field.0): \(field.1)\n"
        }.joined()
    }
}
