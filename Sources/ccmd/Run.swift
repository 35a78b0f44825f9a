import ArgumentParser
import Glibc
import PartnerRuntime
import StrictYAML

/// Runs a partner until SIGTERM.
struct Run: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Run a partner until SIGTERM or SIGINT.",
        discussion: """
            The process stands for the partner's node: its start is power-on, and it
            walks the boot phases on the schedule of its configuration, or when “ccmd
            announce” says so. The history goes to standard output as JSON lines.
            """)

    @Option(name: .long, help: "The partner's configuration (YAML).")
    var config: String

    @Option(name: .long, help: "Where the history goes: a file, or - for standard output.")
    var events: String = "-"

    @Option(
        name: .long, help: "Where “ccmd status” and “ccmd announce” find this process: the path of a socket.")
    var control: String?

    @Option(
        name: .customLong("set"),
        help: ArgumentHelp(
            "In the place of what the configuration says, for example heartbeat.interval=20ms.",
            valueName: "field=value"))
    var overrides: [String] = []

    func run() throws {
        let configuration: Configuration
        do {
            configuration = try Configuration(
                yaml: try TextFile.read(config), source: config,
                overrides: overrides + (control.map { ["control=\($0)"] } ?? []))
        } catch {
            StandardError.write("ccmd: \(error)")
            throw ExitCode(64)
        }
        do {
            try Partner(configuration, events: events).run()
        } catch {
            StandardError.write("ccmd: partner \(configuration.partner): \(error)")
            throw ExitCode(1)
        }
    }
}
