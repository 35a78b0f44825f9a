import ClusterConnection
import StrictYAML

/// Reads a step's `at` where it is a mapping: the instants at each of which the step is done.
struct InstantReader {
    let moments: MomentReader
    /// When the run is over at the latest.
    let deadline: TimeSpan

    /// The instants; nil where they could not be read.
    func range(of step: YAMLFields) -> InstantRange? {
        guard let fields = step.section("at") else { return nil }
        let from = bound("from", of: fields)
        let to = bound("to", of: fields)
        let every = fields.required("every", expected: Self.spanForm, Self.span)
        let lead = fields.value("lead", expected: Self.spanForm, Self.span)
        guard let from, let to, let every else { return nil }
        if case .time(let first) = from, case .time(let last) = to, last < first {
            fields.refuse("to", "comes before 'from' (\(SpanText.exact(first))); expected a later one")
        }
        return InstantRange(from: from, to: to, every: every, lead: lead ?? .zero)
    }

    private static let spanForm = "a duration above 0, such as 2us"

    private static func span(_ text: String) -> TimeSpan? {
        TimeSpan(text: text).flatMap { $0 > .zero ? $0 : nil }
    }

    private func bound(_ name: String, of fields: YAMLFields) -> InstantBound? {
        if fields.isMapping(name) { return moments.anchor(name, in: fields).map { .moment($0) } }
        let form = TimeSpan.textForm + " from the run's start, or a moment such as { event: established }"
        guard let span = fields.required(name, expected: form, TimeSpan.init(text:)) else { return nil }
        if span >= deadline {
            fields.refuse(
                name, "the run is over by then; expected less than its deadline (\(SpanText.exact(deadline)))"
            )
        }
        return .time(span)
    }
}
