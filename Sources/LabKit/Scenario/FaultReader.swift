import ClusterConnection
import StrictYAML

/// Reads how a step does what it does: the fields that belong to some actions only.
enum FaultReader {
    /// The fields that there are.
    static let names = ["packets", "quota", "period", "room", "by"]

    /// Reads what the step's action needs.
    static func read(_ fields: YAMLFields, into step: inout Step) {
        switch step.action {
        case .degrade: step.degradation = degradation(of: fields)
        case .starve: step.ration = ration(of: fields)
        case .squeeze: step.room = room(of: fields)
        case .stepClock: step.clockStep = clockStep(of: fields)
        default: break
        }
    }

    private static func degradation(of step: YAMLFields) -> Degradation? {
        guard step.names.contains("packets"), let fields = step.section("packets") else {
            step.refuse("packets", "is missing: expected how packets fare, such as { loss: 5%, delay: 2ms }")
            return nil
        }
        var degradation = Degradation()
        func share(_ name: String) -> Double {
            fields.value(name, expected: Degradation.shareForm, Degradation.share) ?? 0
        }
        func span(_ name: String) -> TimeSpan {
            let form = "a duration from 10us to \(SpanText.exact(Degradation.longestDelay))"
            let span = fields.value(name, expected: form) { text in
                TimeSpan(text: text).flatMap {
                    $0 >= .microseconds(10) && $0 <= Degradation.longestDelay ? $0 : nil
                }
            }
            return span ?? .zero
        }
        degradation.loss = share("loss")
        degradation.duplicate = share("duplicate")
        degradation.corrupt = share("corrupt")
        degradation.reorder = share("reorder")
        degradation.delay = span("delay")
        degradation.jitter = span("jitter")
        degradation.rate = fields.value("rate", expected: Degradation.rateForm, Degradation.rate) ?? 0
        if degradation.jitter > degradation.delay {
            fields.refuse("jitter", "is more than 'delay': no packet arrives before it was sent")
        }
        if degradation.reorder > 0, degradation.delay == .zero {
            fields.refuse("reorder", "stands without 'delay': packets overtake others that are delayed")
        }
        if fields.names.isEmpty {
            step.refuse(
                "packets", "expected how packets fare: loss, delay, jitter, reorder, duplicate, corrupt, rate"
            )
        }
        return degradation
    }

    private static func ration(of fields: YAMLFields) -> Ration {
        let least = SpanText.exact(Ration.bounds.lowerBound)
        let form = "a duration from \(least) to \(SpanText.exact(Ration.bounds.upperBound))"
        func span(_ text: String) -> TimeSpan? {
            TimeSpan(text: text).flatMap { Ration.bounds.contains($0) ? $0 : nil }
        }
        let quota = fields.required("quota", expected: form, span)
        let period = fields.value("period", expected: form, span)
        let ration = Ration(quota: quota ?? Ration.bounds.lowerBound, period: period ?? .milliseconds(100))
        if ration.quota >= ration.period {
            fields.refuse("quota", "is the whole period of \(SpanText.exact(ration.period)); expected less")
        }
        return ration
    }

    private static func room(of fields: YAMLFields) -> UInt64 {
        let bounds = UInt64(0)...Step.mostRoom
        let form = "whole pages of \(Step.page) bytes, from 0 to \(Step.mostRoom)"
        return fields.required("room", expected: form) { text in
            UInt64(text).flatMap { bounds.contains($0) && $0.isMultiple(of: Step.page) ? $0 : nil }
        } ?? 0
    }

    private static func clockStep(of fields: YAMLFields) -> Int64 {
        let form = TimeSpan.textForm + ", at most 365 days, negative for back"
        let most: Int64 = 365 * 86_400 * 1_000_000_000
        return fields.required("by", expected: form) { text in
            SpanText.signedNanoseconds(text).flatMap { abs($0) <= most && $0 != 0 ? $0 : nil }
        } ?? 0
    }
}
