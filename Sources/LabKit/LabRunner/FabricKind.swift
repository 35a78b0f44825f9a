/// Where a scenario runs.
package enum FabricKind: String, CaseIterable, Hashable, Sendable {
    /// In the simulator: no kernel, virtual time.
    case sim
    /// On a User-Mode Linux kernel of its own: real verbs, virtual time in which code takes no time.
    case uml
    /// In a QEMU microVM: real verbs, virtual time that counts instructions, or real time.
    case vm
    /// On this kernel: real verbs, real time.
    case netns

    /// The fabric of runs on real verbs that take place on this kernel: what the lab's machines say of themselves.
    package static var ofThisKernel: FabricKind {
        environmentValue("CCM_LAB_FABRIC").flatMap { FabricKind(rawValue: $0) } ?? .netns
    }
}
