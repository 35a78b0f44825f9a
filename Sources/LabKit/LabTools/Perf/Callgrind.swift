/// Valgrind's callgrind: runs a program and counts its instructions, by function. Where code takes no time and all chance
/// has a seed, a program does the same under it as without, and its counts are the same in each run.
enum Callgrind {
    /// What a command is preceded by, to be counted.
    ///
    /// - Parameter file: where the counts go: a part for each mark that the program sets, and one for the rest.
    static func command(_ file: String) -> [String] {
        [
            "valgrind", "--quiet", "--tool=callgrind", "--combine-dumps=yes",
            "--callgrind-out-file=\(file)",
        ]
    }

    /// The file for the counts of a partner's process such as `a1`, below its run's folder.
    static func file(of process: String) -> String { "counts-\(process).callgrind" }

    /// What a machine needs in which both partners are counted, in MiB.
    static let memory = 2_048

    /// Valgrind's version, such as `3.19.0`.
    ///
    /// - Throws: `LabError` where there is no Valgrind.
    static func version() async throws -> String {
        let outcome = try? await Tool.run("valgrind", ["--version"])
        guard let outcome, outcome.status.isSuccess, outcome.output.hasPrefix("valgrind-") else {
            throw LabError(
                "valgrind is missing, which counts instructions; scripts/setup installs it")
        }
        return String(outcome.output.trimmed.dropFirst("valgrind-".count))
    }

    /// Copies a program without what is for debuggers alone: older versions of Valgrind cannot read that of Swift. The
    /// names of functions stay.
    static func strip(_ program: String, to copy: String) async throws {
        let outcome = try await Tool.run("strip", ["--strip-debug", "-o", copy, program])
        guard outcome.status.isSuccess else {
            throw LabError("could not copy \(program) without what is for debuggers: \(outcome.reason)")
        }
    }
}
