import ClusterConnection

/// The settings of a netem queueing discipline, as tc(8) takes and prints them.
struct Netem: Hashable, Sendable {
    /// What `tc -j -s qdisc show` tells of one.
    struct State: Sendable {
        var netem: Netem
        var count: Rail.Count
        /// Packets that wait for their time.
        var waiting: UInt64
    }

    private(set) var degradation: Degradation

    /// What a passage asks for: what a degradation delays comes on top of what packets take anyway, and it makes no rail
    /// quicker than that is.
    init(passage: Passage) {
        degradation = passage.degradation ?? Degradation()
        if passage.isCut { degradation.loss = 1 }
        degradation.delay = degradation.delay + passage.carriage.delay
        // 0 is for as many bits as there are.
        degradation.rate = [degradation.rate, passage.carriage.rate].filter { $0 > 0 }.min() ?? 0
    }

    private init(_ degradation: Degradation) { self.degradation = degradation }

    /// Every setting is named, because tc leaves some of those that are not as they were. The queue is as long as it may
    /// have to be: a packet that finds it full would be refused, which Soft-RoCE takes for an error of its work.
    var arguments: String {
        let d = degradation
        func percent(_ share: Double) -> String { "\(Degradation.percent(share))%" }
        var text =
            "netem limit 100000 delay \(d.delay.nanoseconds / 1_000)us \(d.jitter.nanoseconds / 1_000)us"
        text += " loss \(percent(d.loss)) duplicate \(percent(d.duplicate)) corrupt \(percent(d.corrupt))"
        text += " reorder \(percent(d.reorder)) rate \(d.rate)bit"
        return text
    }

    /// By how many microseconds less than was wanted tc may tell: it rounds down to 64 ns, and then to a microsecond.
    private static let rounding = 1.07

    /// Whether two settings are the same but for what tc and the kernel round.
    func isAlmost(_ other: Netem) -> Bool {
        func near(_ one: Double, _ two: Double, within: Double) -> Bool { abs(one - two) <= within }
        func micros(_ span: TimeSpan) -> Double { Double(span.nanoseconds) / 1_000 }
        let (one, two) = (degradation, other.degradation)
        return near(one.loss, two.loss, within: 1e-6) && near(one.duplicate, two.duplicate, within: 1e-6)
            && near(one.corrupt, two.corrupt, within: 1e-6) && near(one.reorder, two.reorder, within: 1e-6)
            && near(micros(one.delay), micros(two.delay), within: max(Self.rounding, micros(two.delay) / 1e5))
            && near(
                micros(one.jitter), micros(two.jitter), within: max(Self.rounding, micros(two.jitter) / 1e5))
            && near(Double(one.rate), Double(two.rate), within: max(8, Double(two.rate) / 1_000))
    }

    /// All that `tc -j -s qdisc show` prints of netem, one array a line.
    static func states(in text: String) -> [State] {
        text.split(separator: "\n").flatMap { line -> [State] in
            guard case .array(let queues)? = try? JSONReader.value(of: Array(line.utf8)[...]) else {
                return []
            }
            return queues.compactMap { state(of: $0) }
        }
    }

    private static func state(of queue: JSONValue) -> State? {
        guard case .object(let fields) = queue, fields["kind"]?.string == "netem",
            case .object(let options)? = fields["options"]
        else { return nil }
        func value(_ name: String, _ field: String) -> Double {
            guard case .object(let group)? = options[name] else { return 0 }
            return group[field]?.approximately ?? 0
        }
        func span(_ field: String) -> TimeSpan {
            .nanoseconds(UInt64(clampingRounded: value("delay", field) * 1e9))
        }
        var read = Degradation()
        read.loss = value("loss-random", "loss")
        read.duplicate = value("duplicate", "duplicate")
        read.corrupt = value("corrupt", "corrupt")
        read.reorder = value("reorder", "reorder")
        read.delay = span("delay")
        read.jitter = span("jitter")
        read.rate = UInt64(clampingRounded: value("rate", "rate") * 8)
        return State(
            netem: Netem(read),
            count: Rail.Count(
                passed: fields["packets"]?.unsignedInteger ?? 0, lost: fields["drops"]?.unsignedInteger ?? 0),
            waiting: fields["qlen"]?.unsignedInteger ?? 0)
    }
}

extension JSONValue {
    /// Any number; nil for everything else.
    fileprivate var approximately: Double? {
        switch self {
        case .integer(let value): Double(value)
        case .unsigned(let value): Double(value)
        case .number(let value): value
        case .null, .bool, .string, .array, .object: nil
        }
    }
}

extension UInt64 {
    /// The nearest number that there is.
    fileprivate init(clampingRounded value: Double) {
        self = value.isFinite && value > 0 ? (value < 1.8e19 ? UInt64(value.rounded()) : .max) : 0
    }
}
