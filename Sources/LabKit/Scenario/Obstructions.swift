/// What keeps a pair from being connected over its rails: a direction that is cut, or an interface that is down.
struct Obstructions: Sendable {
    private enum Kind: Hashable { case cut, linkDown }
    private struct Obstruction: Hashable {
        var kind: Kind
        var end: RailEnd
    }

    private let rails: Set<Int>
    private var all: Set<Obstruction> = []

    init(rails: Set<Int>) { self.rails = rails }

    /// Whether there is any.
    var isEmpty: Bool { all.isEmpty }
    /// Whether no rail is whole. A connection needs both directions.
    var isEverywhere: Bool { rails.allSatisfy { rail in all.contains { $0.end.rail == rail } } }

    /// Takes account of a step.
    ///
    /// - Parameters:
    ///   - partner: whose end it is done to; nil for both.
    ///   - rail: nil for all.
    mutating func take(_ action: StepAction, _ partner: PartnerID?, rail: Int?) {
        let ends = RailEnd.all(of: partner, on: rail, among: rails)
        switch action {
        case .cut: all.formUnion(ends.map { Obstruction(kind: .cut, end: $0) })
        case .heal: all.subtract(ends.map { Obstruction(kind: .cut, end: $0) })
        case .linkDown: all.formUnion(ends.map { Obstruction(kind: .linkDown, end: $0) })
        case .linkUp: all.subtract(ends.map { Obstruction(kind: .linkDown, end: $0) })
        default: break
        }
    }
}
