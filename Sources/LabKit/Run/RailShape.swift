import ClusterConnection

/// What a run has made of its rails, end by end, and what came of it.
struct RailShape: Sendable {
    /// What was counted at an end.
    struct Reading: Hashable, Sendable {
        var rail: Rail.Count
        /// At the device across, which receives.
        var receiver: TransportCount
    }

    private let rails: Set<Int>
    private var passages: [RailEnd: Passage] = [:]
    /// What had been counted at an end when something was begun there.
    private var begun: [RailEnd: Reading] = [:]

    init(rails: Set<Int>) { self.rails = rails }

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
        for partner in sender.map({ [$0] }) ?? PartnerID.allCases {
            for rail in rail.map({ [$0] }) ?? rails {
                let end = RailEnd(partner: partner, rail: rail)
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
        }
        return wanted
    }

    /// Counts at ends, beside what tc told.
    static func read(_ counts: [RailEnd: Rail.Count]) -> [RailEnd: Reading] {
        counts.reduce(into: [:]) { readings, count in
            let across = RailEnd(partner: count.key.partner.other, rail: count.key.rail)
            readings[count.key] = Reading(
                rail: count.value, receiver: TransportCount(of: across)
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
            guard let reading = readings[end] else { continue }
            switch action {
            case .cut, .degrade: begun[end] = reading
            case .heal, .restore:
                if let before = begun.removeValue(forKey: end) { met.add(reading, since: before) }
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

/// What packets met at the ends of a rail.
struct Effect: Sendable {
    var passed: UInt64 = 0
    var lost: UInt64 = 0
    private var receiver = TransportCount()

    /// What left the end and never came to be a packet of Soft-RoCE's at the other: damaged, or of another protocol, of
    /// which there are a few.
    var damaged: UInt64 { passed > receiver.received ? passed - receiver.received : 0 }

    mutating func add(_ now: RailShape.Reading, since before: RailShape.Reading) {
        passed += now.rail.passed > before.rail.passed ? now.rail.passed - before.rail.passed : 0
        lost += now.rail.lost > before.rail.lost ? now.rail.lost - before.rail.lost : 0
        receiver += now.receiver.since(before.receiver)
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
