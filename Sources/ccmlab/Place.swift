import ArgumentParser
import ClusterConnection
import Glibc
import LabKit
import StrictYAML

/// Where something is run, and where its evidence goes: what all commands that run scenarios are told alike.
struct Place: ParsableArguments {
    enum FabricChoice: String, ExpressibleByArgument, CaseIterable { case auto, uml, vm, netns, sim }
    enum ClockChoice: String, ExpressibleByArgument, CaseIterable { case auto, virtual, real }

    @Option(
        help: """
            Where to run: on User-Mode Linux, in the QEMU machine (vm), on this kernel (netns), or in the simulator. \
            auto: each scenario on User-Mode Linux where that can carry it out, otherwise in the QEMU machine.
            """)
    var fabric = FabricChoice.auto

    @Option(help: "The virtual machine's clock. auto: virtual, but real where the machine has KVM.")
    var clock = ClockChoice.auto

    @Option(
        help: """
            What every random number of a run comes from; the same seed is the same run. “random” draws one and \
            prints it. Without it: each scenario has its own, which never changes.
            """)
    var seed: SeedArgument?

    @Option(help: "How many runs are done at once (uml, sim). Without it: one for each processor.")
    var jobs: Int?

    @Option(
        help: "The run folder. Without it: runs/DATE-TIME, with the link runs/latest to it.",
        completion: .directory)
    var output: String?

    @Option(help: "The partner program. Without it: ccmd beside ccmlab.", completion: .file())
    var ccmd: String?

    @Flag(help: "Print progress as lines that begin with “~ ”, for a program that reads them.")
    var progress = false

    @Flag(help: .hidden)
    var colours = false

    private var isInVM: Bool { environmentValue("CCM_LAB_IN_VM") == "1" }

    func validate() throws {
        if let jobs, !(1...1_024).contains(jobs) {
            throw ValidationError("--jobs takes a number from 1 to 1024, not \(jobs)")
        }
    }

    /// The seed that was asked for or drawn; nil where each scenario has its own.
    func drawnSeed() -> UInt64? {
        switch seed {
        case nil: nil
        case .number(let number): number
        case .random: UInt64.random(in: 1...999_999_999)
        }
    }

    /// How many runs are done at once.
    var workers: Int { jobs ?? max(1, Int(sysconf(Int32(_SC_NPROCESSORS_ONLN)))) }

    /// Where runs of real verbs are done. What needs another clock is done in the virtual machine all the same.
    ///
    /// - Throws: `LabError` when fabric and clock cannot be had together, or here.
    var fabricKind: FabricKind {
        get throws {
            switch fabric {
            case .sim: return .sim
            case .uml:
                if clock == .real {
                    throw LabError("User-Mode Linux has virtual time; run with --fabric vm --clock real")
                }
                _ = try UMLKernel.find()
                return .uml
            case .auto where clock == .auto && !isInVM && UMLKernel.isThere: return .uml
            case .auto, .vm, .netns: return try usesVM ? .vm : .netns
            }
        }
    }

    /// Whether it is to be run in the virtual machine.
    ///
    /// - Throws: `LabError` when fabric and clock cannot be had together, or here.
    var usesVM: Bool {
        get throws {
            let usesVM =
                switch fabric {
                case .netns, .sim, .uml: false
                case .vm: true
                case .auto: !isInVM && !HostFacts.now.canRunHere
                }
            if usesVM && isInVM {
                throw LabError("this is the virtual machine already; run with --fabric netns")
            }
            if !usesVM && clock == .virtual && environmentValue("CCM_LAB_CLOCK") != "virtual" {
                throw LabError("only the virtual machine has virtual time; run with --fabric vm")
            }
            return usesVM
        }
    }

    /// Where it is to be run, for a sentence.
    var inWords: String {
        get throws {
            switch try fabricKind {
            case .sim: "the simulator"
            case .uml: "User-Mode Linux"
            case .vm: "the virtual machine"
            case .netns: "network namespaces of this kernel"
            }
        }
    }

    /// Standard output, as it was asked for.
    var display: Display {
        Display(
            progress: progress ? .marked : Display.isTerminal ? .transient : .none,
            colours: colours || Display.wantsColours)
    }

    /// Runs this command in the virtual machine.
    ///
    /// - Parameters:
    ///   - arguments: the command and what is special about it, without what is said of the place.
    ///   - operands: what the command is told last, which may begin with a dash.
    ///   - programs: what it starts there besides the lab and what every run starts.
    ///   - files: what it reads there besides.
    ///   - span: how long it may last there.
    ///   - keeps: whether it stays up until it is interrupted, and can be entered.
    /// - Returns: how it ended there.
    func runInVM(
        _ arguments: [String], _ operands: [String] = [], checkout: Checkout, program: String,
        programs: [String] = [], files: [String] = [], folder: String, lasting span: TimeSpan,
        keeps: Bool = false,
        _ display: inout Display
    ) async throws -> ExitCode {
        var machine = VirtualMachine(
            checkout: checkout, clock: clock == .auto ? nil : clock.rawValue, output: folder,
            patience: VirtualMachine.patience(for: span))
        var all = arguments + ["--fabric", "netns", "--ccmd", program]
        if display.showsProgress { all.append("--progress") }
        if display.colours { all.append("--colours") }
        if !operands.isEmpty { all += ["--"] + operands }
        guard keeps else {
            return ExitCode(
                try await machine.run(all, programs: [program] + programs, files: files, &display))
        }
        // A path of its own: a socket's may have 107 bytes.
        let door = try Files.makeOwnFolder("/tmp/ccm-lab-door.")
        defer {
            KeptRun.forget(in: folder)
            Files.removeFolder(door)
        }
        try KeptRun(door: door, ccmd: program).write(to: folder)
        // Those that an earlier run has left here say nothing of this one.
        unlink("\(folder)/verdicts.json")
        machine.door = door
        machine.patience = .seconds(9_999_999)
        do {
            return ExitCode(
                try await machine.run(all, programs: [program] + programs, files: files, &display))
        } catch is CancellationError where Files.exists("\(folder)/verdicts.json") {
            // That is how a machine ends that is kept; the verdicts are those of the runs before.
            return Self.status(of: try MergedRuns([folder]).results)
        }
    }

