/// A comparison as JUnit XML: a figure is a test, and what is slower a failure.
package enum PerfJUnit {
    package static func xml(_ comparison: PerfComparison) -> String {
        let slower = comparison.rows.count { $0.verdict == .slower }
        let missing = comparison.rows.count { $0.verdict == .missing }
        var text = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"
        text +=
            "<testsuite name=\"ccmlab perf\" tests=\"\(comparison.rows.count)\" failures=\"\(slower)\" errors=\"\(missing)\">\n"
        for row in comparison.rows {
            let head = "  <testcase classname=\"perf\" name=\"\(XMLText.escaped(row.name))\""
            switch row.verdict {
            case .same, .faster: text += head + "/>\n"
            case .slower:
                let change = row.change.map(PerfText.percent) ?? ""
                let blame = row.blame.map { "+\(PerfText.number($0.growth)) \($0.function)" }.joined(
                    separator: "\n")
                text +=
                    head
                    + "><failure message=\"slower: \(change)\">\(XMLText.escaped(blame))</failure></testcase>\n"
            case .missing:
                text += head + "><error message=\"only one of the records has this figure\"/></testcase>\n"
            }
        }
        return text + "</testsuite>\n"
    }
}
