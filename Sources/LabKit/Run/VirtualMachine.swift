import ClusterConnection
import Glibc
import Subprocess

/// The lab run inside the microVM of `scripts/vm`.
package struct VirtualMachine: Sendable {
    package var checkout: Checkout
    /// `virtual` or `real`; nil leaves it to the script.
    package var clock: String?
    /// The folder of this machine that holds the run folder.
    package var output: String
    /// How long it may all take, by this machine's clock.
    package var patience: TimeSpan
    /// The folder for the sockets by which the machine can be entered; nil for none.
    package var door: String?

    package init(checkout: Checkout, clock: String?, output: String, patience: TimeSpan) {
        self.checkout = checkout
        self.clock = clock
        self.output = output
        self.patience = patience
    }

    /// How long the machine may take for something that lasts so long by its own clock: a busy host is slow.
    package static func patience(for span: TimeSpan) -> TimeSpan { span * 4 + .seconds(600) }

    /// What a run starts, besides the lab and the partners; kept in the guest's memory, because in virtual time a
    /// wait for the host is a leap of the clock.
    private static let programs = [
        "sh", "env", "ip", "rdma", "tc", "tcpdump", "dmesg", "dpkg-query", "sed", "cat", "sleep",
        "flock",
        "ib_read_lat",
    ]

    /// Runs the lab there with these arguments, and shows what it prints.
    ///
    /// - Parameters:
    ///   - programs: those that the partners are, and what else this command starts.
    ///   - files: what else is read there, programs of others among it.
    /// - Returns: the exit status.
    package func run(
        _ arguments: [String], programs: [String], files: [String] = [], _ display: inout Display
    ) async throws -> Int32 {
        var command: [String] = clock.map { ["--\($0)-time"] } ?? []
        command += ["--timeout", "\(min(9_999_999, patience.nanoseconds / 1_000_000_000))"]
        let resident = programs + [Checkout.program] + Self.programs
        command += door.map { ["--door", $0] } ?? []
        command += ["--results", output, "--", checkout.keepResidentScript] + resident
        command += files.flatMap { ["--file", $0] } + ["--", Checkout.program] + arguments
        display.status("booting the virtual machine")
        let environment = Tool.toolEnvironment.updating([
            "CCM_LAB_SHOWN_OUTPUT": output, "CCM_LAB_LIBRARIES": try await libraries(of: resident),
        ])
        return try await show(checkout.vmScript, command, environment, &display)
    }

    /// Runs the lab with these arguments on User-Mode Linux in real time, and shows what it prints.
    ///
    /// - Returns: the exit status.
    package func runOnUML(_ arguments: [String], _ display: inout Display) async throws -> Int32 {
        var command = ["--real-time", "--timeout", "\(min(9_999_999, patience.nanoseconds / 1_000_000_000))"]
        command += (door.map { ["--door", $0] } ?? []) + ["--results", output, "--", Checkout.program]
        return try await show(checkout.umlScript, command + arguments, Tool.toolEnvironment, &display)
    }

    private func show(
        _ script: String, _ command: [String], _ environment: Environment, _ display: inout Display
    ) async throws -> Int32 {
        // A terminal sends Ctrl-C to the lab's whole process group. In a group of its own the machine hears of it
        // from the lab alone, once, and ends in good order.
        var options = PlatformOptions()
        options.processGroupID = 0
        options.teardownSequence = [.send(signal: .terminate, allowedDurationToNextStep: .seconds(30))]
        let (lines, sink) = AsyncStream<String>.makeStream()
        async let status = Self.start(script, command, environment, options, sink)
        for await line in lines {
            if line.hasPrefix(Display.mark) {
                display.status(String(line.dropFirst(Display.mark.count)))
            } else {
                display.lines([line])
            }
        }
        display.clear()
        return try await status
    }

    /// The libraries that these programs are made of: to find them takes the machine itself seconds.
    private func libraries(of programs: [String]) async throws -> String {
        let outcome = try await Tool.run(checkout.keepResidentScript, ["--libraries"] + programs)
        guard outcome.status.isSuccess else { throw LabError(outcome.lastReason) }
        return outcome.output
    }

    private static func start(
        _ script: String, _ arguments: [String], _ environment: Environment, _ options: PlatformOptions,
        _ sink: AsyncStream<String>.Continuation
    ) async throws -> Int32 {
        defer { sink.finish() }
        // By way of setpriv(1), which starts a program by its path: the machine ends in good order also when the lab is
        // killed outright. (The signal comes at the end of the thread that starts it, which is one for all, and lasts.)
        let result = try await Subprocess.run(
            .name("setpriv"), arguments: Arguments(["--pdeathsig", "TERM", "--", script] + arguments),
            environment: environment,
            platformOptions: options, input: .none, output: .sequence, error: .sequence
        ) { execution in
            try await withThrowingTaskGroup(of: Void.self) { group in
                let standardError = execution.standardError
                group.addTask {
                    for try await chunk in standardError {
                        Display.write(
                            String(decoding: chunk.withUnsafeBytes { Array($0) }, as: UTF8.self),
                            to: STDERR_FILENO)
                    }
                }
                var splitter = LineSplitter()
                for try await chunk in execution.standardOutput {
                    for line in splitter.lines(of: chunk.withUnsafeBytes { Array($0) }) {
                        sink.yield(String(decoding: line, as: UTF8.self))
                    }
                }
                let rest = splitter.rest()
                if !rest.isEmpty { sink.yield(String(decoding: rest, as: UTF8.self)) }
                try await group.waitForAll()
            }
        }
        try Task.checkCancellation()
        return switch result.terminationStatus {
        case .exited(let code): code
        case .signaled(let signal): 128 + signal
        }
    }
}
