import Addressing
import ClusterConnection
import StrictYAML

extension Configuration {
    /// Reads a configuration; all that is wrong with it is thrown at once, and nothing is started.
    ///
    /// - Parameters:
    ///   - source: the file's name, for messages.
    ///   - overrides: `FIELD=VALUE` from the command line, in the place of what the file says.
    public init(yaml: String, source: String, overrides: [String] = []) throws(InputProblems) {
        var document = try YAMLDocument(text: yaml, source: source)
        for assignment in overrides { try document.override(assignment) }
        self = try document.read { Configuration(fields: $0) }
    }

    private init?(fields: YAMLFields) {
        let partner = fields.required("partner", expected: "the partner's name, 1 to 32 characters") {
            (1...32).contains($0.utf8.count) ? $0 : nil
        }
        let control = fields.value("control", expected: "the path of a socket, at most 107 bytes") {
            (1...107).contains($0.utf8.count) ? $0 : nil
        }
        let recording = fields.value("recording", expected: "the path of a file, at most 4095 bytes") {
            (1...4095).contains($0.utf8.count) ? $0 : nil
        }
        let writeDelay = fields.value(
            "writeDelay", expected: "\(TimeSpan.textForm), at most 1s"
        ) { TimeSpan(text: $0).flatMap { $0 <= .seconds(1) ? $0 : nil } }
        let transport = Transport(fields: fields.section("transport"))
        let settings = Settings(fields: fields, transport: transport)
        let rails = Self.rails(fields)
        let boot = BootSchedule(fields: fields.section("boot"))
        let failpoint = Self.failpoint(fields.section("lab"))
        let clients = Self.clients(fields)
        guard let partner, let settings, let rails, let boot else { return nil }
        self.init(
            partner: partner, settings: settings, rails: rails, boot: boot, transport: transport,
            clients: clients, controlPath: control, recordingPath: recording,
            writeDelay: writeDelay ?? Self.usualWriteDelay, failpoint: failpoint)
    }

    private static func failpoint(_ fields: YAMLFields?) -> Failpoint? {
        guard let fields else { return nil }
        let form = "one of " + Failpoint.Moment.allCases.map(\.rawValue).joined(separator: ", ")
        let kill = fields.value("killAfter", expected: form, Failpoint.Moment.init(rawValue:))
        let freeze = fields.value("freezeAfter", expected: form, Failpoint.Moment.init(rawValue:))
        let delay = fields.value("failDelay", expected: TimeSpan.textForm, TimeSpan.init(text:)) ?? .zero
        if fields.names.contains("killAfter"), fields.names.contains("freezeAfter") {
            fields.refuse("freezeAfter", "stands beside 'killAfter'; expected one of them")
        }
        return kill.map { Failpoint(.kill, after: $0, delay: delay) }
            ?? freeze.map { Failpoint(.freeze, after: $0, delay: delay) }
    }

    private static func clients(_ fields: YAMLFields) -> [ClientEntry] {
        var names: Set<Name> = []
        return (fields.list("clients") ?? []).compactMap { fields in
            guard let entry = ClientEntry(fields: fields) else { return nil }
            if !names.insert(entry.name).inserted {
                fields.refuse("name", "“\(entry.name)” is another client's: expected one of its own")
            }
            return entry
        }
    }
}

extension Configuration.Transport {
    /// 16.8 ms a try, six tries: about 0.15 s until a partner that is gone is known to be. Slow enough that
    /// a busy host is not mistaken for a dead one, which 10 and 3 were measured to do.
    static let standard = Configuration.Transport(ackTimeout: 12, retryCount: 5)

    fileprivate init(fields: YAMLFields?) {
        self = .standard
        if let exponent = fields?.value(
            "ackTimeout", expected: "an exponent from 8 to 22",
            { UInt8($0).flatMap { (8...22).contains($0) ? $0 : nil } })
        {
            ackTimeout = exponent
        }
        if let count = fields?.value(
            "retryCount", expected: "a count from 1 to 6 (Soft-RoCE takes 7 for “for ever”)",
            { UInt8($0).flatMap { (1...6).contains($0) ? $0 : nil } })
        {
            retryCount = count
        }
    }
}

