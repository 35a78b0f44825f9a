import ClusterConnection

/// A random scenario: two partners that boot, faults that befall them, and at the end nothing but a whole fabric on which
/// both have to become ready. A value that replays exactly, and that can be made smaller.
public struct Ordeal: Hashable, Sendable {
    /// Something done to the pair.
    public enum Act: Hashable, Sendable {
        case kill(NodeNumber)
        case powerOff(NodeNumber)
        case boot(NodeNumber)
        case stop(NodeNumber)
        case freeze(NodeNumber)
        /// Stands still for a moment, and goes on by itself.
        case pause(NodeNumber, TimeSpan)
        case thaw(NodeNumber)
        /// One rail, or all; what one node sends, or everything.
        case cut(RailID?, from: NodeNumber?)
        case heal(RailID?)
    }

    /// An act, so long after the one before it.
    public struct Step: Hashable, Sendable {
        /// The span.
        public var after: TimeSpan
        /// What is done.
        public var act: Act
    }

    /// Everything else that happens by chance comes out of this.
    public var seed: UInt64
    /// How long packets are under way.
    public var latency: ClosedRange<UInt64>
    /// How many nanoseconds a store takes, in the middle of which a read may come.
    public var tearing: UInt64
    /// How many rails there are.
    public var rails: Int
    /// Clients of each node.
    public var clients: Int
    /// Protocol versions that each node speaks.
    public var versions: [VersionRange]
    /// When each node boots first.
    public var boots: [TimeSpan]
    /// What happens to them.
    public var steps: [Step]
    /// Within what time they have to be ready, once all is well.
    public var bound: TimeSpan

    /// The ordeal of a number.
    public init(seed: UInt64) {
        var random = SplitMix64(seed: seed ^ 0x0dea_1000_5eed)
        self.seed = seed
        bound = Self.promisedBound
        let slowest: UInt64 = [15_000, 40_000, 40_000, 40_000, 40_000, 1_000_000, 3_000_000][
            Int.random(in: 0..<7, using: &random)]
        latency = 5_000...slowest
        rails = Int.random(in: 0..<4, using: &random) == 0 ? 2 : 1
        clients = Int.random(in: 0...2, using: &random)
        versions = (0..<2).map { _ in
            Int.random(in: 0..<8, using: &random) == 0
                ? VersionRange(lowest: 1, highest: 1) ?? .supported : .supported
        }
        boots = (0..<2).map { _ in .microseconds(.random(in: 0...20_000, using: &random)) }
        let longest: UInt64 = [1_000, 1_000, 10_000, 10_000, 40_000, 40_000, 500_000][
            Int.random(in: 0..<7, using: &random)]
        tearing = [400, 400, 10_000][Int.random(in: 0..<3, using: &random)]
        let count = [0, 1, 1, 2, 2, 3, 4][Int.random(in: 0..<7, using: &random)]
        steps = []
        for _ in 0..<count {
            var span = TimeSpan.microseconds(.random(in: 0...longest, using: &random))
            // What a cut leads to comes when the transport's patience ends: there it is worth being.
            if case .cut = steps.last?.act, Int.random(in: 0..<3, using: &random) == 0 {
                span = .microseconds(.random(in: 110_000...160_000, using: &random))
            }
            steps.append(Step(after: span, act: Self.act(rails: rails, using: &random)))
        }
    }

    private static func act(rails: Int, using random: inout SplitMix64) -> Act {
        let node = Int.random(in: 0...1, using: &random)
        let rail: RailID? =
            rails == 1 ? nil : [nil, RailID(index: 0), RailID(index: 1)].randomElement(using: &random) ?? nil
        switch Int.random(in: 0..<20, using: &random) {
        case 0..<3: return .kill(node)
        case 3..<5: return .powerOff(node)
        case 5..<9: return .boot(node)
        case 9: return .stop(node)
        case 10: return .freeze(node)
        case 11, 12: return .thaw(node)
        case 13, 14: return .cut(rail, from: [nil, 0, 1].randomElement(using: &random) ?? nil)
        case 15, 16: return .heal(rail)
        default:
            let longest: UInt64 = [100, 2_000, 20_000, 300_000][Int.random(in: 0..<4, using: &random)]
            return .pause(node, .microseconds(.random(in: 10...longest, using: &random)))
        }
    }
}

extension Ordeal.Act: CustomStringConvertible {
    /// In words, as for a scenario.
    public var description: String {
        func rail(_ rail: RailID?) -> String { rail.map { "rail \($0.index)" } ?? "all rails" }
        return switch self {
        case .kill(let node): "kill \(node)"
        case .powerOff(let node): "power-off \(node)"
        case .boot(let node): "boot \(node)"
        case .stop(let node): "stop \(node)"
        case .freeze(let node): "freeze \(node)"
        case .pause(let node, let span): "pause \(node) for \(span.nanoseconds / 1_000) us"
        case .thaw(let node): "thaw \(node)"
        case .cut(let number, nil): "cut \(rail(number))"
        case .cut(let number, let node?): "cut \(rail(number)) from \(node)"
        case .heal(let number): "heal \(rail(number))"
        }
    }
}

