import ArgumentParser
import LabKit

/// Makes the report of a run.
struct Report: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Make one HTML file that shows what happened in a run.",
        discussion: """
            Takes a run folder, of one run or of many, of real verbs or of the simulator, and draws both partners on a \
            time line: boots, lives, handshake, verdicts, what the lab did to them. What broke comes first, with the \
            events that show it and the settings that matter. Besides: times, sweeps, packets with their RoCE headers \
            (tshark). The file needs no network, and no script for what it shows.

            ccmlab run and soak make it by themselves; there, captures are decoded only of what broke, or where there \
            are at most three.

            Exit status: 0 the report was made, 2 it could not be, 64 wrong usage, 130 interrupted.

            Examples:
              ccmlab report runs/latest
              ccmlab report runs/latest/kill-b-when-ready-and-boot-again --output bug.html
            """)

    @Argument(help: "A run folder: of one run, or with runs below it.", completion: .directory)
    var run: String

    @Option(
        help: "The file to write. Without it: report.html in the run folder.", completion: .file())
    var output: String?

    func run() async throws {
        let command = self
        try await Place.reporting { try await command.make() }
    }

    private func make() async throws {
        let folder = run.count > 1 && run.hasSuffix("/") ? String(run.dropLast()) : run
        let file = output ?? "\(folder)/\(HTMLReport.file)"
        try Files.write(try await HTMLReport.html(of: folder, captures: .all), to: file)
        var display = Display(progress: .none, colours: false)
        display.lines(["report: \(file)"])
    }
}
