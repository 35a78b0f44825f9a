import ClusterConnection
import Testing

@testable import LabKit

/// Reports are for people at 80 columns, and for programs that parse.
struct ReportTests {
    private func result(_ name: String = "kill-b-when-ready-and-boot-again", _ run: HistoryBuilder)
        -> RunResult
    {
        var variant = run.record.variant
        variant.scenario.name = name
        return RunResult(
            variant: variant, repetition: 1, judgement: run.judgement, folder: name,
            start: HistoryBuilder.instant(0), duration: .milliseconds(1_234))
    }

    private func brokenRun() throws -> HistoryBuilder {
        var run = try HistoryBuilder.goodRun()
        run.remove { $0.name == .secondReadPosted || $0.name == .secondReadCompleted }
        return run
    }

    @Test func theTableIsNeverWiderThanEightyColumns() throws {
        let table = Table(colours: false)
        var broke = result(String(repeating: "very-long-name-", count: 5), try brokenRun())
        broke.judgement.broken.append(
            Broken(
                .expected, String(repeating: "unbreakable", count: 20),
                evidence: broke.judgement.broken[0].evidence))
        broke.judgement.measurements.dead = [.nanoseconds(123_456_789)]
        broke.judgement.measurements.hung = [.seconds(1_234)]
        broke.judgement.measurements.again = [.milliseconds(1), .seconds(9)]
        var notRun = broke
        notRun.judgement = .notRun("partner b could not start: " + String(repeating: "reason ", count: 30))
        let lines =
            [table.header, table.row([broke]), table.row([broke, notRun]), table.row([notRun])]
            + table.failures(of: broke, folder: "runs/x") + table.failures(of: notRun, folder: "runs/x")
            + table.speed(broke.judgement.measurements, clock: "virtual")
            + ScenarioText.lines(broke.variant.scenario)
        for line in lines { #expect(line.count <= 80, "\(line.count): \(line)") }
    }

    @Test func aRowSaysNameResultAndTime() throws {
        let row = Table(colours: false).row([result("both-at-once", try HistoryBuilder.goodRun())])
        #expect(row == "both-at-once                      held         3.8 ms")
    }

    @Test func aSweepIsOneRowWithItsCount() throws {
        let good = result("skew-sweep", try HistoryBuilder.goodRun())
        var other = good
        other.variant.label = "skew=1ms"
        var bad = result("skew-sweep", try brokenRun())
        bad.variant.label = "skew=2ms"
        #expect(Table(colours: false).row([good, other, bad]).contains(" 2/3 "))
    }

    @Test func coloursChangeNothingButTheColour() throws {
        let run = result("both-at-once", try HistoryBuilder.goodRun())
        let coloured = Table(colours: true).row([run])
        let plain = coloured.replacing("\u{1B}[32m", with: "").replacing("\u{1B}[0m", with: "")
        #expect(plain == Table(colours: false).row([run]))
    }

    @Test func aFailureNamesTheRuleTheEventsAndTheFolder() throws {
        let lines = Table(colours: false).failures(of: result("x", try brokenRun()), folder: "runs/now/x")
        let text = lines.joined(separator: "\n")
        #expect(text.contains("handshake-order: established only after read 1"))
        #expect(text.contains("posted write 2 of connection 1 before its read 2 had completed"))
        #expect(text.contains("133.000 ms  a  secondWritePosted connection 1"))
        #expect(lines.last == "  evidence: runs/now/x")
    }

    @Test func junitIsWellFormedWhateverTheTextsHold() throws {
        var run = result("x", try brokenRun())
        run.judgement.broken = [Broken(.expected, "a < b & \"c\"\u{1}\u{FFFE} 'd' > e\n\tf")]
        var notRun = run
        notRun.judgement = .notRun("<&\"")
        let xml = JUnit.xml([result("good", try HistoryBuilder.goodRun()), run, notRun])
        #expect(xml.contains("tests=\"3\" failures=\"1\" errors=\"1\""))
        #expect(xml.contains("a &lt; b &amp; &quot;c&quot;?? 'd' &gt; e&#10;&#9;f"))
        #expect(xml.contains("<error message=\"&lt;&amp;&quot;\"/>"))
        #expect(!xml.contains("\u{1}"))
    }

    @Test func verdictsAreJSONThatHoldsEverything() throws {
        let document = VerdictsJSON.document([result("x", try brokenRun())])
        let text = JSONText.pretty(document)
        #expect(try JSONReader.value(of: Array(text.utf8)[...]) == document)
        #expect(text.contains("\"rule\": \"handshake-order\""))
        #expect(text.contains("\"held\": false"))
    }

    private func swept(_ labels: [String], broken: Set<String> = []) throws -> [RunResult] {
        try labels.map { label in
            var run = result("sweep", broken.contains(label) ? try brokenRun() : try HistoryBuilder.goodRun())
            run.variant.label = label
            return run
        }
    }

    @Test func aSweepOverTwoThingsIsAMap() throws {
        let labels = ["10", "20"].flatMap { one in ["a", "b", "c"].map { "skew=\(one)ms word=\($0)" } }
        let runs = try swept(labels, broken: ["skew=20ms word=b"])
        #expect(
            Table(colours: false).map(runs) == [
                "    word \\ skew   10ms   20ms", "    a             held   held",
                "    b             held  BROKE", "    c             held   held",
            ])
    }

