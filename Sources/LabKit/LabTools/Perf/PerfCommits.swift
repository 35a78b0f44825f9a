import ClusterConnection

/// Builds the partner program of commits, each in a work tree of its own beside the project's, and keeps them.
package struct PerfCommits: Sendable {
    private let checkout: Checkout
    private let folder: String

    /// Why a commit has no program.
    package struct Unbuildable: Error, CustomStringConvertible, Sendable {
        package var description: String
    }

    /// - Throws: `LabError` where there is no place for them.
    package init(_ checkout: Checkout) throws(LabError) {
        guard let cache = Files.cacheFolder else {
            throw LabError("neither HOME nor CCM_LAB_CACHE is set; set one, for the programs of commits")
        }
        self.checkout = checkout
        folder = "\(cache)/perf"
    }

    /// The whole name of a commit.
    ///
    /// - Throws: `LabError` for what names none.
    package func commit(_ name: String) async throws -> String {
        let outcome = try await git(["rev-parse", "--verify", "--quiet", "\(name)^{commit}"])
        guard outcome.status.isSuccess else {
            throw LabError("“\(name)” is neither a file nor a commit of \(checkout.root)")
        }
        return outcome.output.trimmed
    }

    /// The commits behind `good` up to `bad`, oldest first, along the first parents.
    ///
    /// - Throws: `LabError` where the one does not lead to the other.
    package func between(_ good: String, _ bad: String) async throws -> [String] {
        guard try await git(["merge-base", "--is-ancestor", good, bad]).status.isSuccess else {
            throw LabError(
                "\(PerfRecorder.short(good)) does not lead to \(PerfRecorder.short(bad)): name an earlier commit first, "
                    + "then a later one of the same branch")
        }
        let outcome = try await git(["rev-list", "--reverse", "--first-parent", "\(good)..\(bad)"])
        guard outcome.status.isSuccess else { throw LabError("git: \(outcome.reason)") }
        return outcome.output.split(separator: "\n").map(String.init)
    }

    /// All commits up to one, oldest first, along the first parents.
    package func upTo(_ commit: String) async throws -> [String] {
        let outcome = try await git(["rev-list", "--reverse", "--first-parent", commit])
        guard outcome.status.isSuccess else { throw LabError("git: \(outcome.reason)") }
        return outcome.output.split(separator: "\n").map(String.init)
    }

    /// What a commit is called in its history.
    package func subject(_ commit: String) async -> String {
        let outcome = try? await git(["log", "-1", "--format=%s", commit])
        return outcome.map { $0.output.trimmed } ?? ""
    }

    /// Whether files that git knows differ from the commit.
    package func isChanged() async throws -> Bool {
        let outcome = try await git(["status", "--porcelain", "--untracked-files=no"])
        return !outcome.output.trimmed.isEmpty
    }

    /// The partner program of a commit, built where it is not there yet.
    ///
    /// - Throws: `Unbuildable`, with the compiler's words, and `LabError` where git fails.
    package func program(_ commit: String, _ display: inout Display) async throws -> String {
        let program = "\(folder)/ccmd-\(commit)"
        if Files.exists(program) { return program }
        // One work tree for all of a project: what two commits have in common is compiled once.
        var digest = Digest()
        digest.add(checkout.root)
        let tree = "\(folder)/tree-\(String(digest.value, radix: 16))"
        try Files.makeFolder(folder)
        display.status("building ccmd of \(PerfRecorder.short(commit))")
        if !Files.exists("\(tree)/.git") {
            _ = try await git(["worktree", "prune"])
            Files.removeFolder(tree)
            let added = try await git(["worktree", "add", "--detach", "--force", tree, commit])
            guard added.status.isSuccess else { throw LabError("git worktree: \(added.lastReason)") }
        }
        let switched = try await Tool.run(
            "git", ["-C", tree, "checkout", "--quiet", "--force", "--detach", commit])
        guard switched.status.isSuccess else { throw LabError("git checkout: \(switched.lastReason)") }
        let built = try await Tool.run(
            "swift",
            ["build", "--package-path", tree, "--configuration", "release", "--product", "ccmd"]
                + ["--static-swift-stdlib", "-Xlinker", "--gc-sections"], most: 16 << 20)
        guard built.status.isSuccess else {
            let words = (built.output + built.complaint).split(separator: "\n")
            let error = words.first { $0.contains("error:") } ?? words.last ?? ""
            throw Unbuildable(description: "\(PerfRecorder.short(commit)) does not build: \(error)")
        }
        try Files.copy("\(tree)/.build/release/ccmd", to: program)
        return program
    }

    private func git(_ arguments: [String]) async throws -> Tool.Outcome {
        try await Tool.run("git", ["-C", checkout.root] + arguments)
    }
}
