/// The results in the kernel's Test Anything Protocol, version 1 (Documentation/dev-tools/ktap.rst of Linux).
package enum KTAP {
    /// The document: a line for each run, below one that broke what broke.
    package static func text(_ runs: [RunResult], leftOut: [LeftOut] = []) -> String {
        var lines = ["KTAP version 1", "1..\(runs.count + leftOut.count)"]
        for (index, run) in runs.enumerated() {
            let name = escaped(run.variant.scenario.name + (run.label.isEmpty ? "" : " \(run.label)"))
            switch run.judgement.result {
            case .held: lines.append("ok \(index + 1) \(name)")
            case .brokeAsExpected(let reason):
                lines.append("not ok \(index + 1) \(name) # TODO \(flat(reason))")
            case .notRun(let reason): lines.append("not ok \(index + 1) \(name) # ERROR \(flat(reason))")
            case .broke:
                for broken in run.judgement.broken {
                    lines.append("# \(broken.rule.rawValue): \(flat(broken.explanation))")
                }
                lines.append("not ok \(index + 1) \(name)")
            }
        }
        for (index, scenario) in leftOut.enumerated() {
            lines.append(
                "ok \(runs.count + index + 1) \(escaped(scenario.scenario)) # SKIP \(flat(scenario.why))")
        }
        return lines.joined(separator: "\n") + "\n"
    }

    /// A text on one line.
    private static func flat(_ text: String) -> String {
        text.split(whereSeparator: { $0.isNewline }).joined(separator: " ")
    }

    /// A name: what follows a number sign would be a directive.
    private static func escaped(_ text: String) -> String {
        flat(text).split(separator: "#", omittingEmptySubsequences: false).joined(separator: "\\#")
    }
}
