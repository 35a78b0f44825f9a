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

    /// Asks the host.
    static func now(ccmd: String, root: String) async -> LabEnvironment {
        var name = utsname()
        uname(&name)
        let version = try? await Tool.run(ccmd, ["--version"])
        let package = try? await Tool.run("dpkg-query", ["-W", "-f", "${Version}", "librdmacm1"])
        return LabEnvironment(
            kernel: text(of: &name.release),
            kernelBuild: environmentValue("CCM_LAB_KERNEL_BUILD") ?? text(of: &name.version),
            rdmaCore: package.flatMap { $0.status.isSuccess ? $0.output.trimmed : nil } ?? "unknown",
            clock: environmentValue("CCM_LAB_CLOCK") ?? "real",
            fabric: environmentValue("CCM_LAB_IN_VM") == "1" ? "netns in a VM" : "netns",
            commit: commit(of: root),
            ccmd: version.flatMap { $0.status.isSuccess ? $0.output.trimmed : nil } ?? "unknown")
    }

    /// What a simulated run ran on: nothing but the lab itself.
    static func simulated(seed: UInt64, root: String) -> LabEnvironment {
        LabEnvironment(
            kernel: "none", kernelBuild: "none", rdmaCore: "none", clock: "virtual",
            fabric: "sim, seed \(seed)",
            commit: commit(of: root), ccmd: "none")
    }

    /// What the fabric is made of, for the last line of a run.
    var ground: String { kernel == "none" ? fabric : "kernel \(kernel)" }

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
            JSONObject([
                ("kernel", .string(kernel)), ("kernelBuild", .string(kernelBuild)),
                ("rdmaCore", .string(rdmaCore)),
                ("clock", .string(clock)), ("fabric", .string(fabric)), ("commit", .string(commit)),
                ("ccmd", .string(ccmd)),
            ]))
    }
}
