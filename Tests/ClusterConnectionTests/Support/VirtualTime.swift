import ClusterConnection

/// What is to happen, in the order of its time; what is to happen at the same time, in the order of its
/// arrangement.
struct VirtualTime {
    private(set) var now = Instant(nanoseconds: 0)
    private var heap: [(at: Instant, number: UInt64, what: () -> Void)] = []
    private var arranged: UInt64 = 0

    mutating func arrange(after span: TimeSpan, _ what: @escaping () -> Void) {
        arranged += 1
        heap.append((now + span, arranged, what))
        var child = heap.count - 1
        while child > 0, isBefore(child, (child - 1) / 2) {
            heap.swapAt(child, (child - 1) / 2)
            child = (child - 1) / 2
        }
    }

    /// Takes out what happens next, if that is no later than `end`, and moves the time there.
    mutating func next(until end: Instant) -> (() -> Void)? {
        guard let first = heap.first, first.at <= end else {
            now = max(now, end)
            return nil
        }
        now = first.at
        heap.swapAt(0, heap.count - 1)
        heap.removeLast()
        var parent = 0
        while 2 * parent + 1 < heap.count {
            var child = 2 * parent + 1
            if child + 1 < heap.count, isBefore(child + 1, child) { child += 1 }
            guard isBefore(child, parent) else { break }
            heap.swapAt(child, parent)
            parent = child
        }
        return first.what
    }

    private func isBefore(_ one: Int, _ other: Int) -> Bool {
        (heap[one].at, heap[one].number) < (heap[other].at, heap[other].number)
    }
}
