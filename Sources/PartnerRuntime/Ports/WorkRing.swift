/// The work that one port has under way, in the order in which it was posted, which is the order in which it ends.
///
/// A write may be posted so that its success is not reported: the next report says that it ended well, too. A failure is
/// always reported, so whatever stands before one without a word of its own ended well.
struct WorkRing {
    /// What a report told.
    struct Ended: Equatable {
        /// The client's token of the work that it is about.
        var token: UInt32
        /// How many writes before it ended well without a report of their own.
        var silentWrites: Int
    }

    private var tokens: [UInt32]
    private var first = 0
    /// How much work is under way.
    private(set) var count = 0
    /// How many of the last pieces of work will not be reported.
    private var silentAtEnd = 0

    /// - Parameter depth: how much work there can be at once, at least 1.
    init(depth: Int) {
        tokens = Array(repeating: 0, count: max(1, depth))
    }

    /// Where the next piece of work goes; nil when there is no room for it.
    var free: Int? { count < tokens.count ? (first + count) % tokens.count : nil }

    /// Whether the next piece of work has to be reported although nobody asks for it: a ring full of silence would stay
    /// full for good.
    var needsReport: Bool { silentAtEnd + 1 >= tokens.count }

    /// A piece of work was posted, at `free`.
    mutating func post(token: UInt32, isReported: Bool) {
        guard let slot = free else { return }
        tokens[slot] = token
        count += 1
        silentAtEnd = isReported ? 0 : silentAtEnd + 1
    }

    /// The work at a place ended, and with it everything before it.
    ///
    /// - Returns: nil for a place at which nothing is under way.
    mutating func end(_ slot: Int) -> Ended? {
        guard tokens.indices.contains(slot) else { return nil }
        let before = (slot - first + tokens.count) % tokens.count
        guard before < count else { return nil }
        first = (slot + 1) % tokens.count
        count -= before + 1
        silentAtEnd = min(silentAtEnd, count)
        return Ended(token: tokens[slot], silentWrites: before)
    }
}
