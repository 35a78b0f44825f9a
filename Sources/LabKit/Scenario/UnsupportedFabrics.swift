import StrictYAML

/// The fabrics that a scenario cannot be run on.
enum UnsupportedFabrics {
    /// Reads `unsupported`: a reason for each fabric that is named.
    static func read(_ root: YAMLFields) -> [FabricKind: String] {
        guard let fields = root.section("unsupported") else { return [:] }
        var reasons: [FabricKind: String] = [:]
        for fabric in FabricKind.allCases {
            let form = "why it cannot be run on \(fabric.rawValue), in a sentence"
            reasons[fabric] = fields.value(fabric.rawValue, expected: form) { text in
                text.contains { !$0.isWhitespace } ? text : nil
            }
        }
        if fields.names.isEmpty {
            root.refuse("unsupported", "expected a fabric and why, such as uml: \"Busy loops take no time.\"")
        }
        if reasons.count == FabricKind.allCases.count {
            root.refuse(
                "unsupported",
                "names every fabric, so that the scenario can never be run; expected one of them left out")
        }
        return reasons
    }
}

extension Scenario {
    /// Why the scenario cannot be run on a fabric: what it declares itself, or what the fabric cannot do; nil where it can.
    package func reasonAgainst(_ fabric: FabricKind) -> String? {
        if let declared = unsupported[fabric] { return declared }
        switch fabric {
        case .sim: return SimulatedRun.obstacle(self)
        case .uml: return obstacleWithoutProcessorTime
        case .vm, .netns:
            guard hasInstants else { return nil }
            return "its instants are found by a run that is repeated exactly, and no two runs here are alike"
        }
    }

    /// What of the scenario means nothing where code takes no time.
    private var obstacleWithoutProcessorTime: String? {
        if busyLoops > 0 { return "its load takes processor time, and code takes none there" }
        let step = steps.first { $0.action == .starve || $0.action == .feed }
        return step.map { "step \($0.id) is about a share of a processor, and code takes no time there" }
    }
}
