import ArgumentParser
import LabKit

/// Compares two runs.
struct Diff: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Show where the histories of two runs part.",
        discussion: """
            Compares what both partners wrote, run by run: kinds of events and the fields that say what happened, in \
            their order, without times, incarnations, keys and numbers. For each partner it names the first event that \
            differs, < of the first run and > of the second, then all that differs. Two runs of different names are \
            compared where each folder holds one.

            Exit status: 0 all the same, 1 a difference, or a run that only one folder holds, 2 a history cannot be \
            read, 64 wrong usage, 130 interrupted.

            With --bytes every file of the evidence has to be the same to the byte, as runs with the same seed are on uml \
            and sim; the first difference is told. Runs of another kernel or other programs are refused.

            Examples:
              ccmlab diff --bytes /tmp/one /tmp/other
              ccmlab diff runs/2026-11-22_10-00-00 runs/latest
              ccmlab diff runs/latest/skew-sweep/skew=0ms runs/latest/skew-sweep/skew=5ms
            """)

    @Argument(help: "A run folder: of one run, or with runs below it.", completion: .directory)
    var one: String

    @Argument(help: "Another.", completion: .directory)
    var other: String

    @Flag(help: "Compare all files of the evidence, byte by byte.")
    var bytes = false

    func run() async throws {
        let command = self
        try await Place.reporting {
            if command.bytes { return try await command.compareBytes() }
            try command.compare()
        }
    }

    private func compareBytes() async throws {
        let comparison = try await EvidenceComparison(one, other)
        var display = Display(progress: .none, colours: false)
        display.lines(comparison.lines)
        if comparison.difference != nil { throw Status.didNotHold }
    }

    private func compare() throws {
        let (compared, alone) = try RunDifference.all(between: one, and: other)
        var display = Display(progress: .none, colours: false)
        for difference in compared { display.lines(difference.lines) }
        display.lines(alone)
        let same = compared.count { $0.isSame }
        display.lines(["", "\(same) of \(compared.count) runs the same"])
        if same < compared.count || !alone.isEmpty { throw Status.didNotHold }
    }
}
