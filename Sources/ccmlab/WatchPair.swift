import ArgumentParser
import LabKit

/// Looks at a live pair.
struct WatchPair: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "watch",
        abstract: "Watch a pair that is kept up: what both partners tell of themselves.",
        discussion: """
            Asks both partners of a pair that “ccmlab run --keep” has left up, twice a second, as “ccmd status” does. On a \
            terminal both stand beside each other; elsewhere there is a line for each change. Ctrl-C ends it.

            Exit status: 0 it was ended by Ctrl-C, 2 nothing is kept, or it is gone, 64 wrong usage.

            Examples:
              ccmlab watch
              ccmlab watch --run runs/latest | tee changes.log
            """)

    @Option(name: .customLong("run"), help: "The run folder of what is kept.", completion: .directory)
    var folder = "runs/latest"

    func run() async throws {
        let command = self
        try await Place.reporting {
            let watch = Watch(try KeptRun(of: command.folder))
            if Display.isTerminal { Display.write("\u{1B}[2J", to: 1) }
            do { try await watch.look(onPage: Display.isTerminal) } catch is CancellationError {}
        }
    }
}
