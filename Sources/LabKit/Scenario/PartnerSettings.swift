import Addressing
import ClusterConnection

/// What one partner process is configured with, before the fabric's addresses are filled in.
///
/// The defaults are those of `ccmd`, except that the lab lets the storage operating system come up late
/// enough for every ordinary boot to be connected before it.
package struct PartnerSettings: Hashable, Sendable {
    package var node: UInt64
    package var partnerNode: UInt64
    package var role = "storageSystem"
    package var cluster = "5f0c7a52-9d4e-4c1b-8a53-1f2e3d4c5b6a"
    package var address: String
    package var partnerAddress: String
    package var bootPort: UInt64 = 17_320
    /// The rails behind the first one.
    package var moreRails: [RailEnds] = []
    package var ccmStarting = TimeSpan.milliseconds(20)
    package var storageOSLoading = TimeSpan.milliseconds(500)
    package var storageOSActive = TimeSpan.seconds(3)
    package var heartbeatInterval = TimeSpan.milliseconds(10)
    package var missLimit: UInt64 = 50
    package var attemptTimeout = TimeSpan.milliseconds(300)
    package var backoffStart = TimeSpan.milliseconds(5)
    package var backoffCap = TimeSpan.milliseconds(500)
    package var slowRetry = TimeSpan.seconds(2)
    package var handshakeTimeout = TimeSpan.seconds(1)
    package var exchangeTimeout = TimeSpan.seconds(5)
    package var ackTimeout: UInt64 = 12
    package var retryCount: UInt64 = 5
    package var speech = ProtocolSettings()
    package var listeningDeadline = TimeSpan.seconds(60)
    package var loadingDeadline = TimeSpan.seconds(300)
    package var limits = ClientLimits()
    package var clients: [ClientSettings] = []

    /// The settings of a partner on the lab's own fabric.
    ///
    /// - Parameters:
    ///   - addressing: how the hardware addresses of the rails' ends are written.
    ///   - rails: how many there are.
    package init(_ partner: PartnerID, addressing: RailAddress.Kind = .ipv4, rails: Int = 1) {
        node = partner == .a ? 1 : 2
        partnerNode = partner == .a ? 2 : 1
        address = FabricNames.address(of: partner, addressing)
        partnerAddress = FabricNames.address(of: partner.other, addressing)
        moreRails = (0..<rails).dropFirst().map {
            RailEnds(
                address: FabricNames.address(of: partner, addressing, rail: $0),
                partnerAddress: FabricNames.address(of: partner.other, addressing, rail: $0))
        }
    }

    /// The hardware addresses of a rail's two ends.
    package struct RailEnds: Hashable, Sendable {
        package var address: String
        package var partnerAddress: String
    }

    /// The configuration file of `ccmd`, in YAML. Of what only some scenarios speak of, it holds what differs
    /// from the default, so that a configuration shows what is special about its scenario.
    ///
    /// - Parameters:
    ///   - partner: whose settings these are.
    ///   - control: path of the control socket; nil for none.
    ///   - recording: path of the recording; nil for none.
    ///   - writeDelay: how long history and recording may wait to be written; nil for as long as usual.
    ///   - failpoint: the failpoint of this boot; nil for none.
    package func configuration(
        for partner: PartnerID, control: String?, recording: String? = nil,
        writeDelay: TimeSpan? = nil, failpoint: Failpoint?
    ) -> String {
        var text = """
            partner: \(partner.rawValue)
            node: \(node)
            partnerNode: \(partnerNode)
            role: \(role)
            cluster: \(cluster)
            \(railsConfiguration)
            boot:
              ccmStarting: \(SpanText.exact(ccmStarting))
              storageOSLoading: \(SpanText.exact(storageOSLoading))
              storageOSActive: \(SpanText.exact(storageOSActive))
            heartbeat:
              interval: \(SpanText.exact(heartbeatInterval))
              missLimit: \(missLimit)
            connect:
              attemptTimeout: \(SpanText.exact(attemptTimeout))
              backoffStart: \(SpanText.exact(backoffStart))
              backoffCap: \(SpanText.exact(backoffCap))
              handshakeTimeout: \(SpanText.exact(handshakeTimeout))
            \(special("slowRetry", slowRetry, \.slowRetry))\
            \(special("exchangeTimeout", exchangeTimeout, \.exchangeTimeout))\
            transport:
              ackTimeout: \(ackTimeout)
              retryCount: \(retryCount)

            """
        text += speech.configuration + progressConfiguration + limitsConfiguration
        if !clients.isEmpty { text += "clients:\n" + clients.map(\.configuration).joined() }
        if let control { text += "control: \(control)\n" }
        if let recording { text += "recording: \(ConfigurationText.quoted(recording))\n" }
        if let writeDelay { text += "writeDelay: \(SpanText.exact(writeDelay))\n" }
        if let failpoint {
            text += "lab:\n  \(failpoint.act.rawValue)After: \(failpoint.after.rawValue)\n"
            if failpoint.delay != .zero { text += "  failDelay: \(SpanText.exact(failpoint.delay))\n" }
        }
        return text
    }

    /// What a partner's program that reads no YAML is told instead, of its first rail: the variables that
    /// `docs/partner-contract.md` lists.
    func environment(for partner: PartnerID) -> [(name: String, value: String)] {
        func span(_ span: TimeSpan) -> String { "\(span.nanoseconds)" }
        return [
            ("CCM_PARTNER", partner.rawValue), ("CCM_NODE", "\(node)"),
            ("CCM_PARTNER_NODE", "\(partnerNode)"),
            ("CCM_ROLE", role), ("CCM_CLUSTER", cluster), ("CCM_RAILS", "\(1 + moreRails.count)"),
            ("CCM_ADDRESS", address), ("CCM_PARTNER_ADDRESS", partnerAddress),
            ("CCM_BOOT_PORT", "\(bootPort)"),
            ("CCM_INTERFACE", FabricNames.link(of: partner)), ("CCM_DEVICE", FabricNames.device(of: partner)),
            ("CCM_STARTING_NS", span(ccmStarting)), ("CCM_LOADING_NS", span(storageOSLoading)),
            ("CCM_ACTIVE_NS", span(storageOSActive)),
            ("CCM_HEARTBEAT_NS", span(heartbeatInterval)), ("CCM_MISS_LIMIT", "\(missLimit)"),
            ("CCM_ATTEMPT_NS", span(attemptTimeout)), ("CCM_BACKOFF_START_NS", span(backoffStart)),
            ("CCM_BACKOFF_CAP_NS", span(backoffCap)), ("CCM_SLOW_RETRY_NS", span(slowRetry)),
            ("CCM_HANDSHAKE_NS", span(handshakeTimeout)), ("CCM_EXCHANGE_NS", span(exchangeTimeout)),
            ("CCM_ACK_TIMEOUT", "\(ackTimeout)"), ("CCM_RETRY_COUNT", "\(retryCount)"),
        ]
    }

    private var railsConfiguration: String {
        let ends = [RailEnds(address: address, partnerAddress: partnerAddress)] + moreRails
        let fields = ends.map { ends in
            ["address: \(ends.address)", "partnerAddress: \(ends.partnerAddress)", "bootPort: \(bootPort)"]
        }
        guard fields.count > 1 else { return "rail:\n  " + fields[0].joined(separator: "\n  ") }
        return "rails:\n" + fields.map { "  - " + $0.joined(separator: "\n    ") }.joined(separator: "\n")
    }

    /// A line of a section, where a span differs from its default; empty where it does not.
    private func special(
        _ name: String, _ span: TimeSpan, _ path: KeyPath<PartnerSettings, TimeSpan>
    ) -> String {
        span == Self.standard[keyPath: path] ? "" : "  \(name): \(SpanText.exact(span))\n"
    }

    private var progressConfiguration: String {
        let lines =
            special("listening", listeningDeadline, \.listeningDeadline)
            + special("loading", loadingDeadline, \.loadingDeadline)
        return lines.isEmpty ? "" : "progress:\n" + lines
    }

    private var limitsConfiguration: String {
        let standard = ClientLimits()
        var fields: [(String, String)] = []
        if limits.clients != standard.clients { fields.append(("clients", "\(limits.clients)")) }
        if limits.portsOfOne != standard.portsOfOne { fields.append(("portsOfOne", "\(limits.portsOfOne)")) }
        if limits.ports != standard.ports { fields.append(("ports", "\(limits.ports)")) }
        if limits.memory != standard.memory { fields.append(("memory", "\(limits.memory)")) }
        return ConfigurationText.section("limits", fields)
    }

    /// What nobody has changed anything of.
    private static let standard = PartnerSettings(.a)
}
