import ClusterConnection

/// What the histories of runs say about speed.
package struct Measurements: Hashable, Sendable {
    /// From both partners listening on a whole rail to established on both sides: the first time in a run.
    package var established: [TimeSpan] = []
    /// The same after a loss.
    package var again: [TimeSpan] = []
    /// From the transport's connection to write 2 completed, on the side that asked for the connection. It learns of
    /// the connection first, and its operations share the rail and the processor with the other's.
    package var initiator: [TimeSpan] = []
    /// The same on the side that accepted.
    package var acceptor: [TimeSpan] = []
    /// From a loss to the survivor's verdict, by that verdict.
    package var dead: [TimeSpan] = []
    package var hung: [TimeSpan] = []
    package var unreachable: [TimeSpan] = []
    package var rebooted: [TimeSpan] = []
    /// The median duration of a heartbeat read that a partner told of at its end.
    package var beatMedians: [TimeSpan] = []
    /// What the lab itself takes: from the run's beginning to processes that run, without the wait for their boots.
    package var labBefore: [TimeSpan] = []
    /// The same from the run's last event to its judgement.
    package var labAfter: [TimeSpan] = []

    /// How long it took the pair of one run to come together the last time: after a loss, or else the first time.
    package var recovery: TimeSpan? { again.last ?? established.last }

    /// No measurements.
    package init() {}

    /// Those of one run.
    init(of timeline: Timeline) {
        measureEstablished(timeline)
        measureLosses(timeline)
        for event in timeline.record.events {
            if event.name == .stopped, let median = event.number("beatMedianNs"), median > 0 {
                beatMedians.append(TimeSpan(nanoseconds: median))
            }
        }
        for life in PartnerID.allCases.flatMap({ timeline.lives[$0] ?? [] }) {
            for connected in life.events where connected.name == .connected {
                let done = life.events.first {
                    $0.name == .secondWriteCompleted
                        && $0.number("connection") == connected.number("connection")
                }
                guard let done else { continue }
                if connected.text("side") == "initiator" {
                    initiator.append(done.time - connected.time)
                } else {
                    acceptor.append(done.time - connected.time)
                }
            }
        }
    }

    private mutating func measureEstablished(_ timeline: Timeline) {
        for joined in timeline.joinedStretches() {
            var latest: Instant?
            for partner in PartnerID.allCases {
                let other = joined.lives[partner.other]?.incarnation
                let first = timeline.established[partner]?.first {
                    $0.event.time >= joined.from && $0.event.time <= joined.to
                        && $0.partnerIncarnation == other
                }
                guard let first else {
                    latest = nil
                    break
                }
                latest = max(latest ?? first.event.time, first.event.time)
            }
            guard let latest else { continue }
            if established.isEmpty {
                established.append(latest - joined.from)
            } else {
                again.append(latest - joined.from)
            }
        }
    }

    private mutating func measureLosses(_ timeline: Timeline) {
        for finder in PartnerID.allCases {
            // When an end of the rail really went, the lab's scripts cannot tell to the millisecond.
            let losses = timeline.losses(of: finder.other)
            for loss in losses where loss.kind != .railless {
                let stretch = timeline.established(by: finder, at: loss.began)
                guard let lost = stretch?.lost, lost <= timeline.end else { continue }
                let verdict = timeline.events.first {
                    $0.partner == finder && $0.name == .verdict && $0.time >= loss.began && $0.time >= lost
                }
                guard let verdict, loss.over.map({ verdict.time <= $0 }) ?? true else { continue }
                // What need not be found is not what was found, where something came that had to be.
                let isHidden =
                    [.degraded, .starved].contains(loss.kind)
                    && losses.contains { $0.began > loss.began && $0.began <= verdict.time }
                guard !isHidden else { continue }
                // A verdict that was quicker than the lab's confirmation is counted from the lab's first move.
                let from = verdict.time >= loss.effect ? loss.effect : loss.began
                add(verdict.time - from, verdict.text("verdict"))
            }
        }
    }

    private mutating func add(_ span: TimeSpan, _ verdict: String?) {
        switch verdict {
        case Verdict.dead.word: dead.append(span)
        case Verdict.hung.word: hung.append(span)
        case Verdict.unreachable.word: unreachable.append(span)
        case Verdict.rebooted.word: rebooted.append(span)
        default: break
        }
    }

    /// The measurements of several runs together.
    package mutating func add(_ other: Measurements) {
        established += other.established
        again += other.again
        initiator += other.initiator
        acceptor += other.acceptor
        dead += other.dead
        hung += other.hung
        unreachable += other.unreachable
        rebooted += other.rebooted
        beatMedians += other.beatMedians
        labBefore += other.labBefore
        labAfter += other.labAfter
    }
}
