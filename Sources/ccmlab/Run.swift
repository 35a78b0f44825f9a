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

    @Option(
        help: """
            Do only the run of a sweep, or of instants, that is called so in tables and reports: “skew=-5ms”, “at=+12us”.
            """)
    var only: String?

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

    @Flag(
        help: """
            Run everything two times and compare every byte of the evidence (uml, sim); the first difference is told, and \
            fails.
            """)
    var twice = false

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
        if twice, keep || speed { throw ValidationError("--twice goes neither with --keep nor with --speed") }
    }

    func run() async throws {
        let command = self
        try await Place.reporting { try await command.runAll() }
    }

    private func runAll() async throws {
        let scenarios = try ScenarioLibrary.load(paths, tags: tags)
        let checkout = try Checkout()
        try checkOptions()
        // What is kept is looked at in real time, after its runs.
        let fabric = try place.fabricKind
        let assignment = FabricAssignment(
            scenarios, preferring: fabric, isBinding: place.fabric != .auto, measuresSpeed: speed)
        if dryRun {
            let dryRun = DryRun(
                assignment.onMachines + assignment.inVM + assignment.elsewhere, shard: part.shard,
                repetitions: repetitions, place: fabric == .uml ? assignment.inWords : try place.inWords,
                leftOut: assignment.leftOut)
            var display = place.display
            return display.lines(dryRun.lines)
        }
        let program = fabric == .sim ? "" : try checkout.ccmd(place.ccmd)
        let seed = place.drawnSeed()
        let folder = try place.makeFolder()
        try place.keepCommand(in: folder, drawn: seed)
        var display = place.display
        var lab = LabRun(
            scenarios: assignment.onMachines + assignment.elsewhere, checkout: checkout, ccmd: program,
            repetitions: repetitions, measuresSpeed: speed, output: folder,
            shownOutput: environmentValue("CCM_LAB_SHOWN_OUTPUT") ?? folder)
        lab.fabric = fabric == .vm ? .netns : fabric
        lab.seeds = seed.map { .fixed($0) } ?? .perScenario
        lab.jobs = place.workers
        lab.leftOut = assignment.leftOut
        lab.printsTraces = trace
        lab.shard = part.shard
        lab.only = only
        lab.keeps = keep && fabric == .netns
        guard !assignment.inVM.isEmpty else {
            let results = try await lab.run(&display)
            if twice { try await repeatToTheByte(lab, &display) }
            if !results.isEmpty { try await place.report(on: folder, scenarios: scenarios, &display) }
            if keep, fabric == .uml, let last = assignment.onMachines.last {
                try await place.keepOnUML(last, checkout: checkout, ccmd: program, folder: folder, &display)
            }
            return try Place.finish(results)
        }
        if twice {
            throw LabError(
                "--twice is for runs that repeat to the byte, and \(assignment.inVM[0].name) needs the virtual machine; "
                    + "run it apart, or with --fabric uml")
        }
        let status = try await runBoth(lab, assignment, &display)
        try await place.report(on: folder, scenarios: scenarios, &display)
        if !status.isSuccess { throw status }
    }

    /// Options that the fabric does not have.
    private func checkOptions() throws(LabError) {
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
    }

    /// Runs what is for User-Mode Linux there and the rest in the virtual machine, and leaves one run folder.
    private func runBoth(
        _ lab: LabRun, _ assignment: FabricAssignment, _ display: inout Display
    ) async throws -> ExitCode {
        let folder = lab.output
        let isAlone = assignment.onMachines.isEmpty
        if !isAlone { _ = try await lab.run(&display) }
        let part = isAlone ? folder : "\(folder)/\(MergedRuns.part)"
        try Files.makeFolder(part)
        let scenarios = assignment.inVM
        if !isAlone {
            display.lines(["", "in the virtual machine, which counts processor time:"])
        }
        let status = try await place.runInVM(
            ["run", "--repeat", "\(repetitions)"] + (speed ? ["--speed"] : [])
                + (only.map { ["--only", $0] } ?? []) + self.part.arguments + (keep ? ["--keep"] : []),
            scenarios.map { Checkout.absolute($0.file) }, checkout: lab.checkout, program: lab.ccmd,
            files: Array(
                Set(scenarios.flatMap { $0.programs.values }.flatMap { $0.files(root: lab.checkout.root) })
            ).sorted(),
            folder: part, lasting: Self.most(scenarios) * UInt64(repetitions), keeps: keep, &display)
        if isAlone { return status }
        let merged = try MergedRuns([folder, part], acrossFabrics: true)
        try merged.write(to: folder)
        Files.removeFolder(part)
        display.lines(["", merged.inWords, "run folder: \(folder)"])
        return Place.status(of: merged.results)
    }

    /// Runs everything once more, and compares every byte.
    ///
    /// - Throws: `Status.didNotHold` where something differs; what the second time left is then kept.
    private func repeatToTheByte(_ lab: LabRun, _ display: inout Display) async throws {
        var second = lab
        second.output = "\(lab.output)-second"
        second.shownOutput = second.output
        var nowhere = Display.nowhere
        display.status("running everything once more")
        _ = try await second.run(&nowhere)
        let comparison = try await EvidenceComparison(lab.output, second.output)
        display.lines([""] + comparison.lines)
        if comparison.difference != nil {
            display.lines(["run twice: \(lab.output) and \(second.output)"])
            throw Status.didNotHold
        }
        Files.removeFolder(second.output)
    }

    /// How long scenarios may last, one after the other.
    private static func most(_ scenarios: [Scenario]) -> TimeSpan {
        scenarios.reduce(.zero) { $0 + $1.deadline * UInt64($1.variants.count) }
    }
}