    /// Boots both partners of a scenario in a machine of their own, in real time, and keeps them until Ctrl-C.
    func keepOnUML(
        _ scenario: Scenario, checkout: Checkout, ccmd: String, folder: String, _ display: inout Display
    ) async throws {
        // A path of its own: a socket's may have 107 bytes.
        let door = try Files.makeOwnFolder("/tmp/ccm-lab-door.")
        defer {
            KeptRun.forget(in: folder)
            Files.removeFolder(door)
        }
        try KeptRun(door: door, ccmd: ccmd).write(to: folder)
        display.lines([
            "", "what is kept goes by this host's clock, and does not repeat as the runs above do",
        ])
        var machine = VirtualMachine(
            checkout: checkout, clock: "real", output: folder, patience: .seconds(9_999_999))
        machine.door = door
        do {
            let status = try await machine.runOnUML(
                [
                    "guest", "keep", "--ccmd", ccmd, "--shown-folder", folder,
                    Checkout.absolute(scenario.file),
                ],
                &display)
            if status != 0 { throw ExitCode(status) }
        } catch is CancellationError {
            // That is how a machine ends that is kept.
        }
    }

    /// The run folder, made; with the link to it where the lab chose its name.
    func makeFolder() throws -> String {
        if let output {
            let folder = Checkout.absolute(output)
            try Files.makeFolder(folder)
            return folder
        }
        if let results = environmentValue("CCM_LAB_RESULTS"), isInVM { return results }
        let runs = Checkout.absolute("runs")
        var now = time(nil)
        var parts = tm()
        localtime_r(&now, &parts)
        let numbers = [
            parts.tm_year + 1900, parts.tm_mon + 1, parts.tm_mday, parts.tm_hour, parts.tm_min, parts.tm_sec,
        ]
        let digits = numbers.map { $0 < 10 ? "0\($0)" : "\($0)" }
        let name = digits[0...2].joined(separator: "-") + "_" + digits[3...5].joined(separator: "-")
        try Files.makeFolder("\(runs)/\(name)")
        Files.link("\(runs)/latest", to: name)
        return "\(runs)/\(name)"
    }

    /// Keeps the command with which a run folder can be made again. In the virtual machine its caller has done so.
    ///
    /// - Parameter drawn: the seed, where it was drawn: the command then names it.
    func keepCommand(in folder: String, drawn: UInt64? = nil) throws {
        guard !isInVM else { return }
        var words = ["ccmlab"] + CommandLine.arguments.dropFirst()
        if seed == .random, let drawn {
            words = words.map { $0 == "random" ? "\(drawn)" : $0 == "--seed=random" ? "--seed=\(drawn)" : $0 }
        }
        try Files.write(ShellText.command(words) + "\n", to: "\(folder)/\(HTMLReport.commandFile)")
    }

    /// Makes the report of a run folder and says where it is. In the virtual machine its caller does so: there, time
    /// may be virtual, and is not for reports. A report that cannot be made is said and fails nothing.
    ///
    /// - Parameter scenarios: those that were run, for the machine's annotations of their files.
    func report(on folder: String, scenarios: [Scenario] = [], _ display: inout Display) async throws {
        guard !isInVM else { return }
        let file = "\(folder)/\(HTMLReport.file)"
        do {
            if Annotations.areWanted {
                display.lines(try Annotations.lines(of: folder, scenarios: scenarios))
            }
            display.status("making the report")
            // In a task of its own: what was kept until Ctrl-C has its report all the same.
            let html = try await Task { try await HTMLReport.html(of: folder, captures: .few) }.value
            try Files.write(html, to: file)
            display.lines(["report: \(file)"])
        } catch let error as LabError {
            display.lines(["no report: \(error)"])
        }
    }

    /// The exit status of a command whose runs have come to this.
    static func finish(_ results: [RunResult]) throws {
        let status = status(of: results)
        if !status.isSuccess { throw status }
    }

    static func status(of results: [RunResult]) -> ExitCode {
        if results.contains(where: { $0.judgement.result == .broke }) { return Status.didNotHold }
        return results.contains { !$0.judgement.result.isWanted } ? Status.notCarriedOut : .success
    }

    /// Does what a command is there for, and says what kept it from it, with the exit status that goes with it.
    static func reporting(_ body: @escaping @Sendable () async throws -> Void) async throws {
        do {
            try await Interrupts.cancelling { try await body() }
        } catch is CancellationError {
            Display.write(
                "ccmlab: interrupted; everything that was started is gone again\n", to: STDERR_FILENO)
            throw Status.interrupted
        } catch let problems as InputProblems {
            Display.write("\(problems)\n", to: STDERR_FILENO)
            throw Status.badInput
        } catch let error as LabError {
            Display.write("ccmlab: \(error)\n", to: STDERR_FILENO)
            throw Status.notCarriedOut
        }
    }
}
