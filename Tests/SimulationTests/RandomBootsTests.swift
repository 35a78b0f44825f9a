import ClusterConnection
import Testing

@testable import Simulation

struct RandomBootsTests {
    @Test func aPairBecomesReady() {
        var world = World(nodes: [NodePlan(.a), NodePlan(.b)], seed: 1, keepsHistory: true)
        world.powerOn(0)
        world.powerOn(1, after: .milliseconds(3))
        let isReady = world.run(atMost: .seconds(1)) { $0.areReady }
        #expect(
            isReady, "\(world.history.map { "\($0.at.nanoseconds / 1000) \($0.node) \($0.record.event)" })")
        #expect(world.violations.isEmpty, "\(world.violations)")
    }
}

extension Settings {
    static let a = Settings(
        node: NodeIdentity(value: 1), partnerNode: NodeIdentity(value: 2),
        cluster: ClusterIdentity(low: 1, high: 2),
        role: .storageSystem)
    static let b = Settings(
        node: NodeIdentity(value: 2), partnerNode: NodeIdentity(value: 1),
        cluster: ClusterIdentity(low: 1, high: 2),
        role: .storageSystem)
}
