/// The pauses between attempts: exponential from a start to a cap, each shortened at random by up to half.
///
/// The jitter keeps two sides with equal timers from meeting at the same moment for ever.
struct Backoff: Sendable {
    private let start: TimeSpan
    private let cap: TimeSpan
    private var failures: UInt64 = 0

    init(start: TimeSpan, cap: TimeSpan) {
        self.start = start
        self.cap = cap
    }

    mutating func reset() { failures = 0 }

    mutating func next(using generator: inout SplitMix64) -> TimeSpan {
        let longest = min(start * (1 << min(failures, 32)), cap)
        failures += 1
        let half = longest.nanoseconds / 2
        return TimeSpan(nanoseconds: longest.nanoseconds - UInt64.random(in: 0...half, using: &generator))
    }
}
