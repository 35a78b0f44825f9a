/// The programs and libraries that a run is made of, besides the kernel: all that what it does can depend on.
struct Userland: Sendable {
    private let programs: [String]
    private let checkout: Checkout

    /// What every run starts.
    private static let tools = [
        "sh", "env", "ip", "rdma", "tc", "tcpdump", "nsenter", "flock", "sleep", "cat", "mkdir", "rm",
        "busybox",
    ]

    /// - Parameter programs: those of the lab and of the partners, by their paths.
    init(programs: [String], _ checkout: Checkout) {
        self.programs = programs
        self.checkout = checkout
    }

    /// The SHA-256 of all of it, wherever it lies.
    ///
    /// - Throws: `LabError` where something is missing.
    func digest() async throws -> String {
        let libraries = try await Tool.run(
            checkout.keepResidentScript, ["--libraries"] + programs + Self.tools)
        guard libraries.status.isSuccess else { throw LabError(libraries.lastReason) }
        var files = programs + [checkout.fabricScript, "\(checkout.root)/scripts/lib/common.sh"]
        files += try Self.tools.map(Self.path)
        files += libraries.output.split(separator: "\n").map(String.init)
        return try await Self.digest(of: files)
    }

    /// Where a program is.
    private static func path(of name: String) throws(LabError) -> String {
        for folder in Tool.searchPath.split(separator: ":") where Files.exists("\(folder)/\(name)") {
            return "\(folder)/\(name)"
        }
        throw LabError("there is no program “\(name)”; scripts/setup installs what the lab needs")
    }

    /// The SHA-256 of the contents of files, in their order.
    ///
    /// - Throws: `LabError` where one cannot be read.
    static func digest(of files: [String]) async throws -> String {
        let each = try await Tool.run("sha256sum", ["--"] + files)
        guard each.status.isSuccess else { throw LabError(each.lastReason) }
        // Without the names: the same files are the same in every folder.
        let digests = each.output.split(separator: "\n").map { $0.prefix(64) + "\n" }.joined()
        let all = try await Tool.run("sha256sum", [], input: digests)
        guard all.status.isSuccess, all.output.utf8.count >= 64 else { throw LabError(all.lastReason) }
        return String(all.output.prefix(64))
    }
}
