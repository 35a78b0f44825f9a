import Glibc

/// What `ccmlab doctor` finds: for each thing whether it is as it should be, and what mends it.
package struct Diagnosis: Sendable {
    struct Finding: Sendable {
        var name: String
        var isGood: Bool
        /// What was found.
        var text: String
        /// What mends it; empty where nothing has to be mended.
        var remedy: String
    }

    var onUML: [Finding]
    var onThisKernel: [Finding]
    var inVM: [Finding]
    var common: [Finding]

    /// Whether scenarios can run in one of the places.
    package var canRun: Bool {
        common.allSatisfy(\.isGood) && places.contains { $0.findings.allSatisfy(\.isGood) }
    }

    private var places: [(name: String, option: String, findings: [Finding])] {
        [
            ("on User-Mode Linux", "uml", onUML), ("in the virtual machine", "vm", inVM),
            ("on this kernel", "netns", onThisKernel),
        ]
    }

    /// Looks at this host.
    package static func now(ccmd: String?) async -> Diagnosis {
        let facts = HostFacts.now
        return Diagnosis(
            onUML: await umlFindings(), onThisKernel: await kernelFindings(facts), inVM: machineFindings(),
            common: commonFindings(ccmd))
    }

    private static func umlFindings() async -> [Finding] {
        let name = "User-Mode Linux kernel"
        let kernel: UMLKernel
        do throws(LabError) { kernel = try UMLKernel.find() } catch {
            return [Finding(name: name, isGood: false, text: "none", remedy: "\(error)")]
        }
        guard let checkout = try? Checkout(),
            let checked = try? await Tool.run(checkout.umlScript, ["--timeout", "60", "--check"])
        else {
            return [
                Finding(
                    name: name, isGood: false, text: "not tried without scripts/uml",
                    remedy: "set CCM_LAB_ROOT to the project's folder")
            ]
        }
        let release = (try? await kernel.release()) ?? "unknown"
        return [
            Finding(
                name: name, isGood: checked.status.isSuccess,
                text: checked.status.isSuccess ? "\(release), boots" : checked.lastReason,
                remedy: "scripts/setup builds another; scripts/uml --check says all that is wrong")
        ]
    }

    private static func kernelFindings(_ facts: HostFacts) async -> [Finding] {
        var findings = [
            Finding(
                name: "root", isGood: facts.isRoot, text: facts.isRoot ? "yes" : "no",
                remedy: "run as root, or use --fabric vm, which needs none"),
            Finding(
                name: "kernel", isGood: facts.isNewEnough, text: facts.kernelRelease,
                remedy: "Soft-RoCE works in network namespaces from Linux 7.1 on; use --fabric vm"),
            Finding(
                name: "Soft-RoCE (rdma_rxe)", isGood: facts.hasSoftRoCE,
                text: facts.hasSoftRoCE ? "there" : "this kernel has none",
                remedy: "install the kernel's extra modules, or use --fabric vm"),
        ]
        findings.append(await sharedMode())
        let missing = ["ip", "tc", "rdma", "tcpdump"].filter { !isInPath($0) }
        findings.append(
            Finding(
                name: "tools", isGood: missing.isEmpty,
                text: missing.isEmpty
                    ? "ip, tc, rdma, tcpdump" : "missing: \(missing.joined(separator: ", "))",
                remedy: "scripts/setup installs them"))
        return findings
    }

    private static func sharedMode() async -> Finding {
        let name = "RDMA namespaces"
        let remedy = "'rdma system set netns shared' while no other namespace exists"
        guard isInPath("rdma"), let outcome = try? await Tool.run("rdma", ["system", "show"]) else {
            return Finding(
                name: name, isGood: false, text: "not known without rdma(8)",
                remedy: "scripts/setup installs it")
        }
        guard outcome.status.isSuccess else {
            return Finding(
                name: name, isGood: false, text: "no RDMA in this kernel", remedy: "use --fabric vm")
        }
        let isShared = outcome.output.contains("netns shared")
        return Finding(
            name: name, isGood: isShared, text: isShared ? "shared" : "exclusive",
            remedy: isShared ? "" : remedy)
    }

    private static func machineFindings() -> [Finding] {
        let emulator = isInPath("qemu-system-x86_64")
        let kernel = labKernel()
        return [
            Finding(
                name: "QEMU", isGood: emulator, text: emulator ? "qemu-system-x86_64" : "not found",
                remedy: "scripts/setup installs it"),
            Finding(
                name: "lab kernel", isGood: kernel != nil, text: kernel ?? "none yet",
                remedy: "scripts/setup fetches it; CCM_LAB_KERNEL names another"),
        ]
    }

    private static func commonFindings(_ ccmd: String?) -> [Finding] {
        // Root's limit does not bind; in the virtual machine everything runs as root.
        var findings = [
            Finding(
                name: "memory lock limit", isGood: true,
                text: memoryLockLimit + " (does not bind root)", remedy: ""),
            Finding(
                name: "KVM", isGood: true,
                text: access("/dev/kvm", R_OK | W_OK) == 0
                    ? "/dev/kvm is there; scripts/vm tries it" : "none: the virtual machine is emulated",
                remedy: ""),
        ]
        do {
            let path = try Checkout().ccmd(ccmd)
            findings.append(Finding(name: "partner program", isGood: true, text: path, remedy: ""))
        } catch {
            findings.append(
                Finding(name: "partner program", isGood: false, text: "\(error)", remedy: "scripts/lib/build")
            )
        }
        return findings
    }

    /// The limit in the kernel's words: a number of bytes, or "unlimited".
    private static var memoryLockLimit: String {
        let lines = (Files.text(of: "/proc/self/limits") ?? "").split(separator: "\n")
        guard let line = lines.first(where: { $0.hasPrefix("Max locked memory") }) else { return "not known" }
        let limit = line.dropFirst("Max locked memory".count).split(separator: " ").first ?? ""
        return UInt64(limit).map { "\($0 / 1024) KiB" } ?? String(limit)
    }

    /// The folder of the kernel that `scripts/vm` boots; nil when there is none.
    private static func labKernel() -> String? {
        if let named = environmentValue("CCM_LAB_KERNEL") { return Files.isFolder(named) ? named : nil }
        guard let kernel = Files.cacheFolder.map({ "\($0)/kernels/current" }), Files.isFolder(kernel) else {
            return nil
        }
        return kernel
    }

    private static func isInPath(_ program: String) -> Bool {
        let folders =
            (environmentValue("PATH") ?? "").split(separator: ":") + [
                "/usr/sbin", "/sbin", "/usr/bin", "/bin",
            ]
        return folders.contains { access("\($0)/\(program)", X_OK) == 0 }
    }

    /// The findings as lines, and what they come to.
    package var lines: [String] {
        var lines: [String] = []
        for place in places {
            lines.append("\(place.name) (--fabric \(place.option)):")
            lines += place.findings.flatMap { Self.lines($0) }
        }
        lines += ["everywhere:"] + common.flatMap { Self.lines($0) }
        let works = places.filter { $0.findings.allSatisfy(\.isGood) }.map(\.name)
        lines.append("")
        lines.append(
            canRun
                ? "Scenarios run \(works.joined(separator: ", and "))."
                : "Scenarios cannot run here yet; see above.")
        return lines
    }

    private static func lines(_ finding: Finding) -> [String] {
        let head = "  \(finding.isGood ? "ok" : "no")  \(Table.left(finding.name, 22)) "
        let room = Table.width - 29
        var lines =
            finding.text.count <= room
            ? [head + finding.text] : [String(head.dropLast())] + Table.wrapped(finding.text, indent: 6)
        if !finding.isGood && !finding.remedy.isEmpty {
            lines += Table.wrapped("-> \(finding.remedy)", indent: 6)
        }
        return lines
    }
}
