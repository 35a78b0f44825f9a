import ClusterConnection

/// The results as JUnit XML, for the machines that run the lab.
package enum JUnit {
    /// The document.
    package static func xml(_ runs: [RunResult], leftOut: [LeftOut] = []) -> String {
        let broke = runs.count { $0.judgement.result == .broke }
        let notRun = runs.count { if case .notRun = $0.judgement.result { true } else { false } }
        let expected = runs.count { if case .brokeAsExpected = $0.judgement.result { true } else { false } }
        let seconds = runs.reduce(UInt64(0)) { $0 &+ $1.duration.nanoseconds }
        let counts =
            "tests=\"\(runs.count + leftOut.count)\" failures=\"\(broke)\" errors=\"\(notRun)\" "
            + "skipped=\"\(expected + leftOut.count)\" "
            + "time=\"\(Self.seconds(seconds))\""
        var text = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites \(counts)>\n"
        text += "  <testsuite name=\"ccm-lab\" \(counts)>\n"
        for run in runs { text += testCase(run) }
        for scenario in leftOut { text += skipped(scenario.scenario, "run", "", "left out: \(scenario.why)") }
        return text + "  </testsuite>\n</testsuites>\n"
    }

    private static func testCase(_ run: RunResult) -> String {
        let name = run.label.isEmpty ? "run" : run.label
        let time = " time=\"\(seconds(run.duration.nanoseconds))\""
        let head = head(run.variant.scenario.name, name) + time
        switch run.judgement.result {
        case .held: return head + "/>\n"
        case .brokeAsExpected(let reason):
            return skipped(run.variant.scenario.name, name, time, "broke as expected: \(reason)")
        case .notRun(let reason):
            return head + ">\n      <error message=\"\(XMLText.escaped(reason))\"/>\n    </testcase>\n"
        case .broke:
            let message = run.judgement.broken.first.map { "\($0.rule.rawValue): \($0.explanation)" } ?? ""
            let table = Table(colours: false)
            let body = table.failures(of: run, folder: run.folder).joined(separator: "\n")
            return head
                + ">\n      <failure message=\"\(XMLText.escaped(message))\">\(XMLText.escaped(body))</failure>\n    </testcase>\n"
        }
    }

    private static func head(_ scenario: String, _ name: String) -> String {
        "    <testcase classname=\"\(XMLText.escaped(scenario))\" name=\"\(XMLText.escaped(name))\""
    }

    private static func skipped(_ scenario: String, _ name: String, _ time: String, _ why: String) -> String {
        "\(head(scenario, name))\(time)>\n      <skipped message=\"\(XMLText.escaped(why))\"/>\n    </testcase>\n"
    }

    private static func seconds(_ nanoseconds: UInt64) -> String {
        SpanText.fixed(Double(nanoseconds) / 1e9, decimals: 3)
    }
}
