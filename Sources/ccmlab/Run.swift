import ArgumentParser
import Foundation
import Glibc
import LabKit
import StrictYAML

/// Runs scenarios.
struct Run: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Run scenarios and judge them.",
        discussion: """
            Makes the fabric (or boots the virtual machine and makes it there), runs every scenario on it with two \
            real partner processes, checks what always holds and what the scenario expects, prints a table, and \
            leaves a run folder: merged events, both histories, scenario, verdicts, JUnit XML, packet capture.

            Examples:
              ccmlab run Lab/scenarios/boot-order
              ccmlab run Lab/scenarios/boot-order/a-first.yaml --repeat 20
              ccmlab run --speed --repeat 50 Lab/scenarios/speed
              ccmlab run my-scenario.yaml --fabric vm --clock real --output /tmp/evidence
            """)

    enum FabricChoice: String, ExpressibleByArgument, CaseIterable { case auto, netns, vm }
    enum ClockChoice: String, ExpressibleByArgument, CaseIterable { case auto, virtual, real }

    @Argument(help: "Scenario files, or folders of them.")
    var paths: [String]

    @Option(
        help: "Where to run: on this kernel, in the virtual machine, or on this kernel where it can do it.")
    var fabric = FabricChoice.auto

    @Option(help: "The virtual machine's clock. auto: virtual, but real where the machine has KVM.")
    var clock = ClockChoice.auto

    @Option(help: "The run folder. Without it: runs/DATE-TIME, with the link runs/latest to it.")
    var output: String?

    @Option(help: "The partner program. Without it: ccmd beside ccmlab.")
    var ccmd: String?

    @Option(name: .customLong("repeat"), help: "How often each run is done.")
    var repetitions = 1

    @Flag(
        help: """
            Measure speed: beside a reference (ib_read_lat) on the same rail, and without a packet capture.
            """)
    var speed = false

    @Flag(help: "Print progress as lines that begin with “~ ”, for a program that reads them.")
    var progress = false

    @Flag(help: .hidden)
    var colours = false

    func validate() throws {
        guard (1...100_000).contains(repetitions) else {
            throw ValidationError("--repeat takes a count from 1 to 100000, not \(repetitions)")
        }
        guard !paths.isEmpty else { throw ValidationError("name a scenario file or a folder of them") }
    }

    func run() async throws {
        do {
            try await Interrupts.cancelling { try await runAll() }
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

    private func runAll() async throws {
        let scenarios = try ScenarioLibrary.load(paths)
        let checkout = try Checkout()
        let program = try checkout.ccmd(ccmd)
        let inVM = environmentValue("CCM_LAB_IN_VM") == "1"
        let useVM =
            switch fabric {
            case .netns: false
            case .vm: true
            case .auto: !inVM && !HostFacts.now.canRunHere
            }
        let shape: Display.Progress = progress ? .marked : Display.isTerminal ? .transient : .none
        var display = Display(progress: shape, colours: colours || Display.wantsColours)
        let folder = try outputFolder()
        if useVM {
            if inVM { throw LabError("this is the virtual machine already; run with --fabric netns") }
            try await runInVM(checkout, program, folder, &display)
            return
        }
        if clock == .virtual && environmentValue("CCM_LAB_CLOCK") != "virtual" {
            throw LabError("only the virtual machine has virtual time; run with --fabric vm")
        }
        let lab = LabRun(
            scenarios: scenarios, checkout: checkout, ccmd: program, repetitions: repetitions,
            measuresSpeed: speed,
            output: folder, shownOutput: environmentValue("CCM_LAB_SHOWN_OUTPUT") ?? folder)
        let results = try await lab.run(&display)
        if results.contains(where: { $0.judgement.result == .broke }) { throw Status.didNotHold }
        if results.contains(where: { $0.judgement.result != .held }) { throw Status.notCarriedOut }
    }

    private func runInVM(
        _ checkout: Checkout, _ program: String, _ folder: String, _ display: inout Display
    ) async throws {
        let machine = VirtualMachine(
            checkout: checkout, clock: clock == .auto ? nil : clock.rawValue, output: folder)
        var arguments = ["run", "--fabric", "netns", "--ccmd", program, "--repeat", "\(repetitions)"]
        if speed { arguments.append("--speed") }
        if display.showsProgress { arguments.append("--progress") }
        if display.colours { arguments.append("--colours") }
        arguments += ["--"] + paths.map { Checkout.absolute($0) }
        let status = try await machine.run(arguments, partnerPrograms: [program], &display)
        if status != 0 { throw ExitCode(status) }
    }

    /// The run folder, made; with the link to it where the lab chose its name.
    private func outputFolder() throws -> String {
        if let output {
            let folder = Checkout.absolute(output)
            try Files.makeFolder(folder)
            return folder
        }
        if let results = environmentValue("CCM_LAB_RESULTS"), environmentValue("CCM_LAB_IN_VM") == "1" {
            return results
        }
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
}
