import ArgumentParser
import LabKit

/// The laboratory.
@main
struct CCMLab: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "ccmlab",
        abstract: "Run two partners against each other on real RDMA verbs, and judge what happened.",
        discussion: """
            Exit status: 0 all held, 1 something did not hold, 2 a run could not be carried out, 64 wrong usage \
            or a malformed scenario, 130 interrupted.
            """,
        version: "0.1.0",
        subcommands: [
            Run.self, Soak.self, Explore.self, Bench.self, Perf.self, Report.self, Diff.self, Merge.self,
            Replay.self,
            Conform.self,
            Shell.self, WatchPair.self, Check.self, List.self, Doctor.self, Guest.self,
        ])
}

/// What the lab's exit status means.
enum Status {
    static let didNotHold = ExitCode(1)
    static let notCarriedOut = ExitCode(2)
    static let badInput = ExitCode(64)
    static let interrupted = ExitCode(Interrupts.status)
}
