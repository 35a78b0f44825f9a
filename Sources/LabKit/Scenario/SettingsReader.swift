import Addressing
import ClusterConnection
import StrictYAML

/// Reads what a scenario changes in the settings of a partner. The names and limits are those of the
/// configuration of `ccmd`, so that what passes here is not refused there.
struct SettingsReader {
    private let fields: YAMLFields
    /// Whether the settings are one partner's own: only then can they say where its place in the pair is.
    private let isOwn: Bool

    /// What stands under `settings`.
    static let names = [
        "role", "cluster", "rail", "boot", "heartbeat", "connect", "transport", "protocol", "progress",
        "limits",
        "clients",
    ]

    /// Settings of both partners.
    init(shared fields: YAMLFields) {
        self.fields = fields
        isOwn = false
    }

    /// Settings of one partner.
    init(own fields: YAMLFields) {
        self.fields = fields
        isOwn = true
    }

    /// Changes what the scenario changes.
    func apply(to settings: inout PartnerSettings) {
        if isOwn {
            let form = "a node identity other than 0"
            settings.node = fields.value("node", expected: form, Self.identity) ?? settings.node
            settings.partnerNode =
                fields.value("partnerNode", expected: form, Self.identity) ?? settings.partnerNode
        } else {
            fields.hint(
                ["node", "partnerNode"], "it stands under partners.a.settings or partners.b.settings")
        }
        settings.role =
            fields.choice("role", Role.allCases.map { ($0.word, $0.word) }, what: "a role") ?? settings.role
        settings.cluster =
            fields.value(
                "cluster", expected: "a UUID such as 5f0c7a52-9d4e-4c1b-8a53-1f2e3d4c5b6a", Self.uuid)
            ?? settings.cluster
        if let rail = fields.section("rail") { applyRail(rail, to: &settings) }
        if let boot = fields.section("boot") { Self.applyBoot(boot, to: &settings) }
        if let heartbeat = fields.section("heartbeat") { applyHeartbeat(heartbeat, to: &settings) }
        if let connect = fields.section("connect") { applyConnect(connect, to: &settings) }
        if let transport = fields.section("transport") { applyTransport(transport, to: &settings) }
        if let speech = fields.section("protocol") { ProtocolReader(speech).apply(to: &settings.speech) }
        if let progress = fields.section("progress") { applyProgress(progress, to: &settings) }
        if let limits = fields.section("limits") { applyLimits(limits, to: &settings.limits) }
        settings.clients = ClientsReader(fields).clients() ?? settings.clients
    }

    /// Changes the boot schedule, and refuses one whose phases do not follow each other.
    static func applyBoot(_ boot: YAMLFields, to settings: inout PartnerSettings) {
        settings.ccmStarting = boot.span("ccmStarting") ?? settings.ccmStarting
        settings.storageOSLoading = boot.span("storageOSLoading") ?? settings.storageOSLoading
        settings.storageOSActive = boot.span("storageOSActive") ?? settings.storageOSActive
        if settings.ccmStarting > settings.storageOSLoading {
            boot.refuse(
                "storageOSLoading", "expected ccmStarting (\(SpanText.exact(settings.ccmStarting))) or later")
        }
        if settings.storageOSLoading > settings.storageOSActive {
            let loading = SpanText.exact(settings.storageOSLoading)
            boot.refuse("storageOSActive", "expected storageOSLoading (\(loading)) or later")
        }
    }

    private func applyRail(_ rail: YAMLFields, to settings: inout PartnerSettings) {
        if isOwn {
            settings.address = Self.address("address", rail) ?? settings.address
            settings.partnerAddress = Self.address("partnerAddress", rail) ?? settings.partnerAddress
        }
        settings.bootPort =
            rail.value("bootPort", expected: "a port from 1 to 65535") { Self.count($0, 1...65_535) }
            ?? settings.bootPort
    }

    private func applyHeartbeat(_ heartbeat: YAMLFields, to settings: inout PartnerSettings) {
        settings.heartbeatInterval =
            heartbeat.span("interval", atLeast: .milliseconds(1)) ?? settings.heartbeatInterval
        settings.missLimit =
            heartbeat.value("missLimit", expected: "a count from 2 to 10000") {
                Self.count($0, 2...10_000)
            }
            ?? settings.missLimit
    }

