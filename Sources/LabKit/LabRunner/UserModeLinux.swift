import ClusterConnection
import Glibc
import Subprocess

/// A User-Mode Linux machine of `scripts/uml`: it boots for one command and ends with it.
struct UserModeLinux: Sendable {
    var script: String
    /// What all random numbers of the machine come from.
    var seed: UInt64
    /// The folder of this host that the guest sees as `/run/ccm-lab/results`.
    var results: String
    /// How long it may take, by this host's clock.
    var patience: TimeSpan
    /// Which of the processors it runs on; nil for any. Kernel and programs of a machine take turns, and two that
    /// share a processor do so fastest.
    var processor: Int?
    /// Its memory, in MiB; nil for as much as usual.
    var memory: Int?

    /// How a command in a machine ended.
    struct Outcome: Sendable {
        /// The command's exit status, or that of `scripts/uml`: 124 when it took too long or hung, 125 when the
        /// machine failed.
        var status: Int32
        var output: String
        var complaint: String

        /// The last line of its complaint.
        var reason: String {
            complaint.split(separator: "\n").last.map(String.init) ?? "it ended with status \(status)"
        }
    }

    /// Runs the lab in the machine, to its end: the same bytes wherever checkout and programs lie on this host.
    ///
    /// - Parameters:
    ///   - checkout: the project's folder.
    ///   - ccmd: the partner program.
    ///   - arguments: those of the lab.
    ///   - files: what else is read there.
    /// - Throws: `LabError` when the script could not be started; `CancellationError` when this task was cancelled. The
    ///   machine is gone then.
    func runLab(
        in checkout: String, ccmd: String, _ arguments: [String], files: [String] = []
    ) async throws -> Outcome {
        let names = [("root", checkout), ("ccmlab", Checkout.program), ("ccmd", ccmd)]
        let command =
            ["--anywhere"] + names.flatMap { ["--as", "\($0)=\($1)"] }
            + ["--", "/run/ccm-lab/ccmlab"] + arguments + ["--ccmd", "/run/ccm-lab/ccmd"]
        // What is named on the machine's command line is there, also where a folder of the guest's own covers it.
        return try await run(command + (files.isEmpty ? [] : ["--"] + files))
    }

    /// Runs a command in the machine, with options of `scripts/uml` before it.
    func run(_ command: [String]) async throws -> Outcome {
        var arguments = ["--pdeathsig", "TERM", "--"]
        if let processor { arguments += ["taskset", "--cpu-list", "\(processor)"] }
        arguments += [script, "--seed", "\(seed)", "--results", results]
        if let memory { arguments += ["--memory", "\(memory)"] }
        arguments += ["--timeout", "\(max(1, patience.nanoseconds / 1_000_000_000))"]
        // A group of its own: the machine hears of Ctrl-C from the lab alone, and ends in good order.
        var options = PlatformOptions()
        options.processGroupID = 0
        options.teardownSequence = [.send(signal: .terminate, allowedDurationToNextStep: .seconds(30))]
        do {
            let result = try await Subprocess.run(
                .name("setpriv"), arguments: Arguments(arguments + command),
                environment: Tool.toolEnvironment, platformOptions: options, input: .none,
                output: .string(limit: 1 << 20),
                error: .string(limit: 1 << 18))
            try Task.checkCancellation()
            let status: Int32 =
                switch result.terminationStatus {
                case .exited(let code): code
                case .signaled(let signal): 128 + signal
                }
            return Outcome(status: status, output: result.standardOutput, complaint: result.standardError)
        } catch is CancellationError {
            throw CancellationError()
        } catch {
            throw LabError("could not run \(script): \(error)")
        }
    }

    /// The processors that this process may run on.
    static var processors: [Int] {
        let lines = (Files.text(of: "/proc/self/status") ?? "").split(separator: "\n")
        let list = lines.first { $0.hasPrefix("Cpus_allowed_list:") }?.split(whereSeparator: \.isWhitespace)
            .last
        return processors(in: String(list ?? ""))
    }

    /// The numbers in a list such as `0-1,4`.
    static func processors(in list: String) -> [Int] {
        list.split(separator: ",").flatMap { part -> [Int] in
            let ends = part.split(separator: "-").compactMap { Int($0) }
            guard let first = ends.first, let last = ends.last, first <= last else { return [] }
            return Array(first...last)
        }
    }
}
