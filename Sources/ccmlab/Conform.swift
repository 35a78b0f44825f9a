import ArgumentParser
import LabKit

/// Compares the simulator with real verbs.
struct Conform: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Compare what the simulator tells a connection manager with what real verbs told it.",
        discussion: """
            Takes runs that were carried out on real verbs, runs each scenario in the simulator, and compares, life by \
            life, what the connection managers were told: kinds, outcomes and reasons, in the order of each queue. What \
            may differ by time alone is left out. Where real verbs may do one thing or another at the same moment, so \
            does the simulator, by its seed: several are tried. It needs no privileges and no virtual machine.

            Prints a line for each life (b2 is b's second boot) with the number of events on either side, and each \
            difference, with its reason where it is known. conformance.json in the run folder holds the same.

            Exit status: 0 all the same or known, 1 a difference, or a known one that is not met, 2 a run could not be \
            compared, 64 wrong usage, 130 interrupted.

            Examples:
              scripts/conformance
              ccmlab run Lab/conformance && ccmlab conform runs/latest
            """)

    @Argument(help: "A run folder: of one run, or with runs below it.", completion: .directory)
    var run: String

    func run() async throws {
        let command = self
        try await Place.reporting { try command.compare() }
    }

    private func compare() throws {
        let folder = run.count > 1 && run.hasSuffix("/") ? String(run.dropLast()) : run
        var display = Display(progress: .none, colours: false)
        var report = ConformanceReport()
        let folders = try ConformanceReport.folders(at: folder)
        display.lines([ConformanceReport.header])
        for folder in folders { display.lines(try report.add(folder)) }
        display.lines(report.summary)
        try Files.write(JSONText.pretty(report.json), to: "\(folder)/conformance.json")
        if !report.conforms { throw Status.didNotHold }
        if !report.isComplete { throw Status.notCarriedOut }
    }
}
