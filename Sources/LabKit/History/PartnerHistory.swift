import ClusterConnection

/// The history of one partner as its processes write it, life after life, into one list.
struct PartnerHistory {
    let partner: PartnerID
    private(set) var events: [HistoryEvent] = []
    private(set) var badLines: [BadLine] = []
    /// Everything as it came, whether it was understood or not.
    private var raw: [UInt8] = []
    private var splitter = LineSplitter()
    private var lineNumber = 0
    private var last = Instant(nanoseconds: 0)
    /// What it tells.
    private var speech: HistorySpeech

    /// - Parameter speech: what is known of it beforehand.
    init(partner: PartnerID, speech: HistorySpeech = .ccmd) {
        self.partner = partner
        self.speech = speech
    }

    /// Takes bytes as they arrive; gives the events that are new.
    ///
    /// - Parameter now: when they were read: nothing in them can be later.
    mutating func take(_ bytes: some Sequence<UInt8>, at now: Instant) -> [HistoryEvent] {
        raw += bytes
        return splitter.lines(of: bytes).compactMap { take(line: $0, at: now) }
    }

    /// So much is kept of it that the machine has memory left for the others.
    static let mostBytes = 64 << 20

    /// Whether it has become longer than what is kept.
    var isTooLong: Bool { raw.count > Self.mostBytes }

    /// The history as it came.
    var text: String { String(decoding: raw, as: UTF8.self) }

    /// Takes the end of a process's output: a line that it did not finish is no line.
    mutating func endOfLife() {
        let rest = splitter.rest()
        guard !rest.isEmpty else { return }
        lineNumber += 1
        // A process that was killed may leave half a line behind, and nothing is wrong with that. Whether it
        // was killed is the checker's to know; it sees the half line as one that says so.
        badLines.append(BadLine(partner: partner, line: lineNumber, problem: Self.unfinished))
    }

    /// The problem of a line that has no end.
    static let unfinished = "the process ended within the line"

    private mutating func take(line: [UInt8], at now: Instant) -> HistoryEvent? {
        lineNumber += 1
        do {
            let event = try EventLine.event(line[...], of: partner, speech: speech)
            guard event.time <= now else {
                throw EventLineProblem(
                    "'time' is later than when the line was read: it has to be of CLOCK_MONOTONIC")
            }
            if event.name == .started { speech.hear(event) }
            if event.time < last {
                badLines.append(
                    BadLine(
                        partner: partner, line: lineNumber, problem: "'time' is before that of the line above"
                    ))
            }
            last = max(last, event.time)
            events.append(event)
            return event
        } catch {
            badLines.append(BadLine(partner: partner, line: lineNumber, problem: "\(error)"))
            return nil
        }
    }
}
