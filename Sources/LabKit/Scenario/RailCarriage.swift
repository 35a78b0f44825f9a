import ClusterConnection
import StrictYAML

/// How a rail carries packets while nothing is done to it, as a scenario says it.
package struct RailCarriage: Hashable, Sendable {
    /// What each packet takes, each way; nil for what it takes on the fabric.
    package var delay: TimeSpan?
    /// How many bits a second each direction carries; nil for as many as on the fabric.
    package var rate: UInt64?

    package init(delay: TimeSpan? = nil, rate: UInt64? = nil) {
        self.delay = delay
        self.rate = rate
    }

    /// The same on a fabric.
    package struct Resolved: Hashable, Sendable {
        package var delay: TimeSpan
        /// 0 for as many as there are.
        package var rate: UInt64

        package init(delay: TimeSpan, rate: UInt64) {
            self.delay = delay
            self.rate = rate
        }

        /// Nothing is added to what the kernel does.
        package static let none = Resolved(delay: .zero, rate: 0)
        /// Where code takes no time: a cable and an adapter, so that packets are under way at all.
        package static let uml = Resolved(delay: .microseconds(5), rate: 10_000_000_000)
    }

    /// - Parameter standard: how the fabric's rails carry packets of which the scenario says nothing.
    package func resolved(_ standard: Resolved) -> Resolved {
        Resolved(delay: delay ?? standard.delay, rate: rate ?? standard.rate)
    }

    /// Reads `rails`: how many there are, or a mapping for each.
    static func read(_ root: YAMLFields) -> [RailCarriage] {
        let counts = 1...RailID.limit
        guard let items = root.listCount("rails") else {
            let count = root.value(
                "rails", expected: "a number of rails from 1 to \(counts.upperBound), or a list of them"
            ) {
                Int($0).flatMap { counts.contains($0) ? $0 : nil }
            }
            return Array(repeating: RailCarriage(), count: count ?? 1)
        }
        let carriages = (root.list("rails") ?? []).map { carriage($0) }
        if !counts.contains(items) {
            root.refuse(
                "rails",
                "expected 1 to \(counts.upperBound) rails, such as [{ delay: 5us }, {}], found a list of \(items)"
            )
        }
        return carriages.isEmpty ? [RailCarriage()] : Array(carriages.prefix(counts.upperBound))
    }

    private static func carriage(_ fields: YAMLFields) -> RailCarriage {
        let delay = fields.value("delay", expected: delayForm) { text in
            TimeSpan(text: text).flatMap { isDelay($0) ? $0 : nil }
        }
        return RailCarriage(
            delay: delay, rate: fields.value("rate", expected: Degradation.rateForm, Degradation.rate))
    }

    private static let delayForm =
        "whole microseconds from 2us to \(SpanText.exact(Degradation.longestDelay)), or 0us"

    /// tc(8) takes whole microseconds and tells one less, so that of 1us nobody could tell whether it is there.
    private static func isDelay(_ span: TimeSpan) -> Bool {
        span == .zero
            || span >= .microseconds(2) && span <= Degradation.longestDelay
                && span.nanoseconds.isMultiple(of: 1_000)
    }
}

extension Scenario {
    /// How each rail carries packets.
    func carriages(on standard: RailCarriage.Resolved) -> [RailCarriage.Resolved] {
        carriages.map { $0.resolved(standard) }
    }

    /// Whether the rails' ends have to hold packets up, from the start or some time.
    func needsQueues(on standard: RailCarriage.Resolved) -> Bool {
        shapesRails || carriages(on: standard).contains { $0 != .none }
    }
}

extension [RailCarriage.Resolved] {
    /// The fields that tell of it in the run's first line: one value where all rails are alike, and nothing of what is none.
    var details: [(String, JSONValue)] {
        func field(_ name: String, _ values: [UInt64]) -> [(String, JSONValue)] {
            guard let first = values.first, values.contains(where: { $0 > 0 }) else { return [] }
            let isOne = values.allSatisfy { $0 == first }
            return [(name, isOne ? .unsigned(first) : .array(values.map { .unsigned($0) }))]
        }
        return field("railDelayNs", map(\.delay.nanoseconds)) + field("railRate", map(\.rate))
    }
}
