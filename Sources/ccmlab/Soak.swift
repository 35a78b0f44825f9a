import ArgumentParser
import ClusterConnection
import Glibc
import LabKit
import StrictYAML

/// Runs faults at random.
struct Soak: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Do random things to a pair with clients, one after another, and judge them all.",
        discussion: """
            Kills, freezes, cuts and power-offs of either partner, at moments and for lengths that are drawn from a \
            seed; the same seed draws the same. After each fault, or each burst of them, the pair has to be ready \
            again. What always holds is checked over the whole history, and what the scenarios are about is not: \
            only their settings are taken. Faults come in chunks of \(SoakPlan.chunkSize), each a run of its own whose \
            scenario lies in the run folder and can be run again by “ccmlab run”.

            Whoever interrupts it is told of the chunks that are done, as at the end; a second Ctrl-C ends that, too.

            Exit status: 0 all held, 1 something did not hold, 2 a chunk could not be carried out, 64 wrong usage or a \
            malformed scenario, 130 interrupted.

            Examples:
              ccmlab soak
              ccmlab soak --seed 7 --count 200
              ccmlab soak --for 60min --clock real
              ccmlab soak --count 100 Lab/scenarios/clients/cut-and-heal-with-clients.yaml
              ccmlab soak --fabric sim --count 1000000

            In the simulator a fault is not one of a series but part of an ordeal: a pair of its own, booted, troubled \
            and left alone, which has to become ready. Ordeals have numbers, from --seed on; the same number is the \
            same ordeal on every machine, and the digest at the end is the same for the same numbers.
            """)

    @Argument(
        help: "Scenarios whose settings the pair gets, in turn. Without any: Lab/scenarios/soak.",
        completion: .scenarios)
    var paths: [String] = []

    @Option(help: "How many faults. Without it, and without --for: 60.")
    var count: Int?

    @Option(
        name: .customLong("for"),
        help: "Until so much time has passed, such as 90s or 20min, by the soak's clock.")
    var time: String?

    @Option(
        help: """
            Within what time a pair has to be ready once all is well (--fabric sim). Without it: what its settings \
            promise.
            """)
    var bound: String?

    @OptionGroup var part: Part

    @OptionGroup var place: Place

    func validate() throws {
        if let bound, TimeSpan(text: bound).map({ $0 == .zero }) ?? true {
            throw ValidationError("--bound takes \(TimeSpan.textForm), more than none, not “\(bound)”")
        }
        if place.fabric != .sim, bound != nil { throw ValidationError("--bound is for --fabric sim") }
        if place.fabric == .sim, !paths.isEmpty {
            throw ValidationError("ordeals of the simulator draw their settings themselves: name no scenario")
        }
        if place.fabric == .sim, part.shard != .whole {
            throw ValidationError(
                "--shard is for faults on real verbs; of ordeals, give each machine its own --seed")
        }
        if part.shard != .whole, place.seed == .random {
            throw ValidationError("--shard needs a --seed that all parts have in common")
        }
        if place.fabric == .sim, let count, count > 0 { return }
        if let count, !(1...SoakPlan.mostFaults).contains(count) {
            throw ValidationError("--count takes a number from 1 to \(SoakPlan.mostFaults), not \(count)")
        }
        if count != nil, time != nil { throw ValidationError("take --count or --for, not both") }
        if let time, TimeSpan(text: time).map({ $0 == .zero }) ?? true {
            throw ValidationError("--for takes \(TimeSpan.textForm), more than none, not “\(time)”")
        }
    }

    /// The seed that the faults are drawn from. A soak is one run, and has one seed of its own.
    private var drawnSeed: UInt64 { place.drawnSeed() ?? 1 }

    /// How long a fault takes with what comes after it, amply.
    private static let spanOfFault = TimeSpan.seconds(10)

    func run() async throws {
        let command = self
        try await Place.reporting { try await command.soak() }
    }

    private func soakInSimulator() async throws {
        let folder = try place.makeFolder()
        var display = place.display
        let span = time.flatMap { TimeSpan(text: $0) }
        let seed = drawnSeed
        try place.keepCommand(in: folder, drawn: seed)
        let soak = SimulatedSoak(
            seed: seed,
            extent: span.map { .time($0) } ?? .ordeals(UInt64(count ?? 100_000)),
            bound: bound.flatMap { TimeSpan(text: $0) },
            jobs: place.workers, output: folder,
            shownOutput: folder)
        let outcome = try await soak.run(&display)
        func report() async throws {
            if !outcome.held { try await place.report(on: folder, &display) }
        }
        guard outcome.isComplete else {
            try await Interrupts.last(report)
            throw CancellationError()
        }
        try await report()
        if !outcome.held { throw Status.didNotHold }
    }

    private func soak() async throws {
        if place.fabric == .sim { return try await soakInSimulator() }
        let checkout = try Checkout()
        let paths = paths.isEmpty ? [checkout.scenarios + "/soak"] : paths
        let bases = try ScenarioLibrary.load(paths)
        if let base = bases.first(where: { !$0.programs.isEmpty }) {
            throw LabError(
                "\(base.name) has a partner with a command, and half of a soak's boots strike ccmd from within; expected "
                    + "scenarios with ccmd on both sides")
        }
        let seed = drawnSeed
        let span = time.flatMap { TimeSpan(text: $0) }
        let faults = count ?? 60
        let program = try checkout.ccmd(place.ccmd)
        let fabric = try place.fabricKind
        let folder = try place.makeFolder()
        try place.keepCommand(in: folder, drawn: seed)
        var display = place.display
        let plan = SoakPlan(seed: seed, extent: span.map { .time($0) } ?? .faults(faults), bases: bases)
        if fabric == .vm {
            let extent = time.map { ["--for", $0] } ?? ["--count", "\(faults)"]
            // What an earlier soak has left here says nothing of this one.
            unlink("\(folder)/verdicts.json")
            let status: ExitCode
            do {
                status = try await place.runInVM(
                    ["soak", "--seed", "\(seed)"] + extent + part.arguments,
                    paths.map { Checkout.absolute($0) },
                    checkout: checkout, program: program, folder: folder,
                    lasting: span ?? Self.spanOfFault * UInt64(faults), &display)
            } catch let interruption as CancellationError {
                try await tell(of: plan, interruptedIn: folder, &display)
                throw interruption
            }
            try await place.report(on: folder, &display)
            if !status.isSuccess { throw status }
            return
        }
        var run = LabRun(
            scenarios: [], soak: plan, checkout: checkout, ccmd: program, repetitions: 1,
            measuresSpeed: false, output: folder,
            shownOutput: environmentValue("CCM_LAB_SHOWN_OUTPUT") ?? folder)
        run.shard = part.shard
        run.fabric = fabric
        run.seeds = .fixed(seed)
        run.jobs = place.workers
        let results: [RunResult]
        do {
            results = try await run.run(&display)
        } catch let interruption as CancellationError {
            // In the virtual machine nobody interrupts the lab but by ending the machine.
            try await Interrupts.last {
                try await place.report(on: folder, &display)
            }
            throw interruption
        }
        if !results.isEmpty { try await place.report(on: folder, &display) }
        try Place.finish(results)
    }

    /// Tells of the chunks that are done when the virtual machine is ended in the midst of one.
    private func tell(of plan: SoakPlan, interruptedIn folder: String, _ display: inout Display) async throws
    {
        try await Interrupts.last {
            display.status("reading the chunks that are done")
            let table = Table(colours: display.colours)
            let told = try SoakReport.ofInterrupted(plan, shard: part.shard, in: folder, table)
            display.lines(told.lines)
            if told.hasRuns { try await place.report(on: folder, &display) }
        }
    }
}