extension Settings {
    fileprivate init?(fields: YAMLFields, transport: Configuration.Transport) {
        let identity = "a node identity: a number from 1 to 2^64-1, decimal or 0x hexadecimal"
        let node = fields.required("node", expected: identity, NodeIdentity.init(text:))
        let partnerNode = fields.required("partnerNode", expected: identity, NodeIdentity.init(text:))
        let cluster = fields.required(
            "cluster", expected: "the cluster's UUID, 8-4-4-4-12 hexadecimal digits", { ClusterIdentity($0) })
        let role = fields.value("role", expected: "storageSystem or applicationServer") { text in
            Role.allCases.first { "\($0.name)" == text }
        }
        if let node, node == partnerNode {
            fields.refuse("partnerNode", "expected another identity than node: a partner is not itself")
        }
        guard let node, let partnerNode, let cluster else {
            // The sections are still read, so that what is wrong in them is told as well.
            var unused = Settings(
                node: NodeIdentity(value: 1), partnerNode: NodeIdentity(value: 2),
                cluster: ClusterIdentity(low: 0, high: 0), role: .storageSystem)
            unused.readDeadlines(fields, transport)
            return nil
        }
        self.init(node: node, partnerNode: partnerNode, cluster: cluster, role: role ?? .storageSystem)
        readDeadlines(fields, transport)
    }

    private mutating func readDeadlines(_ fields: YAMLFields, _ transport: Configuration.Transport) {
        let heartbeat = fields.section("heartbeat")
        heartbeat?.span("interval", atLeast: .milliseconds(1), into: &heartbeatInterval)
        if let limit = heartbeat?.value(
            "missLimit", expected: "a count from 2 to 10000",
            { UInt32($0).flatMap { (2...10_000).contains($0) ? $0 : nil } })
        {
            missLimit = limit
        }
        let connect = fields.section("connect")
        connect?.span("attemptTimeout", atLeast: .milliseconds(10), into: &attemptTimeout)
        connect?.span("backoffStart", atLeast: .milliseconds(1), into: &backoffStart)
        connect?.span("backoffCap", atLeast: .milliseconds(1), into: &backoffCap)
        connect?.span("slowRetry", atLeast: .milliseconds(100), into: &slowRetry)
        connect?.span("handshakeTimeout", atLeast: .milliseconds(10), into: &handshakeTimeout)
        connect?.span("exchangeTimeout", atLeast: .milliseconds(100), into: &exchangeTimeout)
        let progress = fields.section("progress")
        progress?.span("listening", atLeast: .milliseconds(1), into: &listeningDeadline)
        progress?.span("loading", atLeast: .milliseconds(1), into: &loadingDeadline)
        if let limits = fields.section("limits") { clientLimits.read(limits) }
        if let section = fields.section("protocol") { readProtocol(section) }
        if backoffCap < backoffStart {
            connect?.refuse("backoffCap", "expected at least backoffStart")
        }
        // The transport tells when its retries are over, and that is evidence. Its work can be kept from a busy processor
        // while this process, which comes before it, runs: only long after its promise does the own clock decide.
        readDeadline = max(readDeadline, transport.bound * 4)
    }
}

extension Settings {
    private mutating func readProtocol(_ fields: YAMLFields) {
        let form = "a version from \(VersionRange.supported.lowest) to \(VersionRange.supported.highest)"
        let parse: (String) -> UInt16? = { text in
            UInt16(text).flatMap {
                ($0 >= VersionRange.supported.lowest && $0 <= VersionRange.supported.highest) ? $0 : nil
            }
        }
        let lowest = fields.value("lowest", expected: form, parse) ?? versions.lowest
        let highest = fields.value("highest", expected: form, parse) ?? versions.highest
        if let range = VersionRange(lowest: lowest, highest: highest) {
            versions = range
        } else {
            fields.refuse("highest", "expected at least lowest")
        }
        for (field, isRequired) in [("offers", false), ("requires", true)] {
            for name in fields.values(field, expected: Name.form, { Name($0) }) ?? [] {
                capabilities.append(PeerInformation.Capability(name: name, isRequired: isRequired))
                // What a side can do itself, its partner may require.
                knownCapabilities.insert(name)
            }
        }
        if capabilities.count > PeerInformation.capabilityLimit {
            fields.refuse("offers", "expected \(PeerInformation.capabilityLimit) capabilities at most")
        }
    }
}

extension ClientLimits {
    fileprivate mutating func read(_ fields: YAMLFields) {
        func count(_ name: String, _ most: UInt64, _ value: UInt64) -> UInt64 {
            fields.value(name, expected: "a number from 0 to \(most)") {
                UInt64($0).flatMap { $0 <= most ? $0 : nil }
            } ?? value
        }
        clients = UInt32(count("clients", 64, UInt64(clients)))
        portsOfOne = UInt32(count("portsOfOne", UInt64(Self.mostPorts), UInt64(portsOfOne)))
        ports = UInt32(count("ports", UInt64(Self.mostPorts), UInt64(ports)))
        memory = count("memory", 1 << 40, memory)
    }
}

