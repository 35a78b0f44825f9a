import Subprocess

/// A program of the host that the lab asks for one thing and waits for.
enum Tool {
    /// What a program did.
    struct Outcome: Sendable {
        var status: TerminationStatus
        var output: String
        var complaint: String

        /// The first line of its complaint, or how it ended.
        var reason: String {
            let line = complaint.split(separator: "\n").first.map(String.init) ?? ""
            return line.isEmpty ? "it ended with \(status.text)" : line
        }

        /// The last line of its complaint, for programs that say something else first.
        var lastReason: String {
            complaint.split(separator: "\n").last.map(String.init) ?? "it ended with \(status.text)"
        }
    }

    /// Runs a program to its end: one found in `PATH`, or one given by its path.
    ///
    /// - Parameter most: bytes that it may print.
    /// - Throws: when it could not be started, with its name.
    static func run(
        _ name: String, _ arguments: [String], input: String = "", most: Int = 1 << 20
    ) async throws -> Outcome {
        do {
            // A path goes by way of env(1), which starts whatever it names.
            let isPath = name.contains("/")
            let result = try await Subprocess.run(
                .name(isPath ? "env" : name), arguments: Arguments(isPath ? [name] + arguments : arguments),
                environment: toolEnvironment, platformOptions: ownGroup,
                input: .string(input), output: .string(limit: most), error: .string(limit: 1 << 18))
            // A program that was ended with its task has not done what it was asked for.
            try Task.checkCancellation()
            return Outcome(
                status: result.terminationStatus, output: result.standardOutput,
                complaint: result.standardError)
        } catch is CancellationError {
            throw CancellationError()
        } catch {
            throw LabError("could not run \(name): \(error)")
        }
    }

    /// A terminal's Ctrl-C is for the lab, which ends in good order what it has started.
    static var ownGroup: PlatformOptions {
        var options = PlatformOptions()
        options.processGroupID = 0
        return options
    }

    /// The caller's environment with the folders of system tools in `PATH`: a desktop user's lacks them.
    static var toolEnvironment: Environment { .inherit.updating(["PATH": searchPath]) }

    /// The folders in which tools are looked for.
    static var searchPath: String { (environmentValue("PATH") ?? "") + ":/usr/sbin:/sbin:/usr/bin:/bin" }
}

extension TerminationStatus {
    /// `status 1` or `signal 9`.
    var text: String {
        switch self {
        case .exited(let code): "status \(code)"
        case .signaled(let signal): "signal \(signal)"
        }
    }
}

/// Something that keeps the lab from doing what it was asked for.
package struct LabError: Error, CustomStringConvertible, Hashable, Sendable {
    /// What happened, and what to do about it.
    package var description: String

    package init(_ description: String) { self.description = description }
}
