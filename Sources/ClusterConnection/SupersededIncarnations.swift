/// The partner incarnations that a newer one has replaced: what still comes from them is stale.
///
/// One comes in here only once a read has proven the newer one, because nothing ever takes it out again.
/// Holds the last sixteen, so that a partner which reboots for ever takes no memory; a request delayed past
/// sixteen reboots meets the attempt's own deadline instead.
struct SupersededIncarnations: Sendable {
    private var ring: InlineArray<16, Incarnation> = InlineArray(repeating: .none)
    private var next = 0

    mutating func insert(_ incarnation: Incarnation) {
        guard incarnation != .none, !contains(incarnation) else { return }
        ring[next] = incarnation
        next = (next + 1) % ring.count
    }

    /// Those that are held, in the order of their places.
    var all: some Sequence<Incarnation> { ring.indices.lazy.map { ring[$0] } }

    func contains(_ incarnation: Incarnation) -> Bool {
        for index in ring.indices where ring[index] == incarnation { return incarnation != .none }
        return false
    }
}
