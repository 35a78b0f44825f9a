import ClusterConnection

/// What is to happen, earliest first; what is to happen at the same moment, in the order in which it was arranged.
struct Agenda: Sendable {
    /// Something arranged.
    struct Entry: Sendable {
        let at: Instant
        let number: UInt64
        let what: Happening

        func isBefore(_ other: Entry) -> Bool { (at, number) < (other.at, other.number) }
    }

    /// A binary heap.
    private(set) var entries: [Entry] = []
    private var arranged: UInt64 = 0

    init() { entries.reserveCapacity(32) }

    var isEmpty: Bool { entries.isEmpty }

    /// When the next of it happens; nil when nothing is arranged.
    var next: Instant? { entries.first?.at }

    mutating func add(_ what: Happening, at instant: Instant) {
        arranged += 1
        entries.append(Entry(at: instant, number: arranged, what: what))
        rise(from: entries.count - 1)
    }

    mutating func takeFirst() -> Entry? { entries.isEmpty ? nil : take(at: 0) }

    /// Takes out what lies at this place of the heap, whenever it is due.
    mutating func take(at place: Int) -> Entry {
        let entry = entries[place]
        let last = entries.removeLast()
        if place < entries.count {
            entries[place] = last
            sink(from: place)
            rise(from: place)
        }
        return entry
    }

    private mutating func rise(from start: Int) {
        var child = start
        while child > 0, entries[child].isBefore(entries[(child - 1) / 2]) {
            entries.swapAt(child, (child - 1) / 2)
            child = (child - 1) / 2
        }
    }

    private mutating func sink(from start: Int) {
        var parent = start
        while 2 * parent + 1 < entries.count {
            var child = 2 * parent + 1
            if child + 1 < entries.count, entries[child + 1].isBefore(entries[child]) { child += 1 }
            guard entries[child].isBefore(entries[parent]) else { return }
            entries.swapAt(child, parent)
            parent = child
        }
    }
}
