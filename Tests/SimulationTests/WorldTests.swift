import ClusterConnection
import Testing

@testable import Simulation

struct WorldTests {
    private static func settings(_ node: UInt64) -> Settings {
        Settings(
            node: NodeIdentity(value: node), partnerNode: NodeIdentity(value: 3 - node),
            cluster: ClusterIdentity(low: 1, high: 2), role: .storageSystem)
    }

    private static func world(seed: UInt64 = 1) -> World {
        World(nodes: [NodePlan(settings(1)), NodePlan(settings(2))], seed: seed, keepsHistory: true)
    }

    @Test func aPairBecomesReady() {
        var world = Self.world()
        world.powerOn(0)
        world.powerOn(1, after: .milliseconds(3))
        let isReady = world.run(atMost: .seconds(1)) { $0.areReady }
        #expect(isReady)
        #expect(world.violations.isEmpty, "\(world.violations)")
    }

    @Test func theSameSeedIsTheSameRun() {
        func digest(_ seed: UInt64) -> UInt64 {
            var world = Self.world(seed: seed)
            world.powerOn(0)
            world.powerOn(1)
            world.run(for: .seconds(1))
            return world.digest
        }
        #expect(digest(3) == digest(3))
        #expect(digest(3) != digest(4))
    }

    @Test func aCopyGoesOnByItself() {
        var world = Self.world()
        world.powerOn(0)
        world.powerOn(1)
        world.run(for: .milliseconds(100))
        var copy = world
        copy.kill(1)
        copy.run(for: .milliseconds(100))
        #expect(copy.life(of: 0)?.manager.verdict == .dead)
        #expect(world.life(of: 0)?.manager.verdict == .alive)
        world.run(for: .milliseconds(100))
        #expect(world.areReady)
    }

    /// What each fault looks like to the survivor.
    @Test(arguments: [
        ("kill", Verdict.dead), ("freeze", .hung), ("cut", .unreachable), ("power-off", .unreachable),
    ])
    func aFaultIsCalledByItsName(_ fault: String, _ verdict: Verdict) {
        var world = Self.world()
        world.powerOn(0)
        world.powerOn(1)
        world.run(for: .milliseconds(100))
        switch fault {
        case "kill": world.kill(1)
        case "freeze": world.freeze(1)
        case "cut": world.cut()
        default: world.powerOff(1)
        }
        world.run(for: .milliseconds(700))
        #expect(world.life(of: 0)?.manager.verdict == verdict)
        #expect(world.violations.isEmpty, "\(world.violations)")
    }

    /// Lost packets cost attempts and tries, and neither a verdict for good nor the way back.
    @Test(arguments: 1...20 as ClosedRange<UInt64>) func aLossyRailBecomesReadyAllTheSame(seed: UInt64) {
        var fabric = FabricPlan()
        fabric.lossPerMillion = 50_000
        var world = World(
            nodes: [NodePlan(Self.settings(1)), NodePlan(Self.settings(2))], fabric: fabric, seed: seed)
        world.powerOn(0)
        world.powerOn(1)
        #expect(world.run(atMost: .seconds(10)) { $0.areReady })
        #expect(world.violations.isEmpty, "\(world.violations)")
    }

