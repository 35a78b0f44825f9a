import ClusterConnection
import StrictYAML

extension Configuration {
    /// One of the product's own clients, and when it is there.
    public struct ClientEntry: Hashable, Sendable {
        /// Which of them.
        public enum Kind: String, CaseIterable, Sendable {
            /// `Messenger`
            case messenger
            /// `LogMirror`
            case logMirror
            /// `FailoverMonitor`
            case failoverMonitor

            /// The name of a client of this kind that was given none.
            var standardName: String {
                switch self {
                case .messenger: "messenger"
                case .logMirror: "log-mirror"
                case .failoverMonitor: "failover-monitor"
                }
            }
        }

        /// Which client.
        public var kind: Kind
        /// By which it is matched with its counterpart.
        public var name: Name
        /// Ports it requires.
        public var ports: UInt32 = 1
        /// Bytes of memory it requests.
        public var memory: UInt64 = 262_144
        /// After power-on.
        public var registerAt: TimeSpan = .zero
        /// After power-on; nil for never.
        public var withdrawAt: TimeSpan?
        /// The pace of requests or records; zero for as fast as it goes.
        public var interval: TimeSpan = .milliseconds(10)
        /// Bytes of a record of the log mirror.
        public var recordBytes = 4_096
        /// Whether the failover monitor goes alone.
        public var goesAlone = true
        /// How long it waits before that over silence or a stalled boot.
        public var patience: TimeSpan = .seconds(5)
    }
}

extension Configuration.ClientEntry {
    /// The client itself, of a CCM with these settings.
    func client(_ settings: Settings) -> any Client {
        switch kind {
        case .messenger: Messenger(name, ports: ports, memory: memory, interval: interval)
        case .logMirror:
            LogMirror(name, ports: ports, memory: memory, recordBytes: recordBytes, interval: interval)
        case .failoverMonitor:
            FailoverMonitor(
                name, policy: goesAlone ? .goAlone : .wait, patience: patience,
                confirmation: settings.deathConfirmation)
        }
    }

    init?(fields: YAMLFields) {
        let kind = fields.required("kind", expected: "messenger, logMirror or failoverMonitor") {
            Kind(rawValue: $0)
        }
        let name = fields.value("name", expected: Name.form) { Name($0) }
        guard let kind, let name = name ?? Name(kind.standardName) else { return nil }
        self.init(kind: kind, name: name)
        if kind != .failoverMonitor { readPorts(fields) }
        fields.span("registerAt", atLeast: .zero, into: &registerAt)
        var end = TimeSpan.zero
        fields.span("withdrawAt", atLeast: .zero, into: &end)
        if end != .zero {
            withdrawAt = end
            if end <= registerAt { fields.refuse("withdrawAt", "expected later than registerAt") }
        }
        switch kind {
        case .messenger: break
        case .logMirror: readRecordBytes(fields)
        case .failoverMonitor: readPolicy(fields)
        }
    }

    private mutating func readPorts(_ fields: YAMLFields) {
        ports =
            fields.value("ports", expected: "a count from 0 to \(ClientLimits.mostPorts)") {
                UInt32($0).flatMap { $0 <= ClientLimits.mostPorts ? $0 : nil }
            } ?? ports
        memory =
            fields.value("memory", expected: "bytes, from 0 to 1073741824") {
                UInt64($0).flatMap { $0 <= 1 << 30 ? $0 : nil }
            } ?? memory
        fields.span("interval", atLeast: .zero, into: &interval)
    }

    private mutating func readRecordBytes(_ fields: YAMLFields) {
        recordBytes =
            fields.value("recordBytes", expected: "a multiple of 8 from 64 to 65536") {
                Int($0).flatMap { (64...65_536).contains($0) && $0 % 8 == 0 ? $0 : nil }
            } ?? recordBytes
    }

    private mutating func readPolicy(_ fields: YAMLFields) {
        let policy = fields.value("policy", expected: "wait or goAlone") {
            FailoverMonitor.Policy(rawValue: $0)
        }
        goesAlone = (policy ?? .goAlone) == .goAlone
        fields.span("patience", atLeast: .zero, into: &patience)
    }
}

extension Name {
    static let form = "a name of 1 to 32 of A to Z, a to z, 0 to 9, ., - and _"
}
