import Glibc

/// What decides where scenarios can run on this host.
package struct HostFacts: Sendable {
    package var isRoot: Bool
    package var kernelRelease: String
    /// Whether the kernel has Soft-RoCE, loaded or as a module.
    package var hasSoftRoCE: Bool

    /// Whether this is the lab's virtual machine, in which nothing is anybody else's.
    package static var isVirtualMachine: Bool { environmentValue("CCM_LAB_IN_VM") == "1" }

    /// This host, now.
    package static var now: HostFacts {
        let release = LabEnvironment.kernelRelease
        return HostFacts(
            isRoot: geteuid() == 0, kernelRelease: release, hasSoftRoCE: hasSoftRoCE(release))
    }

    /// Soft-RoCE works inside network namespaces from this kernel on.
    package var isNewEnough: Bool { Self.isNewEnough(kernelRelease) }

    /// Whether scenarios can run on this kernel, as far as can be told without trying.
    package var canRunHere: Bool { isRoot && hasSoftRoCE && isNewEnough }

    static func isNewEnough(_ release: String) -> Bool {
        let numbers = release.split(separator: ".").prefix(2).map { Int($0.prefix { $0.isNumber }) ?? 0 }
        guard numbers.count == 2 else { return false }
        return numbers[0] > 7 || (numbers[0] == 7 && numbers[1] >= 1)
    }

    private static func hasSoftRoCE(_ release: String) -> Bool {
        if Files.exists("/sys/module/rdma_rxe") { return true }
        return ["modules.dep", "modules.builtin"].contains { name in
            Files.text(of: "/lib/modules/\(release)/\(name)")?.contains("/rdma_rxe.ko") ?? false
        }
    }
}
