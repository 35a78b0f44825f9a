import ClusterConnection

extension LabRun {
    /// Runs everything in the simulator, and leaves the run folder.
    func simulate(_ display: inout Display) throws -> [RunResult] {
        let environment = LabEnvironment.simulated(seeds: seeds, root: checkout.root)
        let table = Table(colours: display.colours)
        var results: [RunResult] = []
        display.lines([table.header])
        var leftOut = leftOut
        for scenario in scenarios {
            if let obstacle = LeftOut(bySimulatorOf: scenario) {
                leftOut.append(obstacle)
                continue
            }
            var rows: [RunResult] = []
            do {
                for run in try plan(scenario, probes: try simulateProbes(of: scenario)) {
                    try Task.checkCancellation()
                    let result = try simulate(run.variant, run.repetition)
                    rows.append(result.row)
                    results.append(result.row)
                    if printsTraces {
                        let diagram = SequenceDiagram(result.events).lines
                        display.lines(["", "\(run.variant.title)"] + diagram + [""])
                    }
                }
            } catch let problem as LabError where scenario.hasInstants && rows.isEmpty {
                rows.append(try Self.unprobed(scenario, problem, in: output))
                results += rows
            }
            if !rows.isEmpty { display.lines([table.row(rows)] + table.map(rows)) }
        }
        display.lines(LeftOut.lines(leftOut))
        display.lines(summary(results, table, environment, nil, leftOut: leftOut))
        try writeReports(
            results, verdicts: results.map { VerdictsJSON.run($0) }, environment, leftOut: leftOut, to: output
        )
        if results.isEmpty, !leftOut.isEmpty {
            throw LabError("nothing was run: the simulator can run none of it")
        }
        return results
    }

    /// Simulates the probes of a scenario that has instants, as its repetitions will be.
    private func simulateProbes(of scenario: Scenario) throws -> [[HistoryEvent]] {
        guard let probe = scenario.instantProbe else { return [] }
        let variant = ScenarioVariant(scenario: probe, label: Self.probeName)
        let probes = try (1...max(1, repetitions)).map { repetition in
            try SimulatedRun.run(
                variant, seed: seeds.seed(of: scenario.name, repetition: repetition)
            ).events
        }
        if let first = probes.first { try Self.keep(first, of: scenario, in: output) }
        return probes
    }

    /// Runs a scenario once. Another repetition is another seed.
    private func simulate(_ variant: ScenarioVariant, _ repetition: Int) throws -> (
        row: RunResult, events: [HistoryEvent]
    ) {
        let seed = seeds.seed(of: variant.scenario.name, repetition: repetition)
        let folder = folder(of: variant, repetition)
        let path = "\(output)/\(folder)"
        try Files.makeFolder(path)
        try Files.write(variant.scenario.text, to: "\(path)/scenario.yaml")
        var judgement: Judgement
        var events: [HistoryEvent] = []
        do {
            let outcome = try SimulatedRun.carryOut(variant, seed: seed)
            events = outcome.record.events
            judgement = outcome.failure.map { .notRun($0) } ?? Checker.judge(outcome.record)
        } catch {
            judgement = .notRun(error.description)
        }
        let start = events.first?.time ?? Instant(nanoseconds: 0)
        let result = RunResult(
            variant: variant, repetition: repetition, judgement: judgement, folder: folder, start: start,
            duration: (events.last?.time ?? start) - start, seed: seed)
        func write(_ events: [HistoryEvent], to name: String) throws {
            try Files.write(events.map { $0.line + "\n" }.joined(), to: "\(path)/\(name)")
        }
        try write(events, to: "events.jsonl")
        for partner in PartnerID.allCases {
            try write(
                events.filter { $0.partner == partner && !$0.name.isOfTheLab },
                to: "history-\(partner.rawValue).jsonl")
        }
        try JudgedRun.write(result, to: path)
        return (result, events)
    }
}

extension EventName {
    /// Whether it is the laboratory that writes such a line.
    fileprivate var isOfTheLab: Bool {
        switch self {
        case .runStarted, .fault, .census, .loadEnded, .processEnded, .runEnded: true
        default: false
        }
    }
}
