import ClusterConnection

/// Counts what the scenarios of Lab/perf cost a partner.
package struct PerfRecorder: Sendable {
    package var checkout: Checkout
    /// The partner program.
    package var ccmd: String
    /// The commit it is built of, and whether it is built of something else.
    package var commit: String
    package var isChanged: Bool
    package var seeds: SeedChoice
    package var jobs: Int

    package init(
        checkout: Checkout, ccmd: String, commit: String, isChanged: Bool, seeds: SeedChoice, jobs: Int
    ) {
        self.checkout = checkout
        self.ccmd = ccmd
        self.commit = commit
        self.isChanged = isChanged
        self.seeds = seeds
        self.jobs = jobs
    }

    /// Counts all of it.
    ///
    /// - Parameter folder: for the evidence, and for what is needed meanwhile.
    /// - Throws: `LabError` where something is missing, where a run did not hold, and where a history lacks an event that
    ///   a figure begins or ends with.
    package func record(in folder: String, _ display: inout Display) async throws -> PerfRecord {
        let environment = try await PerfEnvironment.now(checkout)
        let program = "\(folder)/ccmd"
        try Files.makeFolder(folder)
        try await Callgrind.strip(ccmd, to: program)
        display.status("counting \(Self.short(commit))")
        async let floor = PerfFloor(checkout, seed: floorSeed, in: "\(folder)/floor")
        var runs: [String: String] = [:]
        try await machines(program, folder).run(try plans(), &display) { run, display in
            let name = run.result.variant.scenario.name
            switch run.result.judgement.result {
            case .held: runs[name] = run.place
            case .broke, .brokeAsExpected:
                let broken = run.result.judgement.broken.first
                throw LabError(
                    "\(name) of \(Self.short(commit)) did not hold (\(broken?.explanation ?? "see its verdict")); what does "
                        + "not work has no figures (evidence: \(run.place))")
            case .notRun(let reason):
                throw LabError("\(name) of \(Self.short(commit)) could not be run: \(reason)")
            }
            display.status("counted \(name)")
        }
        let figures = try self.figures(runs, floor: try await floor)
        display.clear()
        let seed: UInt64? = if case .fixed(let seed) = seeds { seed } else { nil }
        return PerfRecord(
            commit: commit, isChanged: isChanged, seed: seed, environment: environment, figures: figures)
    }

    private var floorSeed: UInt64 { seeds.seed(of: "floor", repetition: 1) }

    private func machines(_ program: String, _ folder: String) -> MachineRuns {
        MachineRuns(
            checkout: checkout, ccmd: program, keepsAll: false, countsInstructions: true, output: folder,
            jobs: jobs)
    }

    private func plans() throws -> [MachineRun] {
        let files = PerfPlan.scenarios.map { "\(checkout.root)/Lab/perf/\($0).yaml" }
        return try ScenarioLibrary.load(files).map { scenario in
            MachineRun(
                variant: ScenarioVariant(scenario: scenario, label: ""), part: .labelled(""), repetition: 1,
                seed: seeds.seed(of: scenario.name, repetition: 1), folder: scenario.name)
        }
    }

    private func figures(_ runs: [String: String], floor: PerfFloor) throws -> [PerfFigure] {
        var profiles: [String: CallgrindProfile] = [:]
        func profile(_ process: String, of scenario: String) throws -> CallgrindProfile {
            let key = "\(scenario) \(process)"
            if let known = profiles[key] { return known }
            guard let folder = runs[scenario] else { throw LabError("\(scenario) was not run") }
            let profile = try CallgrindProfile(in: folder, of: process)
            profiles[key] = profile
            return profile
        }
        var figures: [PerfFigure] = []
        for stretch in PerfPlan.stretches {
            let parts = try profile(stretch.process, of: stretch.scenario).between(
                stretch.from, stretch.to, time: stretch.time, isToLast: stretch.isForEachClient)
            // A program of before the marks has the figures alone that are differences of runs.
            guard let parts else { continue }
            var figure = PerfFigure(stretch.figure, parts)
            figure.floor = stretch.floor.flatMap {
                floor.instructions($0, of: stretch.process.hasPrefix("a") ? .a : .b)
            }
            figures.append(figure)
        }
        for partner in PartnerID.allCases {
            let process = "\(partner.rawValue)1"
            let longer = try profile(process, of: PerfPlan.longerBeats)
            let shorter = try profile(process, of: PerfPlan.shorterBeats)
            var beat = PerfFigure(
                "heartbeat.\(partner.rawValue)", longer: longer, shorter: shorter, count: PerfPlan.moreBeats)
            beat.floor = floor.instructions(.beat, of: partner)
            figures.append(beat)
            figures += [
                ("allocations", PerfPlan.allocators), ("wake-ups", PerfPlan.waits),
            ].map { name, functions in
                PerfFigure(
                    "heartbeat-\(name).\(partner.rawValue)", calls: functions, longer: longer,
                    shorter: shorter, count: PerfPlan.moreBeats)
            }
            var whole = PerfFigure("whole-run.\(partner.rawValue)", shorter.parts)
            whole.parts = []
            figures += [whole, PerfFigure("manager.\(partner.rawValue)", whole, of: PerfPlan.manager)]
        }
        return figures
    }

    /// A commit as people write it.
    package static func short(_ commit: String) -> String { String(commit.prefix(12)) }
}
