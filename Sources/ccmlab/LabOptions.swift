import ArgumentParser
import ClusterConnection
import Foundation
import Glibc
import LabKit
import StrictYAML

/// What every command that runs partners takes: where, by which clock, and where the evidence goes.
struct LabOptions: ParsableArguments {
    enum FabricChoice: String, ExpressibleByArgument, CaseIterable { case auto, netns, vm }
    enum ClockChoice: String, ExpressibleByArgument, CaseIterable { case auto, virtual, real }

    @Option(
        help: "Where to run: on this kernel, in the virtual machine, or on this kernel where it can do it.")
    var fabric = FabricChoice.auto

    @Option(help: "The virtual machine's clock. auto: virtual, but real where the machine has KVM.")
    var clock = ClockChoice.auto

    @Option(help: "The run folder. Without it: runs/DATE-TIME, with the link runs/latest to it.")
    var output: String?

    @Option(help: "The partner program. Without it: ccmd beside ccmlab.")
    var ccmd: String?

    @Flag(help: "Print progress as lines that begin with “~ ”, for a program that reads them.")
    var progress = false

    @Flag(help: .hidden)
    var colours = false

    /// The lab's standard output, as these options want it.
    var display: Display {
        let shape: Display.Progress = progress ? .marked : Display.isTerminal ? .transient : .none
        return Display(progress: shape, colours: colours || Display.wantsColours)
    }

    private static var isInVM: Bool { environmentValue("CCM_LAB_IN_VM") == "1" }

    /// The run folder's path as the reader knows it, where that is another.
    static var shownOutput: String? { environmentValue("CCM_LAB_SHOWN_OUTPUT") }

    /// Whether the virtual machine is to be used.
    ///
    /// - Throws: `LabError` where it or the clock cannot be had here.
    var usesVM: Bool {
        get throws {
            let wantsVM =
                switch fabric {
                case .netns: false
                case .vm: true
                case .auto: !Self.isInVM && !HostFacts.now.canRunHere
                }
            if wantsVM, Self.isInVM {
                throw LabError("this is the virtual machine already; run with --fabric netns")
            }
            if !wantsVM, clock == .virtual, environmentValue("CCM_LAB_CLOCK") != "virtual" {
                throw LabError("only the virtual machine has virtual time; run with --fabric vm")
            }
            return wantsVM
        }
    }

    /// Has the lab in the virtual machine do it.
    ///
    /// - Parameters:
    ///   - arguments: the command and its own options.
    ///   - paths: its scenarios.
    ///   - span: how long it may last there.
    func runInVM(
        _ arguments: [String], _ paths: [String], _ checkout: Checkout, _ program: String, _ folder: String,
        lasting span: TimeSpan, _ display: inout Display
    ) async throws {
        let machine = VirtualMachine(
            checkout: checkout, clock: clock == .auto ? nil : clock.rawValue, output: folder,
            patience: VirtualMachine.patience(for: span))
        var arguments = arguments + ["--fabric", "netns", "--ccmd", program]
        if display.showsProgress { arguments.append("--progress") }
        if display.colours { arguments.append("--colours") }
        arguments += ["--"] + paths.map { Checkout.absolute($0) }
        let status = try await machine.run(arguments, partnerPrograms: [program], &display)
        if status != 0 { throw ExitCode(status) }
    }

    /// Does what a command is for; what keeps it from that becomes a message and an exit status.
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

    /// The exit status of a command whose runs have come to this.
    static func finish(_ results: [RunResult]) throws {
        if results.contains(where: { $0.judgement.result == .broke }) { throw Status.didNotHold }
        if results.contains(where: { $0.judgement.result != .held }) { throw Status.notCarriedOut }
    }

    /// The run folder, made; with the link to it where the lab chose its name.
    func outputFolder() throws -> String {
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
