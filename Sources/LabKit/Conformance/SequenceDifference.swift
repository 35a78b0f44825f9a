/// Where two sequences of events differ: a stretch of a strand that stands only in one of them, or in each another.
struct SequenceDifference: Hashable, Sendable {
    var strand: String
    /// What only the simulator told.
    var simulated: [String]
    /// What only real verbs told.
    var real: [String]

    /// All of them, strand by strand, in order.
    static func all(between simulated: EventSequence, and real: EventSequence) -> [SequenceDifference] {
        let names = (simulated.strands + real.strands).map(\.name)
            .reduce(into: [String]()) { if !$0.contains($1) { $0.append($1) } }
        return names.flatMap { name in
            let lines = { (sequence: EventSequence) in
                sequence.strands.first { $0.name == name }?.lines ?? []
            }
            return stretches(lines(simulated), lines(real)).map {
                SequenceDifference(strand: name, simulated: $0.simulated, real: $0.real)
            }
        }
    }

    private static func stretches(_ simulated: [String], _ real: [String])
        -> [(simulated: [String], real: [String])]
    {
        let changes = real.difference(from: simulated)
        let removed = Set(
            changes.removals.compactMap { if case .remove(let at, _, _) = $0 { at } else { nil } })
        let inserted = Set(
            changes.insertions.compactMap { if case .insert(let at, _, _) = $0 { at } else { nil } })
        var all: [(simulated: [String], real: [String])] = []
        var isOpen = false
        var (here, there) = (0, 0)
        func open() {
            if !isOpen { all.append(([], [])) }
            isOpen = true
        }
        while here < simulated.count || there < real.count {
            if removed.contains(here) {
                open()
                all[all.count - 1].simulated.append(simulated[here])
                here += 1
            } else if inserted.contains(there) {
                open()
                all[all.count - 1].real.append(real[there])
                there += 1
            } else {
                isOpen = false
                here += 1
                there += 1
            }
        }
        return all
    }
}
