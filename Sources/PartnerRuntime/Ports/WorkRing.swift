/// The work that one port has under way, in the order in which it was posted, which is the order in which it ends.
///
/// A send or a write may be posted so that its success is not reported: the next report says that it ended well, too. A
/// failure is always reported, so whatever stands before one without a word of its own ended well.
struct WorkRing {
    /// What a report told.
    struct Ended: Equatable {
        /// The client's token of the work that it is about.
        var token: UInt32
        /// How many writes before it ended well without a report of their own.
        var silentWrites: Int
    }

    private struct Entry {
        var token: UInt32 = 0
        var isWrite = false
    }

    private var entries: [Entry]
    private var first = 0
    /// How much work is under way.
    private(set) var count = 0
    /// How many of the last pieces of work will not be reported.
    private var silentAtEnd = 0

    /// - Parameter depth: how much work there can be at once, at least 1.
    init(depth: Int) {
        entries = Array(repeating: Entry(), count: max(1, depth))
    }

    /// Where the next piece of work goes; nil when there is no room for it.
    var free: Int? { count < entries.count ? (first + count) % entries.count : nil }

    /// Whether the next piece of work has to be reported although nobody asks for it. Never more than half of the ring is
    /// silence: a ring full of it would stay full for good, and one nearly full of it would turn work away that has room.
    var needsReport: Bool { 2 * (silentAtEnd + 1) >= entries.count }

    /// A piece of work was posted, at `free`.
    mutating func post(token: UInt32, isWrite: Bool = false, isReported: Bool) {
        guard let slot = free else { return }
        entries[slot] = Entry(token: token, isWrite: isWrite)
        count += 1
        silentAtEnd = isReported ? 0 : silentAtEnd + 1
    }

    /// The work at a place ended, and with it everything before it.
    ///
    /// - Returns: nil for a place at which nothing is under way.
    mutating func end(_ slot: Int) -> Ended? {
        guard entries.indices.contains(slot) else { return nil }
        var silentWrites = 0
        var before = 0
        var place = first
        while place != slot {
            if entries[place].isWrite { silentWrites += 1 }
            before += 1
            place = place + 1 == entries.count ? 0 : place + 1
        }
        guard before < count else { return nil }
        first = slot + 1 == entries.count ? 0 : slot + 1
        count -= before + 1
        silentAtEnd = min(silentAtEnd, count)
        return Ended(token: entries[slot].token, silentWrites: silentWrites)
    }
}
