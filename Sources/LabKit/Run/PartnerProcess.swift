import ClusterConnection
import Glibc
import Subprocess

/// One life of a partner's process, from its start to the moment it has been reaped.
struct PartnerProcess: Sendable {
    /// What becomes known of the process, in this order: started, output, ended.
    enum Report: Sendable {
        case started(pid: pid_t, at: Instant)
        case output([UInt8])
        case ended(TerminationStatus, complaint: String, at: Instant)
        case couldNotStart(String)
    }

    var partner: PartnerID
    /// The program and its arguments.
    var command: [String]
    /// Variables that the program is told more by.
    var environment: [(name: String, value: String)] = []
    /// Where it starts; nil for where the lab runs.
    var folder: String?

    /// What a partner of a scenario is: `ccmd`, or a program of its own.
    ///
    /// - Parameters:
    ///   - configuration: path of what it is told.
    ///   - counts: the file for the counts of its instructions; nil where nobody counts them.
    ///   - root: the project's folder.
    /// - Throws: when its program, or what that needs, is not there.
    init(
        _ partner: PartnerID, of scenario: Scenario, configuration: String, counts: String? = nil,
        ccmd: String,
        root: String
    ) throws(LabError) {
        self.partner = partner
        guard let program = scenario.programs[partner] else {
            command = (counts.map(Callgrind.command) ?? []) + [ccmd, "run", "--config", configuration]
            return
        }
        command = [try program.path(root: root)] + program.command.dropFirst() + [configuration]
        environment = (scenario.partners[partner]?.settings ?? PartnerSettings(partner)).environment(
            for: partner)
        folder = root
    }

    /// What is run in the partner's namespace: the command, in its surroundings.
    var words: [String] {
        guard let folder else { return command }
        // env(1) becomes what it starts, and so does the shell that it needs for a program with an equals sign in its
        // path: env would take that for a variable.
        let guarded =
            command.first?.contains("=") == true ? ["/bin/sh", "-c", "exec \"$@\"", "sh"] + command : command
        return ["env", "--chdir=\(folder)"] + environment.map { "\($0.name)=\($0.value)" } + guarded
    }

    /// Runs the process to its end. A cancelled task kills it.
    func run(_ report: @escaping @Sendable (Report) -> Void) async {
        let arguments = ["netns", "exec", FabricNames.namespace(of: partner)] + words
        do {
            // ip(8) enters the namespace and becomes the program, so the process is the partner's own.
            let result = try await Subprocess.run(
                .name("ip"), arguments: Arguments(arguments), environment: Tool.toolEnvironment,
                platformOptions: Tool.ownGroup, input: .none, output: .sequence, error: .sequence
            ) { execution in
                let pid = execution.processIdentifier.value
                // The lab is nice; the partners are not.
                setpriority(__priority_which_t(PRIO_PROCESS.rawValue), id_t(pid), 0)
                report(.started(pid: pid, at: MonotonicClock.now))
                return try await withThrowingTaskGroup(of: String?.self) { group in
                    let standardError = execution.standardError
                    group.addTask { try await Self.tail(of: standardError) }
                    // The iterator is made before the pipe grows: it sizes its buffer by the pipe.
                    var chunks = execution.standardOutput.makeAsyncIterator()
                    Self.enlargePipe(of: pid)
                    while let chunk = try await chunks.next() {
                        report(.output(chunk.withUnsafeBytes { Array($0) }))
                    }
                    return try await group.next().flatMap { $0 } ?? ""
                }
            }
            report(.ended(result.terminationStatus, complaint: result.closureResult, at: MonotonicClock.now))
        } catch {
            report(.couldNotStart("\(error)"))
        }
    }

    /// The last few lines of a stream.
    private static func tail(of stream: SubprocessOutputSequence) async throws -> String {
        var bytes: [UInt8] = []
        for try await chunk in stream {
            bytes += chunk.withUnsafeBytes { Array($0) }
            if bytes.count > 16_384 { bytes.removeFirst(bytes.count - 8_192) }
        }
        return String(decoding: bytes, as: UTF8.self)
    }

    /// Gives a partner room for some thousand lines, so that it never waits for the lab.
    private static func enlargePipe(of pid: pid_t) {
        let descriptor = open("/proc/\(pid)/fd/1", O_WRONLY | O_NONBLOCK | O_CLOEXEC)
        guard descriptor >= 0 else { return }
        let setPipeSize: CInt = 1_031  // F_SETPIPE_SZ
        _ = fcntl(descriptor, setPipeSize, 1 << 20)
        close(descriptor)
    }

    /// Whether a process, and all that it has started in the leader's group, stand still (`stopped`), or run.
    private static func tree(of pid: pid_t, in leader: pid_t, is stopped: Bool) -> Bool {
        let place = ProcessPlace(of: pid)
        // Signals reach only the group, and what has ended neither stands nor runs.
        let counts = pid == leader || place.map { $0.group == leader && !$0.hasEnded } ?? true
        guard !counts || (place?.isStopped ?? false) == stopped else { return false }
        // One of /proc/PID/task/PID/children for each: what a program starts are seldom more than one or two.
        let children = Files.text(of: "/proc/\(pid)/task/\(pid)/children") ?? ""
        return children.split(separator: " ").compactMap { pid_t($0) }.allSatisfy {
            tree(of: $0, in: leader, is: stopped)
        }
    }

    /// Waits until the process, with all that it has started, stands still, or runs again.
    ///
    /// - Throws: when it does not within that time.
    static func wait(
        for pid: pid_t, stopped: Bool, within patience: TimeSpan = .seconds(1)
    ) async throws {
        let limit = MonotonicClock.now + patience
        while !tree(of: pid, in: pid, is: stopped) {
            if MonotonicClock.now >= limit {
                throw LabError(
                    "process \(pid) \(stopped ? "does not stand still" : "still stands") after "
                        + SpanText.rounded(patience))
            }
            try await Task.sleep(for: .microseconds(200))
        }
    }
}
