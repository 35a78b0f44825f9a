import ClusterConnection
import Simulation

extension PartnerSettings {
    /// The node that a simulated fabric makes of these settings.
    ///
    /// - Parameters:
    ///   - rails: how many there are.
    ///   - opening: how long the process takes to open its RDMA devices, before its boot port answers.
    /// - Throws: `LabError` where a setting is one that `ccmd` would refuse.
    func plan(rails: Int, opening: TimeSpan) throws(LabError) -> NodePlan {
        guard let cluster = ClusterIdentity(cluster),
            let role = Role.allCases.first(where: { "\($0.name)" == role })
        else { throw LabError("cluster \(cluster) or role \(role) is none that ccmd takes") }
        var settings = Settings(
            node: NodeIdentity(value: node), partnerNode: NodeIdentity(value: partnerNode), cluster: cluster,
            role: role)
        settings.rails = rails
        settings.heartbeatInterval = heartbeatInterval
        settings.missLimit = UInt32(clamping: missLimit)
        settings.readDeadline = max(settings.readDeadline, transportBound * 4)
        settings.attemptTimeout = attemptTimeout
        settings.backoffStart = backoffStart
        settings.backoffCap = backoffCap
        settings.slowRetry = slowRetry
        settings.handshakeTimeout = handshakeTimeout
        settings.exchangeTimeout = exchangeTimeout
        settings.listeningDeadline = listeningDeadline
        settings.loadingDeadline = loadingDeadline
        settings.clientLimits = limits
        guard
            let versions = VersionRange(
                lowest: UInt16(clamping: speech.lowest), highest: UInt16(clamping: speech.highest))
        else { throw LabError("versions \(speech.lowest) to \(speech.highest) are no range") }
        settings.versions = versions
        for (names, isRequired) in [(speech.offers, false), (speech.requires, true)] {
            for text in names {
                guard let name = Name(text) else { throw LabError("“\(text)” is no name of a capability") }
                settings.capabilities.append(PeerInformation.Capability(name: name, isRequired: isRequired))
                settings.knownCapabilities.insert(name)
            }
        }
        var plan = NodePlan(settings)
        plan.boot = BootPlan(
            ccmStarting: ccmStarting, listening: ccmStarting + opening,
            storageOSLoading: storageOSLoading,
            storageOSActive: storageOSActive)
        plan.clients = try clients.map { client throws(LabError) in try client.plan }
        return plan
    }

    /// How long the transport tries once: 4.096 us x 2^ackTimeout, and the ticks of a 250 Hz kernel.
    var tryInterval: TimeSpan {
        .nanoseconds(4_096) * (UInt64(1) << min(ackTimeout, 30)) + .milliseconds(4)
    }

    /// How long until it gives up.
    var transportPatience: TimeSpan { tryInterval * (retryCount + 1) }

    private var transportBound: TimeSpan {
        (.nanoseconds(4_096) * (UInt64(1) << min(ackTimeout, 30)) + .milliseconds(8)) * (retryCount + 1)
    }
}

extension ClientSettings {
    /// The client's model; what a scenario leaves out is as in `ccmd`.
    fileprivate var plan: ClientPlan {
        get throws(LabError) {
            guard let name = Name(name) else { throw LabError("“\(self.name)” is no name of a client") }
            let hasPorts = kind != .failoverMonitor
            let information = ClientInformation(
                name: name, role: .symmetric, ports: hasPorts ? UInt32(clamping: ports ?? 1) : 0,
                memory: hasPorts ? memory ?? 262_144 : 0)
            let interval = interval ?? .milliseconds(10)
            let behaviour: ClientPlan.Behaviour =
                switch kind {
                case .messenger: .messenger(interval: interval)
                case .logMirror: .logMirror(interval: interval, recordBytes: recordBytes ?? 4_096)
                case .failoverMonitor:
                    .failoverMonitor(
                        goesAlone: (policy ?? .goAlone) == .goAlone, patience: patience ?? .seconds(5))
                }
            var plan = ClientPlan(information, behaviour)
            plan.registerAt = registerAt ?? .zero
            plan.withdrawAt = withdrawAt
            return plan
        }
    }
}
