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
        line.field("railFaults", railFaults)
        line.field("tornReads", tornReads)
        line.field("beats", beats)
        line.field("misses", misses)
        line.field("lateTicks", lateTicks)
        line.field("messagesSent", messagesSent)
        line.field("messagesReceived", messagesReceived)
        line.field("violations", violations)
        line.field("accessesRefused", accessesRefused)
        line.field("staleEvents", staleEvents)
        line.field(
            "rejects",
            object: { line in
                for reason in RejectReason.allCases { line.field(reason.name, rejects[Int(reason.rawValue)]) }
            })
        line.field(
            "losses",
            object: { line in
                for verdict in Verdict.allCases where verdict != .alive {
                    line.field(verdict.name, losses[Int(verdict.rawValue)])
                }
                line.field("none", losses[Tally.noVerdict])
            })
    }
}
