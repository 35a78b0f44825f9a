import ClusterConnection

/// Which scenario is run where.
package struct FabricAssignment: Sendable {
    /// Each run on a User-Mode Linux machine of its own.
    package private(set) var onMachines: [Scenario] = []
    /// All in one QEMU machine.
    package private(set) var inVM: [Scenario] = []
    /// On the fabric that was asked for, where that is neither.
    package private(set) var elsewhere: [Scenario] = []
    /// What none of them can carry out, and why.
    package private(set) var leftOut: [LeftOut] = []

    /// - Parameters:
    ///   - fabric: the one to be preferred.
    ///   - isBinding: whether it was asked for, so that no other will do.
    ///   - measuresSpeed: whether speed is what the run is about: that is counted, and only the virtual machine counts.
    package init(
        _ scenarios: [Scenario], preferring fabric: FabricKind, isBinding: Bool, measuresSpeed: Bool
    ) {
        for scenario in scenarios {
            let obstacle =
                measuresSpeed && fabric == .uml
                ? LeftOut(scenario: scenario.name, why: "not on uml: speed is measured where code takes time")
                : LeftOut(scenario, on: fabric)
            switch (obstacle, fabric) {
            case (nil, .uml): onMachines.append(scenario)
            case (nil, .vm): inVM.append(scenario)
            case (nil, .sim), (nil, .netns): elsewhere.append(scenario)
            case (.some, .uml) where !isBinding && LeftOut(scenario, on: .vm) == nil: inVM.append(scenario)
            case (let obstacle?, _): leftOut.append(obstacle)
            }
        }
    }

    /// Where they are run, for a sentence.
    package var inWords: String {
        switch (onMachines.count, inVM.count) {
        case (0, 0): "network namespaces of this kernel"
        case (_, 0): "User-Mode Linux"
        case (0, _): "the virtual machine"
        case (_, let others):
            "User-Mode Linux, and \(others) \(others == 1 ? "scenario" : "scenarios") in the virtual machine"
        }
    }
}
