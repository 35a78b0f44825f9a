import ClusterConnection
import Foundation
import StrictYAML
import Testing

@testable import LabKit

/// What is known to break is no failure, and comes back to mind when it holds.
struct ExpectedBreakTests {
    private static func yaml(_ rules: String) -> String {
        HistoryBuilder.minimal
            + "expectedToBreak: { rules: [\(rules)], reason: nobody reads a second time }\n"
    }

    /// A run that breaks `handshake-order` and nothing else, or one that holds.
    private static func run(_ rules: String, breaks: Bool = true) throws -> HistoryBuilder {
        var run = try HistoryBuilder.goodRun(yaml(rules))
        if breaks { run.remove { $0.name == .secondReadPosted || $0.name == .secondReadCompleted } }
        return run
    }

    private static func result(_ run: HistoryBuilder) -> RunResult {
        RunResult(
            variant: run.record.variant, repetition: 1, judgement: run.judgement, folder: "test",
            start: HistoryBuilder.instant(0), duration: .seconds(1))
    }

    @Test func whatBreaksAsExpectedIsWanted() throws {
        let judgement = try Self.run("handshake-order").judgement
        #expect(judgement.result == .brokeAsExpected("nobody reads a second time"))
        #expect(judgement.result.isWanted)
        #expect(Set(judgement.broken.map(\.rule)) == [.handshakeOrder])
    }

    @Test func whatHoldsAlthoughItWasExpectedToBreakHasFailed() throws {
        let judgement = try Self.run("handshake-order", breaks: false).judgement
        #expect(judgement.result == .broke)
        #expect(judgement.broken.map(\.rule) == [.breaksAsExpected])
        #expect(
            judgement.broken.first?.explanation
                == "handshake-order held, although it was expected to break: nobody reads a second time")
    }

    @Test func anotherRuleThatBreaksIsToldFirst() throws {
        let judgement = try Self.run("found-in-time").judgement
        #expect(judgement.result == .broke)
        #expect(judgement.broken.map(\.rule).prefix(2) == [.breaksAsExpected, .handshakeOrder])
        let more = try Self.run("handshake-order, found-in-time").judgement
        #expect(more.result == .broke)
        #expect(more.broken.first?.rule == .breaksAsExpected)
        #expect(more.broken.dropFirst().allSatisfy { $0.rule == .handshakeOrder })
    }

    @Test func aRunThatCouldNotBeCarriedOutIsNeverExpected() throws {
        var run = try Self.run("handshake-order", breaks: false)
        run.remove { $0.partner == .b && $0.time > HistoryBuilder.instant(125) }
        run.remove { $0.partner == .a && $0.time > HistoryBuilder.instant(131) }
        run.add(128, .b, .failed, [("reason", .string("no device"))])
        run.gone(.b, at: 129, ("status", 1))
        #expect(run.judgement.result == .notRun("partner b could not start: no device"))
    }

    @Test func everyReportSaysSo() throws {
        let run = Self.result(try Self.run("handshake-order"))
        let table = Table(colours: false)
        #expect(table.row([run]).hasSuffix(" as expected"))
        #expect(table.row([run]).contains(" broke "))
        #expect(table.row([run, run]).contains(" 2/2 "))
        #expect(table.failures(of: run, folder: "x") == [])
        #expect(
            table.expectedBreaks(of: [run, run]) == [
                "", "test broke as expected 2 times: nobody reads a second time",
            ])
        #expect([run].inWords("runs") == "0 of 1 runs held, 1 broke as expected")
        let xml = JUnit.xml([run])
        #expect(xml.contains("tests=\"1\" failures=\"0\" errors=\"0\" skipped=\"1\""))
        #expect(xml.contains("<skipped message=\"broke as expected: nobody reads a second time\"/>"))
        #expect(KTAP.text([run]).contains("not ok 1 test # TODO nobody reads a second time\n"))
        let json = JSONText.pretty(VerdictsJSON.document([run]))
        #expect(json.contains("\"result\": \"broke as expected\""))
        #expect(json.contains("\"reason\": \"nobody reads a second time\""))
        #expect(json.contains("\"held\": true"))
        let text = ScenarioText.lines(run.variant.scenario).joined(separator: "\n")
        #expect(text.contains("expected to break: handshake-order: nobody reads a second time"))
    }

    @Test func machinesAreToldWithoutAlarm() throws {
        let folder = NSTemporaryDirectory() + "ccm-lab-expected-\(UUID().uuidString)"
        defer { Files.removeFolder(folder) }
        try Files.makeFolder("\(folder)/run")
        let run = Self.result(try Self.run("handshake-order"))
        try JudgedRun.write(run, to: "\(folder)/run")
        #expect(
            try Annotations.lines(of: folder, scenarios: [run.variant.scenario]) == [
                "::notice file=test.yaml,title=test%3A broke as expected::nobody reads a second time"
            ])
        #expect(ReportedVerdict(in: "\(folder)/run").result == .brokeAsExpected("nobody reads a second time"))
    }

    @Test(arguments: [
        ("{ rules: [hand-order], reason: x }", "rules", "did you mean “handshake-order”?"),
        ("{ rules: [breaks-as-expected], reason: x }", "rules", "is not the name of a rule"),
        ("{ rules: [], reason: x }", "rules", "expected a list of the rules that break"),
        ("{ reason: x }", "rules", "expected a list of the rules that break"),
        ("{ rules: [expected] }", "reason", "is missing: expected a sentence"),
        ("{ rules: [expected], reason: \" \" }", "reason", "expected a sentence"),
        ("{ rule: expected, reason: x }", "rule", "did you mean “rules”?"),
    ])
    func whatIsWrittenWronglyIsRefused(_ text: String, _ field: String, _ words: String) {
        #expect {
            _ = try ScenarioParser.parse(
                HistoryBuilder.minimal + "expectedToBreak: \(text)\n", file: "test.yaml")
        } throws: { error in
            (error as? InputProblems)?.problems.contains {
                $0.field == "expectedToBreak.\(field)" && $0.text.contains(words)
            } ?? false
        }
    }
}
