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
}
