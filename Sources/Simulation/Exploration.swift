import ClusterConnection

/// Tries all orders in which things can happen, up to a bound, instead of one by chance.
///
/// From each state it takes every step that the interconnect allows next: each queue pair's first packet, the driver's
/// next piece of work, the next timer once nothing is under way, and, as far as the bound allows, a fault at either
/// node or a timer that comes due before what is under way arrives. States are recognised by a fingerprint of 64 bits
/// (`World.fingerprint`), so that orders which come to the same are followed once. In every state the world's checks
/// must hold. A state in which no fault is left to come and both are ready is a leaf: from there, from every state right
/// after a fault, from one in 64 of all others, and from those at which the search stops for its depth, it is run on in virtual time, with
/// nothing more happening to anybody, until both are ready, and must get there.
public struct Exploration: Sendable {
    /// What may happen besides the packets.
    public struct Bound: Hashable, Sendable {
        /// How often a process may be killed, or a node lose power.
        public var crashes: Int
        /// How often a node whose process is gone may boot again.
        public var reboots: Int
        /// How often a timer may come due while packets are under way.
        public var earlyTimers: Int
        /// Whether a crash may also be a loss of power, of which nobody hears.
        public var powerOff: Bool
        /// How many steps long an order may be.
        public var depth: Int
        /// At most so many states; the search is not complete where it meets them.
        public var states: Int

        /// A bound with nothing but the packets.
        public init(
            crashes: Int = 0, reboots: Int = 0, earlyTimers: Int = 0, powerOff: Bool = false,
            depth: Int = 10_000,
            states: Int = 50_000_000
        ) {
            self.crashes = crashes
            self.reboots = reboots
            self.earlyTimers = earlyTimers
            self.powerOff = powerOff
            self.depth = depth
            self.states = states
        }
    }

    /// What was found.
    public struct Report: Sendable {
        /// Different states.
        public internal(set) var states = 0
        /// Steps taken.
        public internal(set) var transitions = 0
        /// The length of the longest order.
        public internal(set) var depth = 0
        /// States from which it was run on to the end.
        public internal(set) var leaves = 0
        /// Whether every order within the bound was tried.
        public internal(set) var isComplete = true
        /// What did not hold, with the order that leads there; nil when everything held.
        public internal(set) var failure: Failure?
    }

    /// An order that breaks an invariant.
    public struct Failure: Sendable {
        /// What did not hold.
        public var violations: [Violation]
        /// The steps that lead there.
        public var trace: [String]
        /// What both partners wrote on the way.
        public var history: [World.Line]
    }

    private struct Node {
        var world: World
        var crashes: Int
        var reboots: Int
        var earlyTimers: Int
        var depth: Int
        var trace: Trace?
    }

    private final class Trace: Sendable {
        let choice: Choice
        let before: Trace?

        init(_ choice: Choice, after before: Trace?) {
            self.choice = choice
            self.before = before
        }

        var steps: [Choice] {
            var steps: [Choice] = []
            var trace: Trace? = self
            while let step = trace {
                steps.append(step.choice)
                trace = step.before
            }
            return steps.reversed()
        }
    }

    /// From one in so many states it is run on, wherever they are.
    private static let sample = 64

    private let start: World
    private let bound: Bound
    private var seen: Set<UInt64> = []
    private var report = Report()

    private init(_ world: World, _ bound: Bound) {
        start = world
        self.bound = bound
    }

    /// Explores from two nodes that are both powered on at this moment, in either order of their first steps.
    ///
    /// - Parameter progress: is told the report so far, from time to time; ends the search by answering false.
    public static func run(
        _ nodes: [NodePlan], _ bound: Bound, tamper: (any Tamper)? = nil,
        progress: (Report) -> Bool = { _ in true }
    ) -> Report {
        var fabric = FabricPlan()
        // Nothing takes long: whatever is under way arrives before a timer, unless a timer is to come early.
        fabric.latency = 1_000...1_000
        fabric.portLatency = .microseconds(1)
        fabric.tearing = .zero
        var world = World(nodes: nodes, fabric: fabric, seed: 1)
        world.isTimed = false
        world.tamper = tamper
        for node in 0..<2 { world.powerOn(node) }
        var exploration = Exploration(world, bound)
        exploration.search(progress)
        return exploration.report
    }

    private mutating func search(_ progress: (Report) -> Bool) {
        var stack = [
            Node(
                world: start, crashes: bound.crashes, reboots: bound.reboots, earlyTimers: bound.earlyTimers,
                depth: 0,
                trace: nil)
        ]
        seen.insert(key(of: stack[0]))
        while let node = stack.popLast() {
            report.states += 1
            report.depth = max(report.depth, node.depth)
            if report.states % 4_096 == 0, !progress(report) {
                report.isComplete = false
                return
            }
            if !visit(node, &stack) { return }
        }
    }

