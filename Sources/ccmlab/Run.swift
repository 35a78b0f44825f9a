import ArgumentParser
import ClusterConnection
import LabKit

/// Runs scenarios.
struct Run: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Run scenarios and judge them.",
        discussion: """
            Makes the fabric (or boots the virtual machine and makes it there), runs every scenario on it with two \
            real partner processes, checks what always holds and what the scenario expects, prints a table, and \
            leaves a run folder: merged events, both histories, scenario, verdicts, JUnit XML, KTAP, on real verbs also \
            packet capture and recordings, and report.html, which shows all of it.

            Exit status: 0 all held, or broke as its scenario expects, 1 something did not hold, 2 a run could not be \
            carried out, 64 wrong usage or a malformed scenario, 130 interrupted.

            Examples:
              ccmlab run Lab/scenarios/boot-order
              ccmlab run Lab/scenarios/boot-order/a-first.yaml --repeat 20
              ccmlab run --speed --repeat 50 Lab/scenarios/speed
              ccmlab run --tag quick Lab/scenarios
              ccmlab run --keep --clock real Lab/scenarios/clients/clients-become-ready.yaml
              ccmlab run --fabric sim --trace Lab/scenarios/boot-order/a-first.yaml
              ccmlab run my-scenario.yaml --fabric vm --clock real --output /tmp/evidence
            """)

    @Argument(help: "Scenario files, or folders of them.", completion: .scenarios)
    var paths: [String]

    @OptionGroup var place: Place

    @Option(
        name: .customLong("tag"),
        help: "Run only scenarios that have this tag; more than once for more tags.",
        completion: .tags)
    var tags: [String] = []

    @Option(name: .customLong("repeat"), help: "How often each run is done.")
    var repetitions = 1

    @Flag(
        help: """
            Measure speed: beside a reference (ib_read_lat) on the same rail, and without a packet capture.
            """)
    var speed = false

    @Flag(
        help: """
            When all runs are judged, boot both partners of the last one again and leave them up, with their fabric, until \
            Ctrl-C: “ccmlab shell a” and “ccmlab watch” look around there.
            """)
    var keep = false

    @Flag(help: "Print what would be run, with boots and steps, and run nothing.")
    var dryRun = false

    @Flag(help: "Print each run as a sequence diagram of the two partners (--fabric sim).")
    var trace = false

    @OptionGroup var part: Part

    func validate() throws {
        guard (1...100_000).contains(repetitions) else {
            throw ValidationError("--repeat takes a count from 1 to 100000, not \(repetitions)")
        }
        guard !paths.isEmpty else { throw ValidationError("name a scenario file or a folder of them") }
    }

    func run() async throws {
        let command = self
        try await Place.reporting { try await command.runAll() }
    }

    private func runAll() async throws {
        let scenarios = try ScenarioLibrary.load(paths, tags: tags)
        let checkout = try Checkout()
        let simulates = place.fabric == .sim
        if trace, !simulates {
            throw LabError(
                "--trace is for --fabric sim; a run on real verbs leaves events.jsonl in its folder")
        }
        if simulates, keep {
            throw LabError("the simulator leaves nothing that could be kept; run --keep without --fabric sim")
        }
        if simulates, speed {
            throw LabError("only real verbs have a speed; run --speed without --fabric sim")
        }
        if dryRun {
            let dryRun = DryRun(
                scenarios, shard: part.shard, repetitions: repetitions, place: try place.inWords,
                leftOut: simulates ? scenarios.compactMap { LeftOut(bySimulatorOf: $0) } : [])
            var display = place.display
            return display.lines(dryRun.lines)
        }
        let program = simulates ? "" : try checkout.ccmd(place.ccmd)
        let fabric = try place.fabricKind
        let seed = place.drawnSeed()
        let folder = try place.makeFolder()
        try place.keepCommand(in: folder, adding: place.seed == .random ? seed.map { ["--seed", "\($0)"] } ?? [] : [])
        var display = place.display
        if fabric == .vm {
            let status = try await place.runInVM(
                ["run", "--repeat", "\(repetitions)"] + (speed ? ["--speed"] : [])
                    + tags.flatMap { ["--tag", $0] } + part.arguments + (keep ? ["--keep"] : []),
                paths.map { Checkout.absolute($0) }, checkout: checkout, program: program,
                files: Array(
                    Set(scenarios.flatMap { $0.programs.values }.flatMap { $0.files(root: checkout.root) })
                ).sorted(),
                folder: folder, lasting: Self.most(scenarios) * UInt64(repetitions), keeps: keep, &display)
            try await place.report(on: folder, scenarios: scenarios, &display)
            if !status.isSuccess { throw status }
            return
        }
        var lab = LabRun(
            scenarios: scenarios, checkout: checkout, ccmd: program, repetitions: repetitions,
            measuresSpeed: speed,
            output: folder, shownOutput: environmentValue("CCM_LAB_SHOWN_OUTPUT") ?? folder)
        lab.fabric = fabric
        lab.seeds = seed.map { .fixed($0) } ?? .perScenario
        lab.jobs = place.workers
        lab.printsTraces = trace
        lab.shard = part.shard
        lab.keeps = keep
        let results = try await lab.run(&display)
        if !results.isEmpty { try await place.report(on: folder, scenarios: scenarios, &display) }
        try Place.finish(results)
    }

    /// How long scenarios may last, one after the other.
    private static func most(_ scenarios: [Scenario]) -> TimeSpan {
        scenarios.reduce(.zero) { $0 + $1.deadline * UInt64($1.variants.count) }
    }
}
