/// Where a scenario can be run.
package enum FabricKind: String, CaseIterable, Sendable {
    /// Both connection managers in one process, without verbs.
    case sim
    /// Namespaces of a User-Mode Linux kernel in virtual time, in which code takes no time.
    case uml
    /// Namespaces of a kernel in a virtual machine.
    case vm
    /// Namespaces of the host's own kernel.
    case netns

    /// The environment variable that tells the lab on which fabric it runs.
    static let variable = "CCM_LAB_FABRIC"

    /// The fabric that runs on real verbs take place on here.
    package static var ofThisKernel: FabricKind {
        if environmentValue(variable) == uml.rawValue { return .uml }
        return environmentValue("CCM_LAB_IN_VM") == "1" ? .vm : .netns
    }
}