    @Test func aSweepOverThreeThingsIsAMapForEachValueOfTheFirst() throws {
        let labels = ["1", "2"].flatMap { one in
            ["3", "4"].flatMap { other in ["5", "6"].map { "a=\(one) b=\(other) c=\($0)" } }
        }
        let lines = Table(colours: false).map(try swept(labels))
        #expect(lines.count == 8 && lines[0] == "    a=1" && lines[4] == "    a=2")
    }

    @Test func aMapThatDoesNotFitIsTurnedOrLeftToTheReport() throws {
        let many = (0..<30).map { "long=\($0)" }
        let turned = Table(colours: false).map(
            try swept(many.flatMap { [$0 + " short=1", $0 + " short=2"] }))
        #expect(turned.count == 31 && turned.allSatisfy { $0.count <= 80 })
        let square = many.flatMap { one in (0..<30).map { "\(one) wide=\($0)" } }
        #expect(Table(colours: false).map(try swept(square)) == [])
        #expect(Table(colours: false).map(try swept(many)) == [])
    }

    @Test func whatWasLeftOutIsToldWhereverResultsAre() throws {
        let good = result("good", try HistoryBuilder.goodRun())
        let leftOut = [LeftOut(scenario: "own # program", why: "a & b")]
        let xml = JUnit.xml([good], leftOut: leftOut)
        #expect(xml.contains("tests=\"2\" failures=\"0\" errors=\"0\" skipped=\"1\""))
        #expect(xml.contains("<skipped message=\"left out: a &amp; b\"/>"))
        let ktap = KTAP.text([good], leftOut: leftOut)
        #expect(ktap.contains("1..2\n") && ktap.contains("ok 2 own \\# program # SKIP a & b\n"))
        let json = JSONText.compact(VerdictsJSON.document([good], leftOut: leftOut))
        #expect(
            json.contains("\"held\":true") && json.contains("\"leftOut\":[{\"scenario\":\"own # program\""))
    }

    @Test func whereNothingWasRunNothingHeld() {
        #expect(JSONText.compact(VerdictsJSON.document([])).contains("\"held\":false"))
    }

    @Test func theClaimsOfARunCanBeFollowedLineByLine() throws {
        let run = try HistoryBuilder.goodRun("\(HistoryBuilder.minimal)claims: [C1c]\n")
        let text = ClaimsText.text(run.judgement.claims, start: HistoryBuilder.instant(0))
        #expect(text.contains("C1c  a first RDMA write follows"))
        #expect(text.contains("partner b: shown by"))
        #expect(text.contains("132.350 ms  b  firstReadCompleted"))
    }

    @Test(
        arguments: [
            (UInt64(0), "0 ns"), (999, "999 ns"), (1_500, "1.50 us"), (999_600, "1.00 ms"),
            (8_314_000, "8.31 ms"),
            (99_960_000, "100 ms"), (999_500_000, "1.00 s"), (70_000_000_000, "70.0 s"),
        ])
    func timesHaveThreeDigits(_ nanoseconds: UInt64, _ text: String) {
        #expect(SpanText.rounded(.nanoseconds(nanoseconds)) == text)
    }

    @Test func theMedianOfAnEvenCountIsTheMeanOfTheMiddle() {
        let statistics = Statistics([.nanoseconds(4), .nanoseconds(1), .nanoseconds(2), .nanoseconds(9)])
        #expect(statistics?.median == .nanoseconds(3))
        #expect(statistics?.most == .nanoseconds(9))
        #expect(Statistics([]) == nil)
    }

    @Test func everyRuleHasASentenceAndAName() {
        for rule in Rule.allCases {
            #expect(rule.sentence.count > 20)
            #expect(ScenarioParser.isName(rule.rawValue))
        }
    }

    @Test func runsAtInstantsAreALineWithTheLongestRecovery() throws {
        let runs = try ([-2_000, 0, 2_000, 4_000] as [Int64]).map { offset in
            var variant = try HistoryBuilder.goodRun().record.variant
            variant.label = RunInstant.label(offset)
            var judgement = try HistoryBuilder.goodRun().judgement
            judgement.measurements.again = [.milliseconds(3), .microseconds(UInt64(10 + offset / 1_000))]
            if offset == 2_000 { judgement = .notRun("there was none") }
            return RunResult(
                variant: variant, repetition: 1, judgement: judgement, folder: "x",
                start: HistoryBuilder.instant(0), duration: .seconds(2))
        }
        let table = Table(colours: false)
        #expect(table.map(runs) == ["    4 instants: 3 held, 1 not run; recovery up to 14.0 us (at=+4us)"])
        #expect(
            table.map(Array(runs.prefix(1))) == ["    1 instant: 1 held; recovery up to 8.00 us (at=-2us)"])
        let twice = runs.prefix(2) + runs.prefix(2)
        #expect(table.map(Array(twice)).first?.hasPrefix("    2 instants, 4 runs: 4 held;") == true)
        var other = runs[0]
        other.variant.label = "skew=1ms"
        #expect(table.map([other]).isEmpty)
    }
}
