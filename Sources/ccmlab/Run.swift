import ArgumentParser
import ClusterConnection
import Glibc
import LabKit
import StrictYAML

/// Runs scenarios.
struct Run: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Run scenarios and judge them.",
        discussion: """
            Makes the fabric (or boots the virtual machine and makes it there), runs every scenario on it with two \
            real partner processes, checks what always holds and what the scenario expects, prints a table, and \
            leaves a run folder: merged events, both histories, scenario, verdicts, JUnit XML, packet capture.

            Examples:
              ccmlab run Lab/scenarios/boot-order
              ccmlab run Lab/scenarios/boot-order/a-first.yaml --repeat 20
              ccmlab run --speed --repeat 50 Lab/scenarios/speed
              ccmlab run my-scenario.yaml --fabric vm --clock real --output /tmp/evidence
            """)

    @Argument(help: "Scenario files, or folders of them.")
    var paths: [String]

    @OptionGroup var lab: LabOptions

    @Option(name: .customLong("repeat"), help: "How often each run is done.")
    var repetitions = 1

    @Flag(
        help: """
            Measure speed: beside a reference (ib_read_lat) on the same rail, and without a packet capture.
            """)
    var speed = false

    func validate() throws {
        guard (1...100_000).contains(repetitions) else {
            throw ValidationError("--repeat takes a count from 1 to 100000, not \(repetitions)")
        }
        guard !paths.isEmpty else { throw ValidationError("name a scenario file or a folder of them") }
    }

    func run() async throws {
        try await LabOptions.reporting {
            let scenarios = try ScenarioLibrary.load(paths)
            let checkout = try Checkout()
            let folder = try lab.outputFolder()
            let program = try checkout.ccmd(lab.ccmd)
            var display = lab.display
            if try lab.usesVM {
                var arguments = ["run", "--repeat", "\(repetitions)"]
                if speed { arguments.append("--speed") }
                try await lab.runInVM(
                    arguments, paths, checkout, program, folder,
                    lasting: Self.most(scenarios) * UInt64(repetitions),
                    &display)
                return
            }
            let run = LabRun(
                scenarios: scenarios, checkout: checkout, ccmd: program, repetitions: repetitions,
                measuresSpeed: speed, output: folder, shownOutput: LabOptions.shownOutput ?? folder)
            try LabOptions.finish(try await run.run(&display))
        }
    }

    /// How long scenarios may last, one after the other.
    private static func most(_ scenarios: [Scenario]) -> TimeSpan {
        scenarios.reduce(.zero) { $0 + $1.deadline * UInt64($1.variants.count) }
    }
}
