import Testing

@testable import ClusterConnection

/// Whatever happened before: once both partners live and run and the rail is whole, they become established
/// again within the bound, and then nothing is said against either.
struct AdversityTests {
    enum Misfortune: CaseIterable {
        case kill, powerOff, boot, freeze, thaw, cut, heal, nothing
    }

    @Test(arguments: 0..<10)
    func twentySeedsOfManyFaultsConvergeOnceAllIsWell(block: Int) {
        for seed in (block * 20)..<(block * 20 + 20) { converges(seed: UInt64(seed)) }
    }

    private func converges(seed: UInt64) {
        var random = SplitMix64(seed: seed ^ 0xadbe)
        let pair = TwoPartners("adversity, seed \(seed)", seed: seed)
        pair.latency = 5_000...[10_000, 40_000, 1_000_000, 5_000_000][Int(seed % 4)]
        pair.boot(0)
        pair.boot(1, after: .microseconds(.random(in: 0...10_000, using: &random)))
        for _ in 0..<12 {
            pair.run(
                for: .microseconds(.random(in: 0...[1_000, 30_000, 400_000][Int(seed % 3)], using: &random)))
            let node = Int.random(in: 0...1, using: &random)
            switch Misfortune.allCases.randomElement(using: &random) ?? .nothing {
            case .kill: pair.kill(node)
            case .powerOff: pair.powerOff(node)
            case .boot: pair.boot(node)
            case .freeze: pair.freeze(node)
            case .thaw: pair.thaw(node)
            case .cut: pair.cut()
            case .heal: pair.heal()
            case .nothing: break
            }
        }
        pair.heal()
        for node in 0...1 {
            pair.thaw(node)
            pair.boot(node)
        }
        // A handshake that began before all was well may have to reach its deadline first.
        pair.runUntilEstablished(within: Settings.initiator.handshakeTimeout + TwoPartners.bound)
        pair.run(for: .milliseconds(150))
        let lines = pair.history.count
        pair.run(for: .milliseconds(100))
        if !pair.areEstablished || pair.history.count != lines {
            Issue.record("seed \(seed) does not come to rest\n\(pair.tail)")
        }
    }
}
