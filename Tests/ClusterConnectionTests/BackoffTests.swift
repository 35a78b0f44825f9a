import Testing

@testable import ClusterConnection

struct BackoffTests {
    @Test func doublesUpToTheCapAndIsShortenedByAtMostHalf() {
        for seed in 0..<200 as Range<UInt64> {
            var random = SplitMix64(seed: seed)
            var backoff = Backoff(start: .milliseconds(5), cap: .milliseconds(100))
            for longest in [5, 10, 20, 40, 80, 100, 100, 100] as [UInt64] {
                let pause = backoff.next(using: &random)
                #expect(pause <= .milliseconds(longest))
                #expect(pause >= .microseconds(longest * 500))
            }
        }
    }

    @Test func isJittered() {
        var random = SplitMix64(seed: 1)
        var backoff = Backoff(start: .milliseconds(100), cap: .milliseconds(100))
        let pauses = Set((0..<100).map { _ in backoff.next(using: &random) })
        #expect(pauses.count > 90)
    }

    @Test func stillEndsAfterMoreFailuresThanAnybodyCounts() {
        var random = SplitMix64(seed: 1)
        var backoff = Backoff(start: .milliseconds(5), cap: .seconds(1))
        for _ in 0..<1000 { #expect(backoff.next(using: &random) <= .seconds(1)) }
        var boundless = Backoff(start: .seconds(1), cap: TimeSpan(nanoseconds: .max))
        for _ in 0..<1000 { #expect(boundless.next(using: &random) > .zero) }
    }

    @Test func beginsAnewOnlyAfterAConnectionThatCarriedAHeartbeat() {
        var bench = Bench(.initiator)
        _ = bench.listen()
        for _ in 0..<8 {
            bench.handle(.connectFailed(bench.connection, .nobodyListens))
            bench.handle(.timer(.backoff))
        }
        bench.handle(.connected(bench.connection, bench.data(.acceptance)))
        #expect(pause(bench.handle(.disconnected(bench.connection))) >= 50_000)
        bench.establish()
        #expect(pause(bench.handle(.disconnected(bench.connection))) >= 50_000, "no heartbeat yet")
        bench.partner.partnerSeen = .none
        bench.establish()
        bench.beat()
        #expect(pause(bench.handle(.disconnected(bench.connection))) <= 5_000)
    }

    @Test func anAttemptThatWasDroppedIsBegunAgain() {
        var bench = Bench(.initiator)
        var connects = bench.listen().count { $0.hasPrefix("connect ") }
        for _ in 0..<20 {
            let dropped = bench.handle(.timer(.attempt), after: .milliseconds(300))
            #expect(dropped.first?.hasPrefix("retire") == true, "an unanswered attempt MUST be dropped")
            connects += bench.handle(.timer(.backoff), after: .milliseconds(100))
                .count { $0.hasPrefix("connect ") }
        }
        #expect(connects == 21)
        #expect(bench.manager.counters.attemptsDropped == 20)
    }

    @Test func theSameSeedGivesTheSamePauses() {
        func pauses(seed: UInt64) -> [String] {
            var bench = Bench(.initiator, seed: seed)
            _ = bench.listen()
            return (0..<5).flatMap { _ in
                bench.handle(.connectFailed(bench.connection, .unanswered)) + bench.handle(.timer(.backoff))
            }
        }
        #expect(pauses(seed: 3) == pauses(seed: 3))
        #expect(pauses(seed: 3) != pauses(seed: 4))
    }

    /// The pause asked for, in microseconds.
    private func pause(_ actions: [String]) -> UInt64 {
        let line = actions.last { $0.hasPrefix("set backoff ") } ?? ""
        return UInt64(line.dropFirst("set backoff ".count).dropLast(2)) ?? 0
    }
}
