import ArgumentParser
import ClusterConnection
import Glibc
import LabKit

/// Goes where a partner is.
struct Shell: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Open a shell in a partner's network namespace.",
        discussion: """
            Of a fabric that “ccmlab run --keep” has left up, in the virtual machine or on this kernel; without one, of the \
            fabric that is there on this kernel (scripts/fabric up, ccmlab run --fabric netns). With a command, that is run \
            in place of a shell.

            Exit status: that of the shell on this kernel, that of the command; 0 after a shell in the virtual machine; 2 \
            nothing is kept, or it is gone, 64 wrong usage.

            Examples:
              ccmlab shell a
              ccmlab shell b -- rdma resource show
              ccmlab shell a --run runs/latest -- ping -c 1 10.77.0.2
            """)

    @Argument(help: "Whose namespace: a or b.", completion: .list(["a", "b"]), transform: Shell.partner)
    var partner: PartnerID

    @Argument(help: "A command, after two dashes, and what it is told.")
    var command: [String] = []

    @Option(name: .customLong("run"), help: "The run folder of what is kept.", completion: .directory)
    var folder = "runs/latest"

    private static func partner(_ text: String) throws -> PartnerID {
        guard let partner = PartnerID(rawValue: text) else {
            throw ValidationError("there are the partners a and b, not “\(text)”")
        }
        return partner
    }

    // Without the lab's own handling of signals: Ctrl-C is for what is run.
    func run() throws {
        do {
            throw ExitCode(try KeptRun(of: folder).enter(partner, command))
        } catch let error as LabError {
            Display.write("ccmlab: \(error)\n", to: STDERR_FILENO)
            throw Status.notCarriedOut
        }
    }
}
