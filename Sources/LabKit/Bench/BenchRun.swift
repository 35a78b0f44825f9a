import ClusterConnection

/// Runs benches one after the other on the fabric of this kernel, prints their rows as they come, and leaves the
/// evidence and `bench.json`.
package struct BenchRun: Sendable {
    package var benches: [any Bench]
    package var checkout: Checkout
    package var ccmd: String
    /// How often each scenario is run.
    package var repetitions: Int
    /// Where the run folder is to be.
    package var output: String
    /// The run folder's path as the reader knows it: outside the VM where the lab runs in one.
    package var shownOutput: String

    package init(
        benches: [any Bench], checkout: Checkout, ccmd: String, repetitions: Int, output: String,
        shownOutput: String
    ) {
        self.benches = benches
        self.checkout = checkout
        self.ccmd = ccmd
        self.repetitions = repetitions
        self.output = output
        self.shownOutput = shownOutput
    }

    /// The report in a run folder.
    package static let report = "bench.json"

    /// What came of it all.
    package struct Outcome: Sendable {
        package var rows: [BenchRow] = []
        /// Benches that could not be measured.
        package var failures = 0
    }

    /// Runs everything.
    ///
    /// - Throws: `LabError` when the fabric could not be made, `CancellationError` when interrupted; the fabric
    ///   is gone then too.
    package func run(_ display: inout Display) async throws -> Outcome {
        let scenarios = try ScenarioLibrary.load(
            benches.flatMap(\.scenarios).map { "\(checkout.benches)/\($0).yaml" })
        let session = try await LabSession.open(
            checkout: checkout, ccmd: ccmd, keepsAll: false,
            rails: scenarios.map(\.rails).max() ?? 1, output: output, &display)
        var outcome = Outcome()
        var interruption: (any Error)?
        do {
            let table = BenchTable(colours: display.colours)
            display.lines([table.header(clock: session.environment.clock)])
            for bench in benches {
                do {
                    let evidence = try await measure(bench, scenarios, session, &display)
                    let rows = try bench.rows(evidence)
                    outcome.rows += rows
                    display.lines(rows.flatMap { table.lines($0) })
                } catch let error as LabError {
                    outcome.failures += 1
                    display.lines(
                        ["\(bench.name): not measured"] + Table.wrapped(error.description, indent: 4))
                    try await session.renewFabric(&display)
                }
            }
        } catch {
            interruption = error
        }
        let leftovers = await session.takeFabricDown(&display)
        try Files.write(
            JSONText.pretty(document(outcome, session.environment)), to: "\(session.stage)/\(Self.report)")
        try session.deliver()
        display.clear()
        if let interruption { throw interruption }
        if let leftovers { throw LabError(leftovers) }
        display.lines(["", "kernel \(session.environment.kernel); run folder: \(shownOutput)"])
        return outcome
    }

    /// Measures the references before the first run, between runs and behind the last one, so that what changes on the
    /// host meanwhile changes both.
    private func measure(
        _ bench: any Bench, _ scenarios: [Scenario], _ session: LabSession, _ display: inout Display
    ) async throws -> BenchEvidence {
        var evidence = BenchEvidence()
        try await measureReferences(of: bench, into: &evidence, session, &display)
        for repetition in 1...max(1, repetitions) {
            for name in bench.scenarios {
                guard let variant = scenarios.first(where: { $0.name == name })?.variants.first else {
                    throw LabError("\(checkout.benches)/\(name).yaml holds no scenario named \(name)")
                }
                display.status("\(bench.name): \(name) \(repetition)/\(max(1, repetitions))")
                let folder = repetitions > 1 ? "\(name)/run-\(repetition)" : name
                let run = try await JudgedRun.run(variant, repetition, in: folder, session)
                switch run.result.judgement.result {
                case .held, .brokeAsExpected: break
                case .notRun(let reason): throw LabError("\(name): \(reason)")
                case .broke:
                    let broken = run.result.judgement.broken.first
                    throw LabError(
                        "\(name) broke \(broken?.rule.rawValue ?? "a rule"): \(broken?.explanation ?? "") "
                            + "(evidence: \(shownOutput)/\(folder))")
                }
                if let record = run.record { evidence.runs[name, default: []].append(record) }
            }
            try await measureReferences(of: bench, into: &evidence, session, &display)
        }
        return evidence
    }

    private func measureReferences(
        of bench: any Bench, into evidence: inout BenchEvidence, _ session: LabSession,
        _ display: inout Display
    ) async throws {
        for (place, tool) in bench.references.enumerated() {
            display.status("\(bench.name): \(tool.command)")
            let measurement = try await tool.measure()
            evidence.references[tool.command, default: []].append(measurement.quantity)
            let time = evidence.references[tool.command]?.count ?? 0
            let folder = "\(session.stage)/references"
            try Files.makeFolder(folder)
            try Files.write(
                "\(tool.command)\n\(measurement.output)",
                to: "\(folder)/\(bench.name)-\(place + 1)-\(tool.program)-\(time).txt")
        }
    }

    private func document(_ outcome: Outcome, _ environment: LabEnvironment) -> JSONValue {
        .object(
            JSONObject([
                ("environment", environment.json), ("runs", .integer(Int64(max(1, repetitions)))),
                ("rows", .array(outcome.rows.map(\.json))),
                ("notMeasured", .integer(Int64(outcome.failures))),
            ]))
    }
}