/// What came of an ordeal.
public struct OrdealOutcome: Sendable {
    /// What did not hold.
    public var violations: [Violation]
    /// How often a partner booted.
    public var boots: UInt64
    /// Events that were handed to connection managers.
    public var events: UInt64
    /// From the moment at which all was well to both ready; nil where they did not become ready in time.
    public var recovery: TimeSpan?
    /// Of everything that both partners wrote, and when.
    public var digest: UInt64
    /// How far virtual time went.
    public var elapsed: TimeSpan
}

extension Ordeal {
    /// The world in which it takes place.
    public func world(keepsHistory: Bool = false) -> World {
        let cluster = ClusterIdentity(low: 0xccc, high: 0x1ab)
        var nodes: [NodePlan] = []
        for node in 0..<2 {
            var settings = Settings(
                node: NodeIdentity(value: UInt64(node + 1)),
                partnerNode: NodeIdentity(value: UInt64(2 - node)),
                cluster: cluster, role: .storageSystem, versions: versions[node])
            settings.rails = rails
            settings.missLimit = Self.missLimit
            var plan = NodePlan(settings)
            plan.clients = Self.plans.prefix(clients).map { $0 }
            nodes.append(plan)
        }
        var fabric = FabricPlan()
        fabric.latency = latency
        fabric.tearing = .nanoseconds(tearing)
        return World(nodes: nodes, fabric: fabric, seed: seed, keepsHistory: keepsHistory)
    }

    private static let plans: [ClientPlan] = ["messenger", "log-mirror"].compactMap { Name($0) }.map {
        ClientPlan(ClientInformation(name: $0, role: .symmetric, ports: 2, memory: 4_096))
    }

    /// Goes through with it.
    ///
    /// - Parameters:
    ///   - world: that of `world()`, or one that somebody tampers with.
    public func run(in world: inout World) -> OrdealOutcome {
        let start = world.now
        for node in 0..<2 { world.powerOn(node, after: boots[node]) }
        for step in steps {
            world.run(for: step.after)
            Self.perform(step.act, in: &world)
            if !world.violations.isEmpty { break }
        }
        // Whatever happened: after as long as the last of it took to come, all is well.
        let end = max(start + (boots.max() ?? .zero), world.now) + patience
        while world.step(until: end) {}
        world.heal()
        for node in 0..<2 { world.thaw(node) }
        // Who is saying goodbye says it to the end.
        if world.isAnybodyLeaving { world.run(for: .milliseconds(21)) }
        for node in 0..<2 { world.powerOn(node) }
        let well = world.now
        var recovery: TimeSpan?
        // What happened before may still have its effect: ready is who stays it.
        while recovery == nil, world.violations.isEmpty, world.now - well < bound {
            guard world.run(atMost: bound, until: { $0.areReady || !$0.violations.isEmpty }) else { break }
            let span = world.now - well
            world.run(for: Self.rest)
            if world.areReady { recovery = span }
        }
        if recovery == nil {
            world.violate(
                .readyAgain, nil,
                "not ready \((world.now - well).nanoseconds / 1_000_000) ms after all was well")
        }
        return OrdealOutcome(
            violations: world.violations, boots: UInt64(world.lives.count), events: world.events,
            recovery: world.violations.isEmpty ? recovery : nil, digest: world.digest,
            elapsed: world.now - start)
    }

    /// The miss limit of both nodes.
    public static let missLimit: UInt32 = 20

    /// How long the last step has to take effect.
    public var patience: TimeSpan { steps.last?.after ?? .milliseconds(1) }

    /// How long two partners have to stay ready, to be so.
    private static let rest = TimeSpan.milliseconds(25)

    /// Goes through with it in a world of its own.
    public func run() -> OrdealOutcome {
        var world = world()
        return run(in: &world)
    }

    /// A handshake or an exchange that began before all was well may have to reach its deadline first; then an attempt
    /// that was lost and the longest pause after it.
    public static var promisedBound: TimeSpan {
        let settings = Settings(
            node: NodeIdentity(value: 1), partnerNode: NodeIdentity(value: 2),
            cluster: ClusterIdentity(low: 0, high: 0),
            role: .storageSystem)
        return settings.handshakeTimeout + settings.attemptTimeout * 2 + settings.backoffCap * 2
            + .milliseconds(200)
    }

    static func perform(_ act: Act, in world: inout World) {
        switch act {
        case .kill(let node): world.kill(node)
        case .powerOff(let node): world.powerOff(node)
        case .boot(let node): world.powerOn(node)
        case .stop(let node): world.stop(node)
        case .freeze(let node): world.freeze(node)
        case .pause(let node, let span): world.pause(node, for: span)
        case .thaw(let node): world.thaw(node)
        case .cut(let rail, let node): world.cut(rail, from: node)
        case .heal(let rail): world.heal(rail)
        }
    }
}