extension Configuration {
    /// The one of `rail`, or those of `rails`.
    private static func rails(_ fields: YAMLFields) -> [Rail]? {
        let form = "a mapping with address, partnerAddress and, if wanted, bootPort"
        let one = fields.section("rail")
        guard let several = fields.list("rails") else {
            guard let one else {
                fields.refuse("rail", "is missing: expected \(form)")
                return nil
            }
            return Rail(fields: one).map { [$0] }
        }
        if one != nil { fields.refuse("rail", "expected either rail or rails, not both") }
        guard (1...RailID.limit).contains(several.count) else {
            fields.refuse("rails", "expected 1 to \(RailID.limit) rails, each \(form)")
            return nil
        }
        var rails: [Rail] = []
        for fields in several {
            guard let rail = Rail(fields: fields) else { continue }
            for (name, address) in [("address", rail.address), ("partnerAddress", rail.partnerAddress)]
            where rails.contains(where: {
                $0.address.gid == address.gid || $0.partnerAddress.gid == address.gid
            }) {
                fields.refuse(name, "“\(address.text)” is another rail's: expected an address of its own")
            }
            rails.append(rail)
        }
        return rails.count == several.count ? rails : nil
    }
}

extension Configuration.Rail {
    fileprivate init?(fields rail: YAMLFields) {
        let address = rail.address("address")
        let partnerAddress = rail.address("partnerAddress")
        let port = rail.value("bootPort", expected: "a port number from 1 to 65535") {
            UInt16($0).flatMap { $0 > 0 ? $0 : nil }
        }
        guard let address, let partnerAddress else { return nil }
        if let problem = partnerAddress.problem(asPartnerOf: address) {
            rail.refuse("partnerAddress", problem)
        }
        self.init(
            address: address, partnerAddress: partnerAddress,
            bootPort: port ?? Configuration.defaultBootPort)
    }
}

extension Configuration.BootSchedule {
    fileprivate init?(fields: YAMLFields?) {
        self.init(
            ccmStarting: .zero, storageOSLoading: .after(.milliseconds(500)),
            storageOSActive: .after(.seconds(3)))
        guard let fields else { return }
        fields.span("ccmStarting", atLeast: .zero, into: &ccmStarting)
        fields.moment("storageOSLoading", into: &storageOSLoading)
        fields.moment("storageOSActive", into: &storageOSActive)
        switch (storageOSLoading, storageOSActive) {
        case (.after(let loading), .after(let active)) where active < loading:
            fields.refuse("storageOSActive", "expected no earlier than storageOSLoading")
        case (.announced, .after):
            fields.refuse(
                "storageOSActive", "expected “announced”, as storageOSLoading is: it comes after that")
        default: break
        }
        if case .after(let loading) = storageOSLoading, loading < ccmStarting {
            fields.refuse(
                "storageOSLoading", "expected no earlier than ccmStarting: the CCM starts in the boot process"
            )
        }
    }
}

extension NodeIdentity {
    fileprivate init?(text: String) {
        let value = text.hasPrefix("0x") ? UInt64(text.dropFirst(2), radix: 16) : UInt64(text)
        guard let value, value != 0 else { return nil }
        self.init(value: value)
    }
}

extension YAMLFields {
    func span(_ name: String, atLeast least: TimeSpan, into span: inout TimeSpan) {
        let bound = least == .zero ? "" : ", at least \(least.nanoseconds / 1_000) us"
        let read = value(name, expected: TimeSpan.textForm + bound) { text in
            TimeSpan(ofADay: text).flatMap { $0 >= least ? $0 : nil }
        }
        if let read { span = read }
    }

    fileprivate func moment(_ name: String, into moment: inout Configuration.BootSchedule.Moment) {
        let read = value(name, expected: TimeSpan.textForm + ", or “announced”") { text in
            text == "announced"
                ? .announced : TimeSpan(ofADay: text).map(Configuration.BootSchedule.Moment.after)
        }
        if let read { moment = read }
    }

    /// A hardware address that has to be there. What is wrong with it is said in the address's own words.
    fileprivate func address(_ name: String) -> RailAddress? {
        guard let text = required(name, expected: RailAddress.form, { $0 }) else { return nil }
        do throws(AddressProblem) {
            return try RailAddress(text)
        } catch {
            refuse(name, "“\(text)” \(error)")
            return nil
        }
    }
}

extension TimeSpan {
    /// A span of a configuration, which is a day at most.
    fileprivate init?(ofADay text: String) {
        guard let span = TimeSpan(text: text), span <= .seconds(86_400) else { return nil }
        self = span
    }
}
