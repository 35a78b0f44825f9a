import ArgumentParser
import LabKit

/// Puts the run folders of several machines together.
struct Merge: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Put run folders that were made with --shard together into one.",
        discussion: """
            Takes the run folders of the parts, wherever they were run, and leaves one with all runs, verdicts for \
            programs, and a report, as if one machine had done it. The parts have to be of the same commit, kernel and \
            clock, and have no run in common.

            Exit status: that of a run of all of it: 0 all held, 1 something did not hold, 2 something could not be \
            carried out, or the folders do not go together, 64 wrong usage.

            Examples:
              ccmlab run Lab/scenarios --shard 1/2 --output /tmp/one
              ccmlab run Lab/scenarios --shard 2/2 --output /tmp/two
              ccmlab merge /tmp/one /tmp/two
            """)

    @Argument(help: "Run folders.", completion: .directory)
    var parts: [String]

    @Option(
        help: "The run folder to make. Without it: runs/DATE-TIME, with the link runs/latest to it.",
        completion: .directory)
    var output: String?

    func validate() throws {
        guard parts.count > 1 else { throw ValidationError("name at least two run folders") }
    }

    func run() async throws {
        let command = self
        try await Place.reporting { try await command.merge() }
    }

    private func merge() async throws {
        let merged = try MergedRuns(parts)
        let place = try Place.parse(output.map { ["--output", $0] } ?? [])
        let folder = try place.makeFolder()
        try place.keepCommand(in: folder)
        try merged.write(to: folder)
        var display = place.display
        display.lines(merged.lines(Table(colours: display.colours), folder: folder))
        try await place.report(on: folder, &display)
        try Place.finish(merged.results)
    }
}
