import ClusterConnection
import Testing

@testable import PartnerRuntime

/// No acknowledged record is lost while one of the two partners lives.
struct LogMirrorTests {
    /// A new life with other memory finds the log that its partner kept, and goes on behind its end.
    @Test(arguments: [(64, 32), (32, 64), (64, 33), (40, 64), (64, 10), (20, 64), (64, 17)])
    func aNewLifeWithOtherMemoryFindsItsLog(before: Int, after: Int) throws {
        for count in [1, 16, 40, 64, 100, 128, 192, 201] {
            let pair = try MirrorPair("\(before) to \(after), \(count)", slots: [before, 80])
            pair.connect()
            while pair.acknowledged(by: 0) < UInt64(count) { pair.carryOut(1, of: 0) }
            let acknowledged = pair.acknowledged(by: 0)
            try pair.replace(0, slots: after)
            pair.connect()
            pair.carryOut(300, of: 0)
            if after <= LogMirror.window {
                // Too little to mirror anything in, and the log waits for a life that has more.
                #expect(pair.acknowledged(by: 0) == 0)
                try pair.replace(0, slots: before)
                pair.connect()
                pair.carryOut(300, of: 0)
            }
            #expect(pair.acknowledged(by: 0) > acknowledged)
        }
    }

    /// Lives end, rails and connections are lost, records are torn, recoveries are cut off by the next fault, and memory
    /// is another with every life, all at random.
    @Test(arguments: 0..<8)
    func manySeedsOfFaultsLoseNothing(block: Int) throws {
        var recoveries = 0
        var found = 0
        for seed in (block * 40)..<(block * 40 + 40) {
            var random = SplitMix64(seed: UInt64(seed) ^ 0x6d69_7272)
            let pair = try MirrorPair(
                "seed \(seed)", slots: (0..<2).map { _ in Self.slots(&random) },
                interval: Self.interval(&random))
            for _ in 0..<100 { try Self.step(pair, &random) }
            recoveries += pair.recoveries
            found += pair.found
        }
        // The test reached what it is about.
        #expect(recoveries > 150 && found > 40)
    }

    private static func slots(_ random: inout SplitMix64) -> Int {
        [10, 17, 18, 20, 32, 33, 48, 64, 80].randomElement(using: &random) ?? 32
    }

    private static func interval(_ random: inout SplitMix64) -> TimeSpan {
        Bool.random(using: &random) ? .zero : .milliseconds(1)
    }

    private static func step(_ pair: MirrorPair, _ random: inout SplitMix64) throws {
        let side = Int.random(in: 0...1, using: &random)
        let counts = (0..<2).map { _ in Int.random(in: 0...18, using: &random) }
        let torn = Int.random(in: 0...MirrorPair.recordByteCount, using: &random)
        switch Int.random(in: 0..<24, using: &random) {
        case 0, 1:
            try pair.replace(
                side, slots: slots(&random), interval: interval(&random), after: counts[0], tornAt: torn)
        case 2: pair.disconnect(isPause: false, after: counts, tornAt: torn)
        case 3: pair.disconnect(isPause: true, after: counts, tornAt: torn)
        case 4..<8:
            guard pair.sides.allSatisfy({ $0.ports == nil }) else { return }
            pair.connect(first: side, isToldReady: Int.random(in: 0..<5, using: &random) > 0)
        case 8..<12:
            for _ in 0..<counts[0] {
                pair.wake(side)
                pair.carryOut(counts[1] % 3, of: side)
            }
        default: pair.carryOut(Int.random(in: 1...120, using: &random), of: side)
        }
    }
}
