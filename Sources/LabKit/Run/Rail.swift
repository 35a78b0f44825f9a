/// A rail between the partners, as the lab cuts and heals it: a queueing discipline that loses every packet,
/// at both ends, so that neither side's hardware notices anything.
enum Rail {
    /// Cuts rails both ways.
    ///
    /// - Throws: when an end still lets packets through afterwards.
    static func cut(_ rails: Set<Int>) async throws {
        try await atBothEnds(of: rails) { device in
            "qdisc replace dev \(device) root netem loss 100%\nqdisc show dev \(device)\n"
        } confirm: { output in
            output.contains("netem") && output.contains("loss 100%")
        }
    }

    /// Heals rails both ways; a rail that is whole stays whole.
    ///
    /// - Throws: when an end still loses packets afterwards.
    static func heal(_ rails: Set<Int>) async throws {
        try await atBothEnds(of: rails) { device in
            "qdisc del dev \(device) root\nqdisc show dev \(device)\n"
        } confirm: { output in
            !output.contains("netem")
        }
    }

    private static func atBothEnds(
        of rails: Set<Int>, _ commands: @Sendable (String) -> String,
        confirm: @escaping @Sendable (String) -> Bool
    ) async throws {
        try await withThrowingTaskGroup(of: Void.self) { group in
            for (partner, rail) in PartnerID.allCases.flatMap({ partner in rails.map { (partner, $0) } }) {
                let device = FabricNames.link(of: partner, rail: rail)
                let script = commands(device)
                group.addTask {
                    let namespace = FabricNames.namespace(of: partner)
                    // One process does it and shows it. -force: deleting what is not there is no error.
                    let outcome = try await Tool.run(
                        "tc", ["-n", namespace, "-force", "-batch", "-"], input: script)
                    guard confirm(outcome.output) else {
                        throw LabError(
                            "tc on \(device) in \(namespace) did not take effect: \(outcome.reason)"
                                + (outcome.output.isEmpty ? "" : " (qdisc: \(outcome.output))"))
                    }
                }
            }
            try await group.waitForAll()
        }
    }
}
