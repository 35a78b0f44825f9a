import Glibc
import Subprocess

/// What a run ran on: `environment.json`.
package struct LabEnvironment: Sendable {
    package var kernel: String
    package var kernelBuild: String
    package var rdmaCore: String
    package var clock: String
    package var fabric: String
    package var commit: String
    package var ccmd: String
    /// What the runs were made of, by name: the SHA-256 of each. Runs that repeat to the byte do so only with the same.
    package var digests: [(name: String, digest: String)] = []

    /// Asks the host.
    static func now(ccmd: String, root: String) async -> LabEnvironment {
        var name = utsname()
        uname(&name)
        return LabEnvironment(
            kernel: text(of: &name.release),
            kernelBuild: environmentValue("CCM_LAB_KERNEL_BUILD") ?? text(of: &name.version),
            rdmaCore: await rdmaCore(),
            clock: environmentValue("CCM_LAB_CLOCK") ?? "real",
            fabric: environmentValue("CCM_LAB_IN_VM") == "1" ? "netns in a VM" : "netns",
            commit: commit(of: root), ccmd: await version(of: ccmd))
    }

    private static func version(of program: String) async -> String {
        guard let told = try? await Tool.run(program, ["--version"]), told.status.isSuccess else {
            return "unknown"
        }
        return told.output.trimmed
    }

    private static func rdmaCore() async -> String {
        let package = try? await Tool.run("dpkg-query", ["-W", "-f", "${Version}", "librdmacm1"])
        return package.flatMap { $0.status.isSuccess ? $0.output.trimmed : nil } ?? "unknown"
    }

    /// What runs on User-Mode Linux machines run on.
    ///
    /// - Throws: `LabError` without such a kernel.
    static func userModeLinux(
        ccmd: String, checkout: Checkout, scenarios: [Scenario]
    ) async throws -> LabEnvironment {
        let kernel = try UMLKernel.find()
        async let version = version(of: ccmd)
        async let rdmaCore = rdmaCore()
        let files = scenarios.flatMap { $0.programs.values }.flatMap { $0.files(root: checkout.root) }
        async let userland = Userland(programs: [ccmd, Checkout.program] + files, checkout).digest()
        let release = try await kernel.release()
        return LabEnvironment(
            kernel: release, kernelBuild: release, rdmaCore: await rdmaCore, clock: "virtual",
            fabric: FabricKind.uml.rawValue, commit: commit(of: checkout.root), ccmd: await version,
            digests: [("kernelDigest", try await kernel.digest()), ("userlandDigest", try await userland)])
    }

    /// What a simulated run ran on: nothing but the lab itself.
    static func simulated(seeds: SeedChoice, root: String) -> LabEnvironment {
        let seed = if case .fixed(let seed) = seeds { ", seed \(seed)" } else { "" }
        return LabEnvironment(
            kernel: "none", kernelBuild: "none", rdmaCore: "none", clock: "virtual",
            fabric: FabricKind.sim.rawValue + seed,
            commit: commit(of: root), ccmd: "none")
    }

    /// What the fabric is made of, for the last line of a run.
    var ground: String {
        if kernel == "none" { return fabric }
        return fabric == FabricKind.uml.rawValue ? "User-Mode Linux \(kernel)" : "kernel \(kernel)"
    }

    /// Whether the fabric is on this kernel, and this is no machine that ends with its command.
    var isHere: Bool { fabric == "netns" }

    /// The running kernel's release.
    package static var kernelRelease: String {
        var name = utsname()
        uname(&name)
        return text(of: &name.release)
    }

    private static func text<Tuple>(of tuple: inout Tuple) -> String {
        withUnsafeBytes(of: &tuple) { String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self) }
    }

    /// The commit that is checked out, without starting git: the lab's own tree may belong to someone else.
    private static func commit(of root: String) -> String {
        guard let head = Files.text(of: "\(root)/.git/HEAD")?.trimmed else { return "none" }
        guard head.hasPrefix("ref: ") else { return head }
        let reference = String(head.dropFirst(5))
        if let commit = Files.text(of: "\(root)/.git/\(reference)") { return commit.trimmed }
        let packed = Files.text(of: "\(root)/.git/packed-refs") ?? ""
        for line in packed.split(separator: "\n") where line.hasSuffix(" " + reference) {
            return String(line.prefix { $0 != " " })
        }
        return "none"
    }

    package var json: JSONValue {
        .object(
            JSONObject(
                [
                    ("kernel", .string(kernel)), ("kernelBuild", .string(kernelBuild)),
                    ("rdmaCore", .string(rdmaCore)),
                    ("clock", .string(clock)), ("fabric", .string(fabric)), ("commit", .string(commit)),
                    ("ccmd", .string(ccmd)),
                ] + digests.map { ($0.name, .string($0.digest)) }))
    }
}
