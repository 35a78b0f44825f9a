import ClusterConnection

// The settings of a connection manager, all of them: a manager that is told less may do something else.

extension MessageWriter {
    mutating func append(_ settings: Settings) {
        append(settings.node.value)
        append(settings.partnerNode.value)
        append(settings.cluster.low)
        append(settings.cluster.high)
        append(settings.role)
        append(settings.versions)
        append(UInt64(clamping: settings.rails))
        append(settings.heartbeatInterval)
        append(settings.missLimit)
        append(settings.readDeadline)
        append(settings.attemptTimeout)
        append(settings.backoffStart)
        append(settings.backoffCap)
        append(settings.slowRetry)
        append(settings.handshakeTimeout)
        append(settings.handshakePoll)
        append(settings.exchangeTimeout)
        append(settings.listeningDeadline)
        append(settings.loadingDeadline)
        append(settings.clientLimits.clients)
        append(settings.clientLimits.portsOfOne)
        append(settings.clientLimits.ports)
        append(settings.clientLimits.memory)
        append(list: settings.capabilities) { writer, capability in
            writer.append(capability.name)
            writer.append(capability.isRequired)
        }
        // A set has no order of its own.
        append(list: settings.knownCapabilities.sorted { $0.text < $1.text }) { $0.append($1) }
    }
}

extension MessageReader {
    mutating func settings() throws(WireError) -> Settings {
        let node = NodeIdentity(value: try long())
        let partnerNode = NodeIdentity(value: try long())
        let cluster = ClusterIdentity(low: try long(), high: try long())
        let role: Role = try choice()
        var settings = Settings(
            node: node, partnerNode: partnerNode, cluster: cluster, role: role, versions: try versions())
        settings.rails = Int(clamping: try long())
        settings.heartbeatInterval = try span()
        settings.missLimit = try word()
        settings.readDeadline = try span()
        settings.attemptTimeout = try span()
        settings.backoffStart = try span()
        settings.backoffCap = try span()
        settings.slowRetry = try span()
        settings.handshakeTimeout = try span()
        settings.handshakePoll = try span()
        settings.exchangeTimeout = try span()
        settings.listeningDeadline = try span()
        settings.loadingDeadline = try span()
        settings.clientLimits.clients = try word()
        settings.clientLimits.portsOfOne = try word()
        settings.clientLimits.ports = try word()
        settings.clientLimits.memory = try long()
        settings.capabilities = try list { reader throws(WireError) in
            PeerInformation.Capability(name: try reader.name(), isRequired: try reader.flag())
        }
        settings.knownCapabilities = Set(
            try list { reader throws(WireError) in try reader.name() })
        return settings
    }
}
