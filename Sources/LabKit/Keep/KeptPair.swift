import ClusterConnection
import Subprocess

/// Two partners that are left running on a fabric, for somebody who wants to look around.
struct KeptPair: Sendable {
    /// Where the configurations and the control sockets are: on the machine that the fabric is on.
    static let folder = "/run/ccm-lab/kept"

    /// Where a partner of a pair that is kept tells its state.
    static func control(of partner: PartnerID) -> String { "\(folder)/\(partner.rawValue).socket" }

    private let scenario: Scenario
    private let tools: RunTools

    init(_ scenario: Scenario, _ tools: RunTools) {
        self.scenario = scenario
        self.tools = tools
    }

    /// Keeps both partners until this task is cancelled, and says how to look at them.
    ///
    /// - Parameter shownFolder: the run folder as the reader knows it.
    func keep(shownFolder: String, _ display: inout Display) async throws {
        display.lines([
            "", "both partners of \(scenario.name) run again, and are kept until Ctrl-C:",
            "  ccmlab shell a --run \(shownFolder)", "  ccmlab watch --run \(shownFolder)",
        ])
        let (told, sink) = AsyncStream<String>.makeStream()
        async let pair: Void = {
            defer { sink.finish() }
            try await hold { sink.yield($0) }
        }()
        for await line in told { display.lines([line]) }
        try await pair
    }

    /// Boots both partners with the scenario's settings, and keeps them until this task is cancelled. None of the
    /// scenario's steps is done, and nobody judges.
    ///
    /// - Parameter say: called with what there is to tell.
    /// - Throws: what kept them from being started.
    func hold(_ say: @escaping @Sendable (String) -> Void) async throws {
        try Files.makeFolder(Self.folder)
        defer { Files.removeFolder(Self.folder) }
        try await withThrowingTaskGroup(of: Void.self) { group in
            for partner in PartnerID.allCases {
                let settings = scenario.partners[partner]?.settings ?? PartnerSettings(partner)
                let file = "\(Self.folder)/\(partner.rawValue).yaml"
                try Files.write(
                    settings.configuration(for: partner, control: Self.control(of: partner), failpoint: nil),
                    to: file)
                let process = try PartnerProcess(
                    partner, of: scenario, configuration: file, ccmd: tools.ccmd, root: tools.root)
                group.addTask {
                    await process.run { report in
                        switch report {
                        case .started, .output: break
                        case .ended(let status, let complaint, _):
                            let why = complaint.isEmpty ? status.text : complaint.trimmed
                            say("partner \(partner.rawValue) has ended: \(why)")
                        case .couldNotStart(let why):
                            say("partner \(partner.rawValue) could not be started: \(why)")
                        }
                    }
                }
            }
            // Also when both have ended: the fabric is there to be looked at.
            group.addTask {
                let (nothing, source) = AsyncStream<Void>.makeStream()
                await withTaskCancellationHandler {
                    for await _ in nothing {}
                } onCancel: {
                    source.finish()
                }
            }
            try await group.waitForAll()
        }
    }
}