    private func applyConnect(_ connect: YAMLFields, to settings: inout PartnerSettings) {
        settings.attemptTimeout =
            connect.span("attemptTimeout", atLeast: .milliseconds(10)) ?? settings.attemptTimeout
        settings.backoffStart =
            connect.span("backoffStart", atLeast: .milliseconds(1)) ?? settings.backoffStart
        settings.backoffCap =
            connect.span("backoffCap", atLeast: .milliseconds(1)) ?? settings.backoffCap
        settings.slowRetry =
            connect.span("slowRetry", atLeast: .milliseconds(100)) ?? settings.slowRetry
        settings.handshakeTimeout =
            connect.span("handshakeTimeout", atLeast: .milliseconds(10)) ?? settings.handshakeTimeout
        settings.exchangeTimeout =
            connect.span("exchangeTimeout", atLeast: .milliseconds(100)) ?? settings.exchangeTimeout
        if settings.backoffCap < settings.backoffStart {
            connect.refuse(
                "backoffCap", "expected at least backoffStart (\(SpanText.exact(settings.backoffStart)))")
        }
    }

    private func applyTransport(_ transport: YAMLFields, to settings: inout PartnerSettings) {
        settings.ackTimeout =
            transport.value("ackTimeout", expected: "an exponent from 8 to 22") { Self.count($0, 8...22) }
            ?? settings.ackTimeout
        settings.retryCount =
            transport.value(
                "retryCount", expected: "a count from 1 to 6 (Soft-RoCE takes 7 for “for ever”)"
            ) { Self.count($0, 1...6) } ?? settings.retryCount
    }

    private func applyProgress(_ progress: YAMLFields, to settings: inout PartnerSettings) {
        settings.listeningDeadline =
            progress.span("listening", atLeast: .milliseconds(1)) ?? settings.listeningDeadline
        settings.loadingDeadline =
            progress.span("loading", atLeast: .milliseconds(1)) ?? settings.loadingDeadline
    }

    private func applyLimits(_ fields: YAMLFields, to limits: inout ClientLimits) {
        func count(_ name: String, _ range: ClosedRange<UInt64>) -> UInt32? {
            fields.count(name, range).map { UInt32(truncatingIfNeeded: $0) }
        }
        let mostPorts = UInt64(ClientLimits.mostPorts)
        limits.clients = count("clients", 0...64) ?? limits.clients
        limits.portsOfOne = count("portsOfOne", 0...mostPorts) ?? limits.portsOfOne
        limits.ports = count("ports", 0...mostPorts) ?? limits.ports
        limits.memory =
            fields.count("memory", 0...(1 << 40), "a number of bytes") ?? limits.memory
    }

    private static func count(_ text: String, _ range: ClosedRange<UInt64>) -> UInt64? {
        UInt64(text).flatMap { range.contains($0) ? $0 : nil }
    }

    private static func identity(_ text: String) -> UInt64? { count(text, 1...UInt64.max) }

    private static func uuid(_ text: String) -> String? {
        let groups = text.split(separator: "-", omittingEmptySubsequences: false)
        guard groups.map(\.utf8.count) == [8, 4, 4, 4, 12], groups.joined().allSatisfy(\.isHexDigit) else {
            return nil
        }
        return text.lowercased()
    }

    private static func address(_ name: String, _ rail: YAMLFields) -> String? {
        guard let text = rail.value(name, expected: RailAddress.form, { $0 }) else { return nil }
        do throws(AddressProblem) {
            return try RailAddress(text).text
        } catch {
            rail.refuse(name, "“\(text)” \(error)")
            return nil
        }
    }
}

extension YAMLFields {
    /// A duration of a partner's settings: `ccmd` takes none that is longer than a day.
    func span(_ name: String, atLeast least: TimeSpan = .zero) -> TimeSpan? {
        let bound = least == .zero ? "" : ", at least \(SpanText.exact(least))"
        let span = value(name, expected: TimeSpan.textForm + bound) { text in
            TimeSpan(text: text).flatMap { $0 >= least ? $0 : nil }
        }
        if let span, span > .seconds(86_400) { refuse(name, "expected at most a day (1440min)") }
        return span
    }
}