    /// Takes every step from a state.
    ///
    /// - Returns: whether everything held.
    private mutating func visit(_ node: Node, _ stack: inout [Node]) -> Bool {
        let isQuiet = node.crashes == 0 && node.reboots == 0 && node.earlyTimers == 0
        guard node.depth < bound.depth, report.states < bound.states else {
            report.isComplete = false
            return runOn(node)
        }
        if isQuiet, node.world.areReady { return runOn(node) }
        // A circle of states that never gets anywhere has no leaf.
        if report.states % Self.sample == 1, !runOn(node) { return false }
        let successors = successors(of: node)
        if successors.isEmpty {
            return isQuiet ? runOn(node) : true
        }
        for (choice, crashes, reboots, earlyTimers) in successors {
            var world = node.world
            world.take(choice)
            report.transitions += 1
            let trace = Trace(choice, after: node.trace)
            guard world.violations.isEmpty else {
                fail(world.violations, trace)
                return false
            }
            let next = Node(
                world: world, crashes: crashes, reboots: reboots, earlyTimers: earlyTimers,
                depth: node.depth + 1,
                trace: trace)
            guard seen.insert(key(of: next)).inserted else { continue }
            // Whatever is under way at the moment of a fault: the pair gets over it.
            if case .act = choice, !runOn(next) { return false }
            stack.append(next)
        }
        return true
    }

    private func successors(of node: Node) -> [(Choice, crashes: Int, reboots: Int, earlyTimers: Int)] {
        let world = node.world
        var all: [(Choice, crashes: Int, reboots: Int, earlyTimers: Int)] = []
        func add(_ choice: Choice, crashes: Int = 0, reboots: Int = 0, earlyTimers: Int = 0) {
            all.append(
                (
                    choice, node.crashes - crashes, node.reboots - reboots, node.earlyTimers - earlyTimers
                ))
        }
        let deliverable = world.deliverable
        for place in deliverable {
            add(.happening(place))
        }
        if let choice = world.nextByTime {
            if !deliverable.contains(where: { !world.isOfBoot($0) }) {
                add(choice)
            } else if node.earlyTimers > 0 {
                add(choice, earlyTimers: 1)
            }
        }
        for number in 0..<2 {
            if world.current[number] == nil {
                if node.reboots > 0 { add(.act(.boot(number)), reboots: 1) }
            } else if node.crashes > 0 {
                add(.act(.kill(number)), crashes: 1)
                if bound.powerOff { add(.act(.powerOff(number)), crashes: 1) }
            }
        }
        return all
    }

    private func key(of node: Node) -> UInt64 {
        var digest = Digest()
        digest.add(node.world.fingerprint)
        digest.add(UInt64(node.crashes))
        digest.add(UInt64(node.reboots))
        digest.add(UInt64(node.earlyTimers))
        return digest.value
    }

    /// Runs on in virtual time, with nothing more happening to anybody: who is not there boots, and both have to become
    /// ready.
    private mutating func runOn(_ node: Node) -> Bool {
        report.leaves += 1
        var world = node.world
        Self.runOn(&world)
        guard world.violations.isEmpty else {
            fail(world.violations, node.trace, runsOn: true)
            return false
        }
        return true
    }

    private static func runOn(_ world: inout World) {
        world.heal()
        for number in 0..<2 {
            world.thaw(number)
            world.powerOn(number)
        }
        let settings = world.nodes[0].settings
        let bound =
            settings.handshakeTimeout + settings.attemptTimeout * 2 + settings.backoffCap * 2
            + settings.exchangeTimeout
        let isReady = world.run(atMost: bound) { $0.areReady || !$0.violations.isEmpty }
        if !isReady { world.violate(.readyAgain, nil, "not ready \(bound.nanoseconds / 1_000_000) ms later") }
    }

    /// Goes the way once more, this time with its history.
    private mutating func fail(_ violations: [Violation], _ trace: Trace?, runsOn: Bool = false) {
        let steps = trace?.steps ?? []
        var world = start
        world.keepsHistory = true
        var names: [String] = []
        for step in steps {
            names.append(world.name(of: step))
            world.take(step)
        }
        if runsOn {
            names.append("then nothing more happens to anybody")
            Self.runOn(&world)
        }
        report.failure = Failure(violations: violations, trace: names, history: world.history)
        report.isComplete = false
    }
}
