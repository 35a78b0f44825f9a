import ClusterConnection

/// A part of a run that is worth a drawing of its own.
struct TimeWindow: Hashable {
    var from: Instant
    var to: Instant
    var title: String

    /// Those of a run: what broke a rule, its first boot handshake, its first loss.
    static func worth(_ run: ReportedRun, evidence: Set<HistoryEvent>) -> [TimeWindow] {
        let windows = [broken(evidence), handshake(run), loss(run)].compactMap { $0 }
        // What is nearly the whole run has been drawn.
        return windows.filter { $0.length.nanoseconds < run.duration.nanoseconds / 2 }
    }

    private var length: TimeSpan { to - from }

    /// A window with some room on both sides.
    private init(_ from: Instant, _ to: Instant, _ title: String) {
        let room = TimeSpan(nanoseconds: max((to - from).nanoseconds / 10, 200_000))
        self.from = Instant(nanoseconds: from.nanoseconds - min(room.nanoseconds, from.nanoseconds))
        self.to = to + room
        self.title = title
    }

    private static func handshake(_ run: ReportedRun) -> TimeWindow? {
        guard let last = run.events.first(where: { $0.name == .established }),
            let first = run.events.first(where: { $0.name == .connected })
        else { return nil }
        let other = run.events.first {
            $0.name == .established && $0.partner != last.partner && $0.time - last.time < .milliseconds(50)
        }
        return TimeWindow(
            min(first.time, last.time), max(last.time, other?.time ?? last.time),
            "The first boot handshake: read 1, write 1, read 2, write 2")
    }

    /// From what the lab did to the pair until they are connected again, or one has a verdict.
    private static func loss(_ run: ReportedRun) -> TimeWindow? {
        let fault = run.events.first {
            $0.name == .fault && StepAction(rawValue: $0.text("action") ?? "").map(\.isFault) ?? false
        }
        guard let fault else { return nil }
        let began = fault.number("began").map { Instant(nanoseconds: $0) } ?? fault.time
        let later = run.events.filter { $0.time >= began }
        let verdict = later.first { $0.name == .verdict && $0.text("verdict") != Verdict.alive.word }
        guard let verdict else { return nil }
        let again = later.first { $0.name == .established && $0.time > verdict.time }
        let until = again.flatMap { $0.time - began < .seconds(2) ? $0.time : nil } ?? verdict.time
        return TimeWindow(began, until, "The first loss: \(fault.text("action") ?? "")")
    }

    private static func broken(_ evidence: Set<HistoryEvent>) -> TimeWindow? {
        let times = evidence.map(\.time)
        guard let first = times.min(), let last = times.max() else { return nil }
        return TimeWindow(first, last, "What broke the rule")
    }
}
