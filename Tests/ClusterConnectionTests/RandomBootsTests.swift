import Testing

@testable import ClusterConnection

/// Random boots and one random kill with a reboot: whatever the order of events, the pair converges, and
/// what must always hold is checked after every one of them.
struct RandomBootsTests {
    @Test(arguments: 0..<20)
    func aHundredSeedsConverge(block: Int) {
        for seed in (block * 100)..<(block * 100 + 100) {
            var random = SplitMix64(seed: UInt64(seed) ^ 0x5eed)
            let pair = TwoPartners("seed \(seed)", seed: UInt64(seed))
            pair.boot(0, after: .microseconds(.random(in: 0...20_000, using: &random)))
            pair.boot(1, after: .microseconds(.random(in: 0...20_000, using: &random)))
            let victim = Int.random(in: 0...1, using: &random)
            pair.run(for: .microseconds(.random(in: 0...25_000, using: &random)))
            if Bool.random(using: &random) { pair.kill(victim) } else { pair.powerOff(victim) }
            let pause = TimeSpan.microseconds(.random(in: 0...30_000, using: &random))
            pair.boot(victim, after: pause)
            pair.run(for: pause)
            pair.runUntilEstablished(within: TwoPartners.bound)
            pair.run(for: .milliseconds(25))
            if !pair.areEstablished { Issue.record("seed \(seed) did not stay established\n\(pair.tail)") }
        }
    }
}
