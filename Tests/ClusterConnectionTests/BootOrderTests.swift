import Testing

@testable import ClusterConnection

/// Whoever boots first, both become established with each other, and soon.
struct BootOrderTests {
    @Test(
        arguments: [0, 1],
        [0, 1, 10, 100, 999, 1_000, 5_000, 50_000, 299_999, 300_001, 1_000_000, 10_000_000])
    func bothBecomeEstablishedWhenTheLaterOneListens(first: Int, skew: UInt64) {
        let pair = TwoPartners("\(first + 1) first, the other \(skew) us later")
        pair.boot(first)
        pair.boot(1 - first, after: .microseconds(skew))
        pair.run(for: .microseconds(skew))
        // A knock and its answer, the connection, four operations and the confirmation.
        pair.runUntilEstablished(within: .milliseconds(8))
        pair.run(for: .milliseconds(50))
        #expect(pair.areEstablished)
        #expect(pair.count(.established, by: 0) == 1)
        #expect(pair.count(.established, by: 1) == 1)
        #expect(pair.verdicts(by: 0) == ["alive"])
        #expect(pair.verdicts(by: 1) == ["alive"])
    }

    /// Equal timers, equal seeds, equal latency: only the rule who connects breaks the tie.
    @Test func aSimultaneousStartWithEqualTimersIsDecidedAtOnce() {
        let pair = TwoPartners("tie")
        pair.latency = 10_000...10_000
        pair.boot(0, seed: 1)
        pair.boot(1, seed: 1)
        pair.runUntilEstablished(within: .milliseconds(1))
        #expect(pair.count(.handshakeFailed, by: 0) + pair.count(.handshakeFailed, by: 1) == 0)
        #expect(pair.count(.requestAccepted, by: 1) == 1)
    }

    @Test func aPowerlessPartnerCostsAttemptsButNoVerdict() {
        let pair = TwoPartners("nobody there")
        pair.hasPower[1] = false
        pair.boot(0)
        pair.run(for: .seconds(10))
        #expect(pair.verdicts(by: 0) == [])
        #expect(pair.lives[0]?.manager.counters.attemptsDropped ?? 0 >= 12)
        pair.boot(1)
        pair.runUntilEstablished(within: .milliseconds(8))
    }

    @Test func aLossyRailDelaysTheConnectionAndNoMore() {
        let pair = TwoPartners("cut while booting")
        pair.cut()
        pair.boot(0)
        pair.boot(1, after: .milliseconds(3))
        pair.run(for: .seconds(3))
        pair.heal()
        pair.runUntilEstablished(within: TwoPartners.bound)
    }
}
