import ClusterConnection

/// What is to happen, earliest first; what is to happen at the same moment, in the order in which it was arranged.
///
/// There is never much of it, and an entry is large: to look through all of them is cheaper than to keep them sorted.
struct Agenda: Sendable {
    /// Something arranged.
    struct Entry: Sendable {
        let at: Instant
        let number: UInt64
        let what: Happening

        func isBefore(_ other: Entry) -> Bool { at == other.at ? number < other.number : at < other.at }
    }

    /// In no order.
    private(set) var entries: [Entry] = []
    /// The place of the earliest; means nothing where there is none.
    private var first = 0
    private var arranged: UInt64 = 0

    init() { entries.reserveCapacity(32) }

    /// When the next of it happens; nil when nothing is arranged.
    var next: Instant? { entries.isEmpty ? nil : entries[first].at }

    mutating func add(_ what: Happening, at instant: Instant) {
        arranged += 1
        // At the same moment, what was arranged first stays first.
        if entries.isEmpty || instant < entries[first].at { first = entries.count }
        entries.append(Entry(at: instant, number: arranged, what: what))
    }

    mutating func takeFirst() -> Entry? { entries.isEmpty ? nil : take(at: first) }

    /// Takes out what lies at this place, whenever it is due.
    mutating func take(at place: Int) -> Entry {
        let entry = entries[place]
        let last = entries.removeLast()
        if place < entries.count { entries[place] = last }
        first = 0
        for other in entries.indices.dropFirst() where entries[other].isBefore(entries[first]) {
            first = other
        }
        return entry
    }
}
