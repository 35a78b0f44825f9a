import ArgumentParser
import ClusterConnection
import LabKit

/// What the lab does inside a machine that it has booted. Nobody types this.
struct Guest: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Do the part of a run that is done inside a machine.", shouldDisplay: false,
        subcommands: [GuestRunCommand.self, GuestKeepCommand.self])
}

/// Does one run.
struct GuestRunCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "run", abstract: "Do one run, and leave its evidence in the folder of the results.")

    @Option var ccmd: String
    @Option var label: String?
    @Flag var probe = false
    @Option var at: UInt64?
    @Option var offset: Int64 = 0
    @Option var repetition: Int
    @Option var seed: UInt64
    @Option var folder: String
    @Flag var bare = false
    @Flag var counted = false
    /// Named for the machine, which then has them.
    @Argument var files: [String] = []

    private var part: GuestRun.Part {
        if probe { return .probe }
        if let at { return .instant(RunInstant(at: TimeSpan(nanoseconds: at), offset: offset)) }
        return .labelled(label ?? "")
    }

    func run() async throws {
        let command = self
        try await Place.reporting {
            guard let results = environmentValue("CCM_LAB_RESULTS") else {
                throw LabError("CCM_LAB_RESULTS is not set: “ccmlab guest” is for the lab's own machines")
            }
            var run = GuestRun(
                checkout: try Checkout(), ccmd: command.ccmd, part: command.part,
                repetition: command.repetition, seed: command.seed, folder: command.folder)
            run.keepsAll = !command.bare
            run.countsInstructions = command.counted
            try await run.run(results: results)
        }
    }
}

/// Keeps a pair.
struct GuestKeepCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "keep",
        abstract: "Make the fabric, boot both partners, and keep them until this is ended.")

    @Option var ccmd: String
    @Option var shownFolder: String
    @Argument var scenario: String

    func run() async throws {
        let command = self
        try await Place.reporting {
            guard let scenario = try ScenarioLibrary.load([command.scenario]).first else { return }
            var display = Display(progress: .none, colours: false)
            try await GuestRun.keep(
                scenario, checkout: try Checkout(), ccmd: command.ccmd, shownFolder: command.shownFolder,
                &display)
        }
    }
}
