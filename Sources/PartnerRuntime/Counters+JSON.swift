import ClusterConnection

extension Counters {
    /// Adds every counter under its own name.
    func describe(in line: inout JSONLine) {
        line.field("attempts", attempts)
        line.field("knocks", knocks)
        line.field("attemptsDropped", attemptsDropped)
        line.field("attemptsFailed", attemptsFailed)
        line.field("staleTransport", staleTransport)
        line.field("requests", requests)
        line.field("strangersRejected", strangersRejected)
        line.field("partnerRejected", partnerRejected)
        line.field("handshakesFailed", handshakesFailed)
        line.field("establishedCount", established)
        line.field("tornReads", tornReads)
        line.field("beats", beats)
        line.field("misses", misses)
        line.field("lateTicks", lateTicks)
        line.field("staleEvents", staleEvents)
    }
}
