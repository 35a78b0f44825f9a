import ClusterConnection
import Glibc

/// One run inside a machine that was booted for it and ends with it: makes the fabric, runs, judges, and leaves the
/// evidence in the folder that the machine shares with its host.
package struct GuestRun: Sendable {
    /// Which of the runs that a scenario stands for.
    package enum Part: Hashable, Sendable {
        /// The one with these values of its sweep; empty for none.
        case labelled(String)
        /// The one that tells when the scenario's instants are.
        case probe
        /// The one at an instant.
        case instant(RunInstant)

        /// How the lab in a machine is told.
        var arguments: [String] {
            switch self {
            case .labelled(let label): ["--label", label]
            case .probe: ["--probe"]
            case .instant(let instant):
                ["--at", "\(instant.at.nanoseconds)", "--offset=\(instant.offset)"]
            }
        }

        /// The run of a scenario; nil where it has none such.
        func variant(of scenario: Scenario) -> ScenarioVariant? {
            switch self {
            case .labelled(let label): scenario.variants.first { $0.label == label }
            case .probe:
                scenario.instantProbe.map { ScenarioVariant(scenario: $0, label: LabRun.probeName) }
            case .instant(let instant): scenario.variant(at: instant.at, offset: instant.offset)
            }
        }
    }

    package var checkout: Checkout
    package var ccmd: String
    package var part: Part
    package var repetition: Int
    /// What all random numbers of the machine come from.
    package var seed: UInt64
    /// The run's folder, as the lab's run folder has it.
    package var folder: String
    /// Whether packets and recordings are kept.
    package var keepsAll = true
    /// Whether the instructions of partners are counted.
    package var countsInstructions = false

    package init(
        checkout: Checkout, ccmd: String, part: Part, repetition: Int, seed: UInt64, folder: String
    ) {
        self.checkout = checkout
        self.ccmd = ccmd
        self.part = part
        self.repetition = repetition
        self.seed = seed
        self.folder = folder
    }

    /// The scenario to be run, in the folder of the results.
    static let scenarioFile = "scenario.yaml"
    /// Where evidence is gathered until the run is over: the host's folder is slow.
    private static let stage = "/tmp/ccm-lab"

    /// Runs it.
    ///
    /// - Parameter results: the folder that the machine shares with its host.
    /// - Throws: what kept the run from being carried out and judged.
    package func run(results: String) async throws {
        let file = "\(results)/\(Self.scenarioFile)"
        guard let text = Files.text(of: file) else { throw LabError("there is no \(file)") }
        let scenario = try ScenarioParser.parse(text, file: file)
        guard let variant = part.variant(of: scenario) else {
            throw LabError("\(scenario.name) has no run “\(part.arguments.joined(separator: " "))”")
        }
        try Files.makeFolder(Self.stage)
        var tools = Self.tools(checkout, ccmd: ccmd, keepsAll: keepsAll)
        tools.countsInstructions = countsInstructions
        _ = try await Fabric(script: checkout.fabricScript, rails: scenario.rails).up()
        _ = try await JudgedRun.run(
            variant, repetition, seed: seed, in: folder, at: Self.stage, tools,
            before: try await Surroundings.now())
        try Files.copyAll(below: Self.stage, to: results)
    }

    /// Makes the fabric, boots both partners with a scenario's settings, and keeps them until this task is cancelled.
    ///
    /// - Parameter shownFolder: the run folder as the reader knows it.
    package static func keep(
        _ scenario: Scenario, checkout: Checkout, ccmd: String, shownFolder: String, _ display: inout Display
    ) async throws {
        _ = try await Fabric(script: checkout.fabricScript, rails: scenario.rails).up()
        let pair = KeptPair(scenario, tools(checkout, ccmd: ccmd, keepsAll: false))
        try await pair.keep(shownFolder: shownFolder, &display)
    }

    private static func tools(_ checkout: Checkout, ccmd: String, keepsAll: Bool) -> RunTools {
        RunTools(
            ccmd: ccmd, root: checkout.root, fabricScript: checkout.fabricScript, fabric: .ofThisKernel,
            clock: environmentValue("CCM_LAB_CLOCK") ?? "real", kernel: LabEnvironment.kernelRelease,
            capturesPackets: keepsAll, recordsLives: keepsAll)
    }
}
