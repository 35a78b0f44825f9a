import ClusterConnection

/// The merged history of a run as it lies in its folder, however damaged.
struct ReportedHistory {
    private(set) var events: [HistoryEvent] = []
    /// What is wrong with the file, in words.
    private(set) var problems: [String] = []

    private static let longest = 64 << 20

    /// Reads `events.jsonl` of a folder.
    init(in folder: String) { self.init(at: "\(folder)/events.jsonl") }

    /// Reads a file of that kind.
    init(at path: String) {
        guard Files.exists(path) else {
            problems.append("events.jsonl is missing: there is no history to draw")
            return
        }
        guard let bytes = Files.bytes(of: path, limit: Self.longest) else {
            problems.append("events.jsonl cannot be read")
            return
        }
        if bytes.count >= Self.longest {
            problems.append("events.jsonl is longer than \(Self.longest >> 20) MiB: its rest is not shown")
        }
        var bad: [(line: Int, problem: String)] = []
        for (index, line) in bytes.split(separator: UInt8(ascii: "\n")).enumerated() {
            do {
                events.append(try HistoryEvent(line: line))
            } catch {
                bad.append((index + 1, "\(error)"))
            }
        }
        // Damage can put lines out of order, and everything that follows goes by time.
        let isOrdered = zip(events, events.dropFirst()).allSatisfy { $0.time <= $1.time }
        if !isOrdered {
            problems.append("events.jsonl is not in order of time: it is shown in order")
            events = HistoryMerge.merge([events])
        }
        if let first = bad.first {
            problems.append(
                "events.jsonl: \(bad.count) lines are no events, the first in line \(first.line): \(first.problem)"
            )
        }
        if events.isEmpty, bad.isEmpty { problems.append("events.jsonl is empty") }
    }
}

extension HistoryEvent {
    /// The event that a line of a merged history or of a verdict holds: of a partner or of the lab.
    fileprivate init(line: ArraySlice<UInt8>) throws {
        try self.init(json: JSONReader.value(of: line))
    }

    /// The event that a JSON object is.
    ///
    /// - Throws: what keeps it from being one.
    init(json: JSONValue) throws(EventLineProblem) {
        guard case .object(let object) = json else { throw EventLineProblem("not a JSON object") }
        guard let time = object["time"]?.unsignedInteger else {
            throw EventLineProblem("'time' must be a whole number of nanoseconds")
        }
        guard let name = object["event"]?.string.flatMap(EventName.init(rawValue:)) else {
            throw EventLineProblem("'event' must be an event of the vocabulary")
        }
        let own = ["time", "partner", "incarnation", "event"]
        self.init(
            time: Instant(nanoseconds: time),
            partner: object["partner"]?.string.flatMap(PartnerID.init(rawValue:)),
            incarnation: object["incarnation"]?.string ?? "", name: name,
            fields: JSONObject(fields: object.fields.filter { !own.contains($0.name) }))
    }
}
