import ArgumentParser
import Glibc
import LabKit

/// Says what this host can do.
struct Doctor: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Say what this host can run, and what mends what it cannot.",
        discussion:
            "Exit status 0 when scenarios can run here, on this kernel or in the virtual machine; else 2.")

    @Option(help: "The partner program to look for. Without it: ccmd beside ccmlab.")
    var ccmd: String?

    func run() async throws {
        let diagnosis = await Diagnosis.now(ccmd: ccmd)
        var display = Display(progress: .none, colours: Display.wantsColours)
        display.lines(diagnosis.lines)
        if !diagnosis.canRun { throw Status.notCarriedOut }
    }
}
