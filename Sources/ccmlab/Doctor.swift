import ArgumentParser
import Glibc
import LabKit

/// Says what this host can do.
struct Doctor: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Say what this host can run, and what mends what it cannot.",
        discussion: """
            Exit status: 0 scenarios can run here, on this kernel or in the virtual machine, 2 they cannot, 64 wrong usage.

            Examples:
              ccmlab doctor
              ccmlab doctor --ccmd /usr/local/sbin/ccmd
            """)

    @Option(help: "The partner program to look for. Without it: ccmd beside ccmlab.", completion: .file())
    var ccmd: String?

    func run() async throws {
        let diagnosis = await Diagnosis.now(ccmd: ccmd)
        var display = Display(progress: .none, colours: Display.wantsColours)
        display.lines(diagnosis.lines)
        if !diagnosis.canRun { throw Status.notCarriedOut }
    }
}
