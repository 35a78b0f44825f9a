import ClusterConnection

/// A line of a partner's standard output that is not an event.
package struct BadLine: Hashable, Sendable {
    package var partner: PartnerID
    /// From 1, in the partner's history file.
    package var line: Int
    package var problem: String

    package init(partner: PartnerID, line: Int, problem: String) {
        self.partner = partner
        self.line = line
        self.problem = problem
    }
}

/// How a run came to its end.
package enum RunEnding: Hashable, Sendable {
    /// Its end condition was met.
    case finished
    /// Its deadline passed; what was still waited for.
    case deadline(String)
    /// A partner process ended that nothing had told to; the history holds why.
    case partnerEnded(PartnerID)

    /// In words, as the history tells it.
    var text: String {
        switch self {
        case .finished: "done"
        case .deadline(let waitedFor): "deadline, waiting for \(waitedFor)"
        case .partnerEnded(let partner): "\(partner.rawValue) ended"
        }
    }
}

/// Everything that is known of one run: what the checker judges.
package struct RunRecord: Sendable {
    package var variant: ScenarioVariant
    /// Both partners' and the laboratory's lines, in order of time.
    package var events: [HistoryEvent]
    package var badLines: [BadLine]
    package var ending: RunEnding
    /// What was found behind the run that was not there before it, in words.
    package var leaks: [String]
    /// Lines of the kernel's log that report a fault of the kernel.
    package var kernelFaults: [String]
    /// The last lines of each partner's standard error.
    package var complaints: [PartnerID: String]

    package init(
        variant: ScenarioVariant, events: [HistoryEvent], badLines: [BadLine] = [],
        ending: RunEnding = .finished,
        leaks: [String] = [], kernelFaults: [String] = [], complaints: [PartnerID: String] = [:]
    ) {
        self.variant = variant
        self.events = events
        self.badLines = badLines
        self.ending = ending
        self.leaks = leaks
        self.kernelFaults = kernelFaults
        self.complaints = complaints
    }

    /// When each step took effect, by its id.
    var stepMoments: [String: StepMoment] { Self.stepMoments(in: events) }

    /// The same of a history that is not a whole record.
    static func stepMoments(in events: [HistoryEvent]) -> [String: StepMoment] {
        var moments: [String: StepMoment] = [:]
        for event in events where event.name == .fault {
            guard let id = event.text("step") else { continue }
            let began = event.number("began").map { Instant(nanoseconds: $0) } ?? event.time
            moments[id] = StepMoment(began: began, effect: event.stepEffect)
        }
        return moments
    }
}

extension HistoryEvent {
    /// When a step took effect, where that is not when the lab wrote its line: a signal that kills does so
    /// when it is sent, and the line waits for the process to be gone.
    var stepEffect: Instant { number("effect").map { Instant(nanoseconds: $0) } ?? time }
}
