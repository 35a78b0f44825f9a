import ClusterConnection

/// What a run has made of its rails, end by end, and what came of it.
struct RailShape: Sendable {
    /// What was counted at an end when it was changed.
    struct Reading: Hashable, Sendable {
        var rail: Rail.Change
        /// At the device across, which receives.
        var receiver: TransportCount
    }

    private let rails: Set<Int>
    private var passages: [RailEnd: Passage]
    /// What packets met at ends that were cut, and at ends that were degraded and not cut: what a cut loses proves no
    /// degradation.
    private var cut: [RailEnd: Encounter] = [:]
    private var degraded: [RailEnd: Encounter] = [:]

    /// - Parameter carriages: how each rail carries packets while nothing is done to it.
    init(carriages: [RailCarriage.Resolved]) {
        rails = Set(carriages.indices)
        passages = carriages.enumerated().reduce(into: [:]) { passages, rail in
            for partner in PartnerID.allCases {
                passages[RailEnd(partner: partner, rail: rail.offset)] = Passage(carriage: rail.element)
            }
        }
    }

    /// What becomes of packets at each end now.
    var ends: [RailEnd: Passage] { passages }

    /// Whether nothing passes either way on any rail.
    var isAllCut: Bool {
        rails.allSatisfy { rail in
            PartnerID.allCases.allSatisfy { passages[RailEnd(partner: $0, rail: rail)]?.isCut ?? false }
        }
    }

    /// The ends that an action is done to, and what becomes of packets there.
    ///
    /// - Parameter sender: the one whose packets are meant; nil for both.
    func passages(
        after action: StepAction, sender: PartnerID?, rail: Int?, _ degradation: Degradation?
    ) -> [RailEnd: Passage] {
        var wanted: [RailEnd: Passage] = [:]
        for end in RailEnd.all(of: sender, on: rail, among: rails) {
            var passage = passages[end] ?? Passage()
            switch action {
            case .cut: passage.isCut = true
            case .heal: passage.isCut = false
            case .degrade: passage.degradation = degradation
            case .restore: passage.degradation = nil
            default: break
            }
            wanted[end] = passage
        }
        return wanted
    }

    /// Counts at ends, beside what tc told.
    static func read(_ changes: [RailEnd: Rail.Change]) -> [RailEnd: Reading] {
        changes.reduce(into: [:]) { readings, change in
            let across = RailEnd(partner: change.key.partner.other, rail: change.key.rail)
            readings[change.key] = Reading(
                rail: change.value, receiver: TransportCount(of: across)
            )
        }
    }

    /// The ends are as they were to be.
    ///
    /// - Returns: what the packets met there since it began, for the history; and why it was no fault at all.
    mutating func changed(
        _ action: StepAction, to passages: [RailEnd: Passage], _ readings: [RailEnd: Reading]
    ) -> (findings: [(String, JSONValue)], problem: String?) {
        var met = Effect()
        var degradation = Degradation()
        for (end, passage) in passages {
            if action == .restore, let before = self.passages[end]?.degradation { degradation = before }
            self.passages[end] = passage
            if let reading = readings[end] {
                cut[end, default: Encounter()].follow(passage.isCut, reading)
                degraded[end, default: Encounter()].follow(
                    passage.degradation != nil && !passage.isCut, reading)
            }
            switch action {
            case .heal: met.add(cut.removeValue(forKey: end)?.effect)
            case .restore: met.add(degraded.removeValue(forKey: end)?.effect)
            default: break
            }
        }
        switch action {
        case .heal: return ([("lost", .unsigned(met.lost))], nil)
        case .restore: return (met.findings, met.problem(with: degradation))
        default: return ([], nil)
        }
    }
}

/// What packets met at an end in the stretches in which something was so there.
private struct Encounter: Sendable {
    private(set) var effect = Effect()
    /// What had been counted when the present stretch began; nil outside of one.
    private var since: RailShape.Reading?

    /// The end was changed.
    ///
    /// - Parameter isSo: whether it is so from now on.
    mutating func follow(_ isSo: Bool, _ reading: RailShape.Reading) {
        guard isSo != (since != nil) else { return }
        if let since { effect.add(reading, since: since) }
        since = isSo ? reading : nil
    }
}

/// What packets met at the ends of a rail.
struct Effect: Sendable {
    var passed: UInt64 = 0
    var lost: UInt64 = 0
    private var receiver = TransportCount()

    /// What left the end and never came to be a packet of Soft-RoCE's at the other: damaged, or of another protocol, of
    /// which there are a few.
    var damaged: UInt64 { passed > receiver.received ? passed - receiver.received : 0 }

    /// Adds what was met between two changes of an end.
    mutating func add(_ over: RailShape.Reading, since begun: RailShape.Reading) {
        let (from, to) = (begun.rail.after, over.rail.before)
        passed += to.passed > from.passed ? to.passed - from.passed : 0
        lost += to.lost > from.lost ? to.lost - from.lost : 0
        receiver += over.receiver.since(begun.receiver)
    }

    /// Adds what was met elsewhere.
    mutating func add(_ other: Effect?) {
        guard let other else { return }
        passed += other.passed
        lost += other.lost
        receiver += other.receiver
    }

    var findings: [(String, JSONValue)] {
        [
            ("passed", .unsigned(passed)), ("lost", .unsigned(lost)), ("damaged", .unsigned(damaged)),
            ("repeated", .unsigned(receiver.repeated)), ("outOfOrder", .unsigned(receiver.outOfOrder)),
        ]
    }

    /// Why a degradation was none; nil when packets met all of it that leaves a trace.
    func problem(with degradation: Degradation) -> String? {
        var unseen: [String] = []
        if degradation.loss > 0, lost == 0 { unseen.append("no packet was lost") }
        // A tenth of what is to be expected: more than the few packets of other protocols.
        if degradation.corrupt > 0, Double(damaged) < max(1, degradation.corrupt * Double(passed) / 10) {
            unseen.append("no packet was damaged")
        }
        if degradation.duplicate > 0, receiver.repeated == 0 { unseen.append("no request arrived twice") }
        if degradation.reorder > 0, receiver.outOfOrder == 0 {
            unseen.append("no packet arrived out of order")
        }
        if passed + lost == 0 { unseen.append("no packet was sent") }
        guard !unseen.isEmpty else { return nil }
        return
            "the rail was to be degraded (\(degradation.words)), and \(unseen.joined(separator: " and ")) of "
            + "\(passed + lost); expected more traffic (clients), more time or larger shares"
    }
}
