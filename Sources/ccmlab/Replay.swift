import ArgumentParser
import LabKit

/// Replays recorded runs.
struct Replay: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Feed a recorded run to the connection manager again: does it do the same?",
        discussion: """
            Every run on real verbs, but those of --speed and bench, records, for each life of a partner, all that its connection \
            manager was told and what it wanted done about it. A replay builds the manager anew, tells it the same, and \
            compares action by action. It needs no privileges and no virtual machine, and takes milliseconds. Run by \
            a changed program it shows the first thing that the change does otherwise.

            Prints a line for each life (b2 is b's second boot), and the first difference. “same, cut” is the same as \
            far as the recording goes: the partner was killed.

            Exit status: 0 all the same, 1 a difference, 2 a recording is missing, damaged or of another version, \
            64 wrong usage, 130 interrupted.

            Examples:
              ccmlab replay runs/latest
              ccmlab replay runs/latest/freeze-b-and-thaw
              ccmlab replay runs
            """)

    @Argument(
        help: "Run folders, folders with run folders below them, or recordings.",
        completion: .file(extensions: ["ccmrec"]))
    var runs: [String]

    func run() async throws {
        let command = self
        try await Place.reporting { try command.replay() }
    }

    private func replay() throws {
        let lives = try runs.flatMap { run in
            try RecordedRuns.lives(at: run.count > 1 && run.hasSuffix("/") ? String(run.dropLast()) : run)
        }
        var display = Display(progress: .none, colours: false)
        display.lines([ReplayReport.header])
        var report = ReplayReport()
        for life in lives {
            try Task.checkCancellation()
            display.lines(report.add(ReplayedLife(life)))
        }
        display.lines(report.summary)
        if report.different > 0 { throw Status.didNotHold }
        if report.unread > 0 { throw Status.notCarriedOut }
    }
}
