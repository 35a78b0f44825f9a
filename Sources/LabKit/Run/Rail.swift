import ClusterConnection

/// One end of a rail, where a partner's packets leave.
struct RailEnd: Hashable, Sendable {
    var partner: PartnerID
    var rail: Int

    var device: String { FabricNames.link(of: partner, rail: rail) }
    var namespace: String { FabricNames.namespace(of: partner) }

    /// The ends that a step is done to.
    ///
    /// - Parameters:
    ///   - partner: nil for both.
    ///   - rail: nil for all.
    static func all(of partner: PartnerID?, on rail: Int?, among rails: Set<Int>) -> Set<RailEnd> {
        Set(
            (partner.map { [$0] } ?? PartnerID.allCases).flatMap { partner in
                (rail.map { [$0] } ?? rails).map { RailEnd(partner: partner, rail: $0) }
            })
    }
}

/// What becomes of the packets that leave an end.
struct Passage: Hashable, Sendable {
    var isCut = false
    var degradation: Degradation?
    /// What they meet while nothing is done to the rail.
    var carriage = RailCarriage.Resolved.none
}

/// The rails between the partners, as the lab cuts, degrades and heals them: a queueing discipline (netem) at each end, so
/// that neither side's hardware notices anything.
///
/// It is there before a partner boots and is only changed from then on: while a queueing discipline is put in the place of
/// another, Soft-RoCE's packets are refused, and its queue pairs break.
enum Rail {
    /// What an end has let out and lost.
    struct Count: Hashable, Sendable {
        var passed: UInt64 = 0
        var lost: UInt64 = 0
    }

    /// What was counted at an end around the moment at which it was changed. What is lost between the two may be due to either
    /// state.
    struct Change: Hashable, Sendable {
        var before = Count()
        var after = Count()
    }

    private static func ends(of rails: Set<Int>) -> [RailEnd] {
        PartnerID.allCases.flatMap { partner in rails.sorted().map { RailEnd(partner: partner, rail: $0) } }
    }

    /// What the queue at an end is called, for others that are put beneath it.
    static let handle = "1:"

    /// Makes rails that can be cut and degraded, and carry everything as these passages say.
    ///
    /// - Throws: when tc(8) did not make it so.
    static func prepare(_ passages: [RailEnd: Passage]) async throws {
        try await atEnds(Array(passages.keys)) { end in
            let netem = Netem(passage: passages[end] ?? Passage())
            _ = try await tc(
                end, "qdisc add dev \(end.device) root handle \(handle) \(netem.arguments)\n",
                expecting: netem)
        }
    }

    /// Changes what becomes of the packets that leave these ends, and sees that it is so.
    ///
    /// - Returns: what each end had let out and lost just before and just after.
    /// - Throws: when an end was not changed.
    static func change(_ passages: [RailEnd: Passage]) async throws -> [RailEnd: Change] {
        try await withThrowingTaskGroup(of: (RailEnd, Change).self) { group in
            for (end, passage) in passages {
                group.addTask {
                    let netem = Netem(passage: passage)
                    let command =
                        "qdisc show dev \(end.device)\nqdisc change dev \(end.device) root \(netem.arguments)\n"
                    let states = try await tc(end, command, expecting: netem)
                    guard states.count == 2 else {
                        throw LabError(
                            "\(end.device) has \(states.count) netem queues in place of one before and after")
                    }
                    return (end, Change(before: states[0].count, after: states[1].count))
                }
            }
            return try await group.reduce(into: [:]) { $0[$1.0] = $1.1 }
        }
    }

    /// How long a packet may take to come and wait.
    private static let patience = TimeSpan.seconds(2)

    /// Waits until a packet was seen waiting at one of these ends.
    ///
    /// - Parameter delay: how long each waits there; zero where that is not known.
    /// - Throws: when none was.
    static func awaitWaiting(at ends: [RailEnd], for delay: TimeSpan) async throws {
        let limit = MonotonicClock.now + patience
        // Where looking takes no time, nothing would ever be sent while somebody looks again and again.
        let pause = delay == .zero ? TimeSpan.microseconds(100) : TimeSpan(nanoseconds: delay.nanoseconds / 2)
        while MonotonicClock.now < limit {
            for end in ends {
                // One process looks some hundred times: it takes longer to start than packets wait.
                let looks = String(repeating: "qdisc show dev \(end.device)\n", count: 200)
                let outcome = try await Tool.run(
                    "tc", ["-n", end.namespace, "-j", "-s", "-batch", "-"], input: looks)
                if Netem.states(in: outcome.output).contains(where: { $0.waiting > 0 }) { return }
            }
            await MonotonicClock.wait(until: MonotonicClock.now + pause)
        }
        throw LabError(
            "no packet was seen waiting for \(SpanText.rounded(patience)): nobody sends, or nothing is delayed"
        )
    }

    /// Leaves the rails as they were before `prepare`, whatever happens to packets there.
    ///
    /// - Throws: when something of it is still there.
    static func clear(_ rails: Set<Int>) async throws {
        try await atEnds(ends(of: rails)) { end in
            // -force: deleting what is not there is no error.
            let outcome = try await Tool.run(
                "tc", ["-n", end.namespace, "-force", "-batch", "-"],
                input: "qdisc del dev \(end.device) root\nqdisc show dev \(end.device)\n")
            if outcome.output.contains("netem") || outcome.output.isEmpty {
                throw LabError(
                    "the rail is not whole again at \(end.device): \(outcome.output)\(outcome.reason)")
            }
        }
    }

    private static func atEnds(
        _ ends: [RailEnd], _ work: @escaping @Sendable (RailEnd) async throws -> Void
    ) async throws {
        try await withThrowingTaskGroup(of: Void.self) { group in
            for end in ends { group.addTask { try await work(end) } }
            try await group.waitForAll()
        }
    }

    /// One process does it and shows it.
    ///
    /// - Returns: all that it showed, last of all what was wanted.
    private static func tc(_ end: RailEnd, _ command: String, expecting wanted: Netem) async throws
        -> [Netem.State]
    {
        let outcome = try await Tool.run(
            "tc", ["-n", end.namespace, "-j", "-s", "-batch", "-"],
            input: command + "qdisc show dev \(end.device)\n")
        let states = Netem.states(in: outcome.output)
        guard let state = states.last, state.netem.isAlmost(wanted) else {
            throw LabError(
                "tc on \(end.device) did not take effect: \(outcome.reason)"
                    + (outcome.output.isEmpty ? "" : " (qdisc: \(outcome.output))"))
        }
        return states
    }
}
