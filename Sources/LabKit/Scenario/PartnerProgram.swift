import Glibc

/// A program that a partner is instead of `ccmd`: it keeps the contract of `docs/partner-contract.md`.
package struct PartnerProgram: Hashable, Sendable {
    /// The program and its first arguments, as the scenario has them.
    package var command: [String]
    /// The programs, files and folders that it starts or reads in its turn.
    package var needs: [String]

    /// How it is called in messages.
    var name: String { command.first.map { String($0.split(separator: "/").last ?? "?") } ?? "?" }

    /// What to read about it; ends a message.
    static let help = "docs/partner-contract.md says what a partner's program is to do"

    /// Where the program is.
    ///
    /// - Parameter root: the project's folder, which relative paths begin at.
    /// - Throws: `LabError` when the program, or what it needs, is not there.
    func path(root: String) throws(LabError) -> String {
        let word = command.first ?? ""
        guard let path = Self.find(word, root: root, X_OK) else {
            throw LabError("there is no program “\(word)”: \(Self.hint(word))")
        }
        for need in needs where Self.find(need, root: root, R_OK) == nil {
            throw LabError("\(name) needs “\(need)”, which is not there: \(Self.hint(need))")
        }
        return path
    }

    private static func hint(_ word: String) -> String {
        word.contains("/")
            ? "expected a file of that name; scripts/lib/build makes the programs of Lab/partners"
            : "install it; “scripts/setup --partners” installs what the programs of Lab/partners need"
    }

    /// The files that a run of it reads and that are there: the program, what it needs, and the arguments that are files.
    package func files(root: String) -> [String] {
        let named = command.dropFirst().filter { $0.contains("/") }
        return (command.prefix(1) + needs + named).compactMap { Self.find($0, root: root, R_OK) }
    }

    /// The path of a word: one with a slash is a path, any other is the name of a program in `PATH`.
    ///
    /// - Parameter mode: of access(2), what a path must allow.
    private static func find(_ word: String, root: String, _ mode: CInt) -> String? {
        guard !word.contains("/") else {
            let path = full(word, root: root)
            return access(path, mode) == 0 && (mode == R_OK || !Files.isFolder(path)) ? path : nil
        }
        let paths = Tool.searchPath.split(separator: ":").map { "\($0)/\(word)" }
        return paths.first { access($0, X_OK) == 0 && !Files.isFolder($0) }
    }

    private static func full(_ path: String, root: String) -> String {
        path.hasPrefix("/") ? path : "\(root)/\(path)"
    }
}

extension Scenario {
    /// The programs that partners are instead of `ccmd`.
    package var programs: [PartnerID: PartnerProgram] { partners.compactMapValues(\.program) }
}
