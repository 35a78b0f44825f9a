import ArgumentParser
import ClusterConnection
import LabKit

/// Measures speed beside references.
struct Bench: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Measure speed beside what others reach on the same rail in the same run.",
        discussion: """
            Each bench runs its scenarios of Lab/bench and, before and after them, the programs that it is measured \
            against. Prints a table: figure, reference, their ratio, the limit that the ratio should keep to. Leaves a \
            run folder with the evidence and bench.json.

            Benches:
            \(Benches.all.map { "  \($0.name): \($0.summary)" }.joined(separator: "\n"))

            Exit status: 0 all was measured, 2 something could not be; with --strict also 1 when a limit does not hold; 64 \
            wrong usage, 130 interrupted.

            Examples:
              ccmlab bench
              ccmlab bench --only mirror --runs 5
              ccmlab bench --clock real --json figures.json
              ccmlab bench --strict
            """)

    @OptionGroup var place: Place

    @Option(
        help: "Only the bench of this name; may be given more than once.",
        completion: .list(Benches.all.map(\.name)))
    var only: [String] = []

    @Option(help: "A file for the figures, beside bench.json in the run folder.", completion: .file())
    var json: String?

    @Option(help: "How often each scenario is run; the figures are medians.")
    var runs = 3

    @Flag(help: "Exit with status 1 when a limit does not hold.")
    var strict = false

    func validate() throws {
        guard (1...1_000).contains(runs) else {
            throw ValidationError("--runs takes a count from 1 to 1000, not \(runs)")
        }
        let names = Benches.all.map(\.name)
        if let name = only.first(where: { !names.contains($0) }) {
            throw ValidationError(
                "there is no bench “\(name)”; expected one of \(names.joined(separator: ", "))")
        }
    }

    func run() async throws {
        let command = self
        try await Place.reporting { try await command.measure() }
    }

    private func measure() async throws {
        if place.fabric == .sim {
            throw LabError("only real verbs have a speed; run bench without --fabric sim")
        }
        let checkout = try Checkout()
        let program = try checkout.ccmd(place.ccmd)
        let usesVM = try place.usesVM
        let folder = try place.makeFolder()
        var display = place.display
        if usesVM {
            var arguments = ["bench", "--runs", "\(runs)"] + only.flatMap { ["--only", $0] }
            if strict { arguments.append("--strict") }
            let status = try await place.runInVM(
                arguments, checkout: checkout, program: program,
                programs: Set(benches.flatMap(\.references).map(\.program)).sorted(), folder: folder,
                lasting: .seconds(120) * UInt64(runs * benches.count), &display)
            try copyReport(from: folder)
            if !status.isSuccess { throw status }
            return
        }
        let bench = BenchRun(
            benches: benches, checkout: checkout, ccmd: program, repetitions: runs, output: folder,
            shownOutput: environmentValue("CCM_LAB_SHOWN_OUTPUT") ?? folder)
        let outcome = try await bench.run(&display)
        try copyReport(from: folder)
        if outcome.failures > 0 { throw Status.notCarriedOut }
        if strict, outcome.rows.contains(where: { $0.holds == false }) { throw Status.didNotHold }
    }

    private var benches: [any LabKit.Bench] {
        Benches.all.filter { only.isEmpty || only.contains($0.name) }
    }

    private func copyReport(from folder: String) throws {
        guard let json else { return }
        let report = "\(folder)/\(BenchRun.report)"
        guard let text = Files.text(of: report) else { throw LabError("could not read \(report)") }
        try Files.write(text, to: Checkout.absolute(json))
    }
}
