import ClusterConnection

/// One run that a machine is booted for.
struct MachineRun: Sendable {
    var variant: ScenarioVariant
    /// Which of the runs that its scenario stands for it is.
    var part: GuestRun.Part
    /// From 1.
    var repetition: Int
    /// What all chance in it comes from.
    var seed: UInt64
    /// Its folder, below that of all runs.
    var folder: String
}

/// Runs, each on a User-Mode Linux machine of its own: none can disturb another, and each can be repeated alone.
struct MachineRuns: Sendable {
    var checkout: Checkout
    var ccmd: String
    /// Whether packets and recordings are kept.
    var keepsAll = true
    /// Whether the instructions of partners are counted.
    var countsInstructions = false
    /// The folder of all runs.
    var output: String
    /// How many machines there are at once.
    var jobs: Int

    /// Does all runs, and reports each when it is done, in the order of the list.
    ///
    /// - Throws: `LabError` where a run's folder cannot be written; `CancellationError` when interrupted. All machines
    ///   are gone then.
    func run(
        _ plans: [MachineRun], _ display: inout Display,
        _ report: (FinishedRun, inout Display) throws -> Void
    ) async throws {
        let processors = UserModeLinux.processors
        // Pinned, two machines take as long as one; with more of them than processors the host knows better.
        let slots = (0..<max(1, jobs)).map { jobs <= processors.count ? processors[$0] : nil }
        try await withThrowingTaskGroup(of: (place: Int, slot: Int, run: FinishedRun).self) { group in
            var next = 0
            func begin(in slot: Int) {
                guard next < plans.count else { return }
                let place = next
                next += 1
                group.addTask { (place, slot, try await run(plans[place], processor: slots[slot])) }
            }
            for slot in slots.indices { begin(in: slot) }
            var waiting: [Int: FinishedRun] = [:]
            var reported = 0
            while let done = try await group.next() {
                waiting[done.place] = done.run
                begin(in: done.slot)
                while let run = waiting.removeValue(forKey: reported) {
                    try report(run, &display)
                    reported += 1
                }
            }
        }
    }

    /// Does one run.
    func run(_ plan: MachineRun, processor: Int? = nil) async throws -> FinishedRun {
        let path = "\(output)/\(plan.folder)"
        Files.removeFolder(path)
        try Files.makeFolder(path)
        let scenario = plan.variant.scenario
        try Files.write(scenario.text, to: "\(path)/\(GuestRun.scenarioFile)")
        let machine = UserModeLinux(
            script: checkout.umlScript, seed: plan.seed, results: path,
            patience: Self.patience(for: scenario.deadline), processor: processor,
            memory: countsInstructions ? Callgrind.memory : nil)
        let files = scenario.programs.values.flatMap { $0.files(root: checkout.root) }
        let outcome = try await machine.runLab(
            in: checkout.root, ccmd: ccmd,
            ["guest", "run"] + ["--repetition", "\(plan.repetition)", "--seed", "\(plan.seed)"]
                + ["--folder", plan.folder] + plan.part.arguments + (keepsAll ? [] : ["--bare"])
                + (countsInstructions ? ["--counted"] : []),
            files: Set(files).sorted())
        if outcome.status != 0 {
            let result = RunResult(
                variant: plan.variant, repetition: plan.repetition, judgement: .notRun(outcome.reason),
                folder: plan.folder, start: Instant(nanoseconds: 0), duration: .zero, seed: plan.seed)
            try JudgedRun.write(result, to: path)
        }
        guard let bytes = Files.bytes(of: "\(path)/verdict.json", limit: 64 << 20) else {
            throw LabError("the machine of \(plan.variant.title) left no verdict in \(path)")
        }
        let verdict: JSONValue
        do throws(JSONProblem) { verdict = try JSONReader.value(of: bytes[...]) } catch {
            throw LabError("\(path)/verdict.json is damaged: \(error)")
        }
        return try FinishedRun(plan, verdict: verdict, at: path)
    }

    /// How long a machine may take for a run that lasts so long by its own clock: it skips what it waits for, and a
    /// busy host is slow.
    private static func patience(for deadline: TimeSpan) -> TimeSpan { deadline * 2 + .seconds(180) }
}
