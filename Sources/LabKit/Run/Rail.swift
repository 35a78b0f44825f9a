/// The rail between the partners, as the lab cuts and heals it: a queueing discipline that loses every packet,
/// at both ends, so that neither side's hardware notices anything.
enum Rail {
    /// Cuts the rail both ways.
    ///
    /// - Throws: when either end still lets packets through afterwards.
    static func cut() async throws {
        try await atBothEnds { device in
            "qdisc replace dev \(device) root netem loss 100%\nqdisc show dev \(device)\n"
        } confirm: { output in
            output.contains("netem") && output.contains("loss 100%")
        }
    }

    /// Heals the rail both ways; a rail that is whole stays whole.
    ///
    /// - Throws: when either end still loses packets afterwards.
    static func heal() async throws {
        try await atBothEnds { device in
            "qdisc del dev \(device) root\nqdisc show dev \(device)\n"
        } confirm: { output in
            !output.contains("netem")
        }
    }

    private static func atBothEnds(
        _ commands: @Sendable (String) -> String, confirm: @escaping @Sendable (String) -> Bool
    ) async throws {
        try await withThrowingTaskGroup(of: Void.self) { group in
            for partner in PartnerID.allCases {
                let device = FabricNames.link(of: partner)
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