    /// Of two clients, the one whose ports cannot be made goes without, and the other is ready.
    @Test func aClientWithoutPortsGoesWithoutAlone() throws {
        let names = try ["one", "two"].map { try #require(Name($0)) }
        var nodes = [NodePlan(Self.settings(1)), NodePlan(Self.settings(2))]
        for node in 0..<2 {
            nodes[node].clients = names.map {
                ClientPlan(ClientInformation(name: $0, role: .symmetric, ports: 1, memory: 64))
            }
        }
        var world = World(nodes: nodes, seed: 1, keepsHistory: true)
        world.powerOn(0)
        world.denyPorts(to: ClientID(value: 1), at: 0)
        world.powerOn(1)
        world.run(for: .seconds(1))
        let ready = world.history.filter { $0.record.event == .clientReady }
        #expect(ready.count == 2 && ready.allSatisfy { $0.record.name?.name.text == "two" })
        #expect(world.history.contains { $0.record.event == .portsFailed && $0.node == 0 })
        #expect(world.violations.isEmpty, "\(world.violations)")
    }

    /// Nobody takes over from a partner that lives, however late who would decide on that registers.
    @Test func monitorsThatRegisterLateTakeNothingOver() throws {
        let name = try #require(Name("failover-monitor"))
        var plan = ClientPlan(
            ClientInformation(name: name, role: .symmetric, ports: 0, memory: 0),
            .failoverMonitor(goesAlone: true, patience: .milliseconds(200)))
        plan.registerAt = .milliseconds(500)
        var nodes = [NodePlan(Self.settings(1)), NodePlan(Self.settings(2))]
        for node in 0..<2 { nodes[node].clients = [plan] }
        var world = World(nodes: nodes, seed: 1, keepsHistory: true)
        world.powerOn(0)
        world.powerOn(1)
        world.run(for: .seconds(2))
        #expect(world.history.count { $0.record.event == .clientReady } == 2)
        #expect(!world.history.contains { $0.record.event == .decision })
    }

    /// What a process had posted before it was killed still reaches its partner's memory, until the partner fences.
    @Test func aWriteOfADyingProcessArrives() throws {
        let name = try #require(Name("log-mirror"))
        let plan = ClientPlan(
            ClientInformation(name: name, role: .symmetric, ports: 1, memory: 262_144),
            .logMirror(interval: .zero, recordBytes: 4_096))
        var nodes = [NodePlan(Self.settings(1)), NodePlan(Self.settings(2))]
        for node in 0..<2 { nodes[node].clients = [plan] }
        var world = World(nodes: nodes, seed: 1)
        world.powerOn(0)
        world.powerOn(1)
        world.run(for: .milliseconds(50))
        func highest() -> UInt64 {
            world.life(of: 0)?.clients.first?.shared.compactMap { $0?.number }.max() ?? 0
        }
        let before = highest()
        world.kill(1)
        while world.life(of: 0)?.isReady == true, world.step(until: world.now + .seconds(1)) {}
        let fenced = highest()
        #expect(before > 0 && fenced > before)
        world.run(for: .seconds(1))
        #expect(highest() == fenced)
    }

    /// A read and a write that nothing answers are tried again, and take place once the rail is whole.
    @Test func aShortCutCostsNothing() {
        var world = Self.world()
        world.powerOn(0)
        world.powerOn(1)
        world.run(for: .milliseconds(100))
        world.cut(from: 1)
        world.run(for: .milliseconds(50))
        world.heal()
        world.run(for: .milliseconds(300))
        #expect(world.areReady)
        #expect(world.history.count { $0.record.event == .established } == 2)
    }

    // MARK: What Soft-RoCE was seen to do

    private static func ready(_ fabric: FabricPlan) -> World {
        var world = World(
            nodes: [NodePlan(settings(1)), NodePlan(settings(2))], fabric: fabric, seed: 1, keepsSteps: true)
        world.powerOn(0)
        world.powerOn(1)
        world.run(for: .milliseconds(100))
        return world
    }

    /// How many attempts of a life failed for this reason.
    private static func failures(_ failure: ConnectFailure, of life: Int, in world: World) -> Int {
        (world.steps ?? []).count { step in
            if case .connectFailed(_, failure) = step.event { step.life == life } else { false }
        }
    }

    @Test func theEndOfAKilledProcessIsToldWhenItsKernelIsDoneWithIt() throws {
        var fabric = FabricPlan()
        fabric.afterlife = 100_000...100_000
        fabric.burial = 9_000_000...9_000_000
        var world = Self.ready(fabric)
        let killed = world.now
        world.kill(1)
        world.run(for: .milliseconds(8))
        #expect(world.life(of: 0)?.manager.verdict == .alive)
        world.run(for: .milliseconds(2))
        #expect(world.life(of: 0)?.manager.verdict == .dead)
        #expect(world.lives[1].endedAt == killed)
        #expect(try #require(world.lives[1].buriedAt) - killed == .microseconds(9_100))
        #expect(world.violations.isEmpty, "\(world.violations)")
    }

    @Test func aRequestToAProcessThatHasStoppedIsRefusedWhenThatIsGone() throws {
        var fabric = FabricPlan()
        fabric.leaving = 30_000_000...30_000_000
        var world = Self.ready(fabric)
        world.stop(1)
        world.run(for: .milliseconds(200))
        let left = try #require(world.lives[1].buriedAt)
        let refused = (world.steps ?? []).filter { step in
            if case .refused(_, nil) = step.event { step.life == 0 } else { false }
        }
        #expect(!refused.isEmpty && refused.allSatisfy { $0.at >= left })
        #expect(world.violations.isEmpty, "\(world.violations)")
    }

    @Test func anAttemptWhoseWayIsNotKnownFailsAsUnresolved() {
        var fabric = FabricPlan()
        fabric.resolution = .milliseconds(8)
        var world = World(
            nodes: [NodePlan(Self.settings(1)), NodePlan(Self.settings(2))], fabric: fabric, seed: 1,
            keepsSteps: true)
        world.cut()
        world.powerOn(0)
        world.powerOn(1)
        world.run(for: .milliseconds(50))
        #expect(Self.failures(.unresolved, of: 0, in: world) > 0)
        world.heal()
        let isReady = world.run(atMost: .seconds(2)) { $0.areReady }
        #expect(isReady)
        #expect(world.violations.isEmpty, "\(world.violations)")
    }

    @Test func anAttemptWhoseWayIsKnownStaysUnansweredWhenTheRailIsCut() {
        var fabric = FabricPlan()
        fabric.resolution = .milliseconds(8)
        var world = Self.ready(fabric)
        let before = world.lives[0].manager.counters.attempts
        world.cut()
        world.run(for: .seconds(2))
        #expect(world.lives[0].manager.counters.attempts > before)
        #expect(Self.failures(.unresolved, of: 0, in: world) == 0)
    }

    @Test func anAcceptanceThatComesTooLateFailsBeforeAnythingElseIsTold() throws {
        var world = Self.ready(FabricPlan())
        world.freeze(1)
        world.run(for: .seconds(3))
        world.thaw(1)
        let steps = try #require(world.steps).filter { $0.life == 1 }
        let accepted = steps.indices.filter { index in
            steps[index].actions.contains { if case .accept = $0 { true } else { false } }
        }
        let failed = accepted.filter { index in
            guard index + 1 < steps.count, case .connectFailed(_, .local) = steps[index + 1].event else {
                return false
            }
            return true
        }
        #expect(!failed.isEmpty)
        #expect(failed.count == Self.failures(.local, of: 1, in: world))
    }
}
