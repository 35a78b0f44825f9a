import ClusterConnection

/// The laboratory's own lines in a run's history.
struct LabLog {
    private(set) var events: [HistoryEvent] = []

    /// A line about the run as a whole.
    mutating func run(_ name: EventName, at time: Instant, _ fields: [(String, JSONValue)]) -> HistoryEvent {
        add(HistoryEvent(time: time, partner: nil, name: name, fields: JSONObject(fields)))
    }

    /// A step took effect.
    ///
    /// - Parameters:
    ///   - began: when the lab set about it.
    ///   - effect: when it had its effect; the line itself may have waited for a process to be gone.
    ///   - findings: what was found of its effect.
    mutating func fault(
        step: String, action: StepAction, partner: PartnerID?, rail: Int? = nil, began: Instant,
        effect: Instant,
        at time: Instant,
        failpoint: Failpoint? = nil, findings: [(String, JSONValue)] = []
    ) -> HistoryEvent {
        var fields: [(String, JSONValue)] = [
            ("step", .string(step)), ("action", .string(action.rawValue)), ("began", .nanoseconds(began)),
        ]
        if effect != time { fields.append(("effect", .nanoseconds(effect))) }
        if let rail { fields.append(("rail", .integer(Int64(rail)))) }
        if let failpoint {
            fields.append(("\(failpoint.act.rawValue)After", .string(failpoint.after.rawValue)))
            if failpoint.delay != .zero {
                fields.append(("failDelayNs", .unsigned(failpoint.delay.nanoseconds)))
            }
        }
        fields += findings
        return add(HistoryEvent(time: time, partner: partner, name: .fault, fields: JSONObject(fields)))
    }

    /// What a partner holds.
    mutating func census(_ census: Census, began: Instant, at time: Instant) -> HistoryEvent {
        var fields: [(String, JSONValue)] = [
            ("pid", .integer(Int64(census.pid))), ("began", .nanoseconds(began)),
        ]
        for kind in Census.kinds {
            fields.append((kind, .integer(Int64(clamping: census.counts[kind] ?? 0))))
        }
        return add(
            HistoryEvent(time: time, partner: census.partner, name: .census, fields: JSONObject(fields)))
    }

    /// A partner's process is gone.
    ///
    /// - Parameters:
    ///   - told: which step or ending told it to end, and when; nil when nothing did.
    ///   - goodbye: when a step had told it to stop; nil when none had.
    mutating func processEnded(
        _ partner: PartnerID, incarnation: String, pid: Int32, status: (name: String, code: Int32),
        told: (action: StepAction, at: Instant)?, goodbye: Instant?, at time: Instant
    ) -> HistoryEvent {
        var fields: [(String, JSONValue)] = [
            ("pid", .integer(Int64(pid))), (status.name, .integer(Int64(status.code))),
        ]
        if let told {
            fields.append(("told", .string(told.action.rawValue)))
            fields.append(("began", .nanoseconds(told.at)))
            if let goodbye, told.action != .stop { fields.append(("goodbyeBegan", .nanoseconds(goodbye))) }
        }
        return add(
            HistoryEvent(
                time: time, partner: partner, incarnation: incarnation, name: .processEnded,
                fields: JSONObject(fields)))
    }

    private mutating func add(_ event: HistoryEvent) -> HistoryEvent {
        events.append(event)
        return event
    }
}

extension JSONValue {
    /// An instant as histories hold it.
    static func nanoseconds(_ instant: Instant) -> JSONValue {
        Int64(exactly: instant.nanoseconds).map { .integer($0) } ?? .unsigned(instant.nanoseconds)
    }
}
