import ArgumentParser
import ClusterConnection
import Glibc
import LabKit
import Simulation

/// Tries all schedules of a simulated pair.
struct Explore: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Try all orders in which things can happen to a simulated pair.",
        discussion: """
            Follows every order in which the packets of both partners, their timers and their drivers' work can come, \
            with crashes and reboots at every point of it, and checks in every state what always holds; from the \
            states after a fault and from the last ones it runs on until both are ready. States that differ only in \
            what counts are followed once. Without options: the standard bounds, one after another.

            Exit status: 0 everything held and all was tried, 1 something did not hold (the order that leads there \
            is printed), 2 the limit of states was met first, 64 wrong usage, 130 interrupted.

            Examples:
              ccmlab explore
              ccmlab explore --crashes 2 --reboots 2
              ccmlab explore --crashes 1 --reboots 1 --early-timers 1 --clients 1
            """)

    @Option(help: "How often a process may be killed.")
    var crashes: Int?

    @Option(help: "How often a node whose process is gone may boot again.")
    var reboots: Int?

    @Option(help: "How often a timer may come due while packets are under way.")
    var earlyTimers: Int?

    @Option(help: "Clients of each partner.")
    var clients: Int?

    @Flag(help: "A crash may also be a loss of power, of which nobody hears.")
    var powerOff = false

    @Flag(help: "The partner with the lower identity speaks version 1 only.")
    var oldPartner = false

    @Option(help: "At most so many states for one bound.")
    var states = 20_000_000

    func validate() throws {
        for (name, value) in [
            ("--crashes", crashes), ("--reboots", reboots), ("--early-timers", earlyTimers),
            ("--clients", clients),
        ] {
            if let value, !(0...8).contains(value) {
                throw ValidationError("\(name) takes a number from 0 to 8, not \(value)")
            }
        }
        guard (1...1_000_000_000).contains(states) else {
            throw ValidationError("--states takes a number from 1 to 1000000000, not \(states)")
        }
    }

    func run() async throws {
        let command = self
        try await Place.reporting { try command.explore() }
    }

    /// A pair, and what may happen to it.
    private struct Case {
        var name: String
        var bound: Exploration.Bound
        var clients = 0
        var isOld = false
    }

    private var cases: [Case] {
        let isStandard =
            crashes == nil && reboots == nil && earlyTimers == nil && clients == nil && !powerOff
            && !oldPartner
        guard isStandard else {
            return [
                Case(
                    name: "as asked",
                    bound: Exploration.Bound(
                        crashes: crashes ?? 0, reboots: reboots ?? 0, earlyTimers: earlyTimers ?? 0,
                        powerOff: powerOff, states: states), clients: clients ?? 0, isOld: oldPartner)
            ]
        }
        func bound(
            _ crashes: Int = 0, _ reboots: Int = 0, early: Int = 0, powerOff: Bool = false
        ) -> Exploration.Bound {
            Exploration.Bound(
                crashes: crashes, reboots: reboots, earlyTimers: early, powerOff: powerOff, states: states)
        }
        return [
            Case(name: "both boot, in either order", bound: bound()),
            Case(name: "one timer comes early", bound: bound(early: 1)),
            Case(name: "a client on each side", bound: bound(), clients: 1),
            Case(name: "two versions", bound: bound(), clients: 1, isOld: true),
            Case(name: "one crash, one reboot", bound: bound(1, 1)),
            Case(name: "the same, with clients", bound: bound(1, 1), clients: 1),
            Case(name: "the same, with two versions", bound: bound(1, 1), clients: 1, isOld: true),
            Case(name: "one crash or loss of power", bound: bound(1, 1, powerOff: true)),
            Case(name: "one crash, an early timer", bound: bound(1, 1, early: 1)),
            Case(name: "two crashes, two reboots", bound: bound(2, 2)),
        ]
    }

    private func explore() throws {
        var display = Display(
            progress: Display.isTerminal ? .transient : .none, colours: Display.wantsColours)
        display.lines([Self.row("bound", "states", "steps", "depth", "run on", "seconds", "")])
        var isComplete = true
        for entry in cases {
            let began = MonotonicClock.now
            let report = Exploration.run(Self.nodes(entry), entry.bound) { report in
                display.status("\(entry.name): \(report.states) states")
                return !Task.isCancelled
            }
            try Task.checkCancellation()
            let span = MonotonicClock.now - began
            let verdict = report.failure != nil ? "BROKE" : report.isComplete ? "held" : "held, not complete"
            display.clear()
            display.lines([
                Self.row(
                    entry.name, "\(report.states)", "\(report.transitions)", "\(report.depth)",
                    "\(report.leaves)",
                    SpanText.rounded(span), verdict)
            ])
            if let failure = report.failure {
                display.lines(Self.lines(failure))
                throw Status.didNotHold
            }
            isComplete = isComplete && report.isComplete
        }
        if !isComplete { throw Status.notCarriedOut }
    }

    private static func nodes(_ entry: Case) -> [NodePlan] {
        (0..<2).map { node in
            var settings = Settings(
                node: NodeIdentity(value: UInt64(node + 1)),
                partnerNode: NodeIdentity(value: UInt64(2 - node)),
                cluster: ClusterIdentity(low: 0xccc, high: 0x1ab), role: .storageSystem)
            settings.missLimit = 3
            if entry.isOld, node == 0, let old = VersionRange(lowest: 1, highest: 1) {
                settings.versions = old
            }
            var plan = NodePlan(settings)
            plan.clients = (0..<entry.clients).compactMap { Name("client-\($0)") }.map {
                ClientPlan(ClientInformation(name: $0, role: .symmetric, ports: 1, memory: 64))
            }
            return plan
        }
    }

    private static func lines(_ failure: Exploration.Failure) -> [String] {
        failure.violations.map { "  \($0.invariant.rawValue): \($0.finding)" }
            + ["  the order that leads there:"] + failure.trace.enumerated().map { "  \($0 + 1). \($1)" }
    }

    private static func row(
        _ name: String, _ states: String, _ steps: String, _ depth: String, _ leaves: String,
        _ seconds: String,
        _ verdict: String
    ) -> String {
        func right(_ text: String, _ width: Int) -> String {
            String(repeating: " ", count: max(0, width - text.count)) + text
        }
        let padded = name + String(repeating: " ", count: max(0, 28 - name.count))
        return padded + right(states, 9) + right(steps, 10) + right(depth, 6) + right(leaves, 8)
            + right(seconds, 9)
            + "  " + verdict
    }
}
