import ClusterConnection
import Testing

@testable import LabKit

/// How often a run held, and what that says of how often it would.
struct RepeatedTests {
    private static func repeated(held: Int, broke: Int, notRun: Int = 0) throws -> Repeated {
        let ends: [Repeated.End] =
            Array(repeating: .held, count: held) + Array(repeating: .broke, count: broke)
            + Array(repeating: .notRun, count: notRun)
        return try #require(Repeated.all(of: ends.map { ("x", $0) }).first)
    }

    private static func results(_ name: String, held: Int, broke: Int, notRun: Int = 0) throws -> [RunResult]
    {
        let good = try HistoryBuilder.goodRun()
        var bad = good
        bad.remove { $0.name == .secondReadPosted || $0.name == .secondReadCompleted }
        var variant = good.record.variant
        variant.scenario.name = name
        let judgements =
            Array(repeating: good.judgement, count: held) + Array(repeating: bad.judgement, count: broke)
            + Array(repeating: Judgement.notRun("no"), count: notRun)
        return judgements.enumerated().map { index, judgement in
            RunResult(
                variant: variant, repetition: index + 1, judgement: judgement, folder: "x",
                start: HistoryBuilder.instant(0), duration: .seconds(1))
        }
    }

    /// Newcombe, Two-sided confidence intervals for the single proportion (Statistics in Medicine 17, 1998), table I, method 3.
    @Test(arguments: [
        (81, 263, 0.2553, 0.3662), (15, 148, 0.0624, 0.1605), (0, 20, 0, 0.1611), (1, 29, 0.0061, 0.1718),
        (20, 20, 0.8389, 1),
    ])
    func theShareIsTheOneOfTheLiterature(_ held: Int, _ count: Int, _ low: Double, _ high: Double) throws {
        let share = try #require(try Self.repeated(held: held, broke: count - held).share)
        #expect(abs(share.lowerBound - low) < 0.00005, "\(share)")
        #expect(abs(share.upperBound - high) < 0.00005, "\(share)")
    }

    @Test func whatWasNotRunSaysNothingOfTheShare() throws {
        #expect(
            try Self.repeated(held: 9, broke: 1, notRun: 50).share == Self.repeated(held: 9, broke: 1).share)
        let nothing = try Self.repeated(held: 0, broke: 0, notRun: 2)
        #expect(nothing.share == nil)
        #expect(nothing.word == "not run")
        #expect(nothing.shareText == "-")
    }

    @Test func flakyIsWhatHeldAndBroke() throws {
        #expect(try Self.repeated(held: 1, broke: 1).word == "flaky")
        #expect(try Self.repeated(held: 2, broke: 0).word == "held")
        #expect(try Self.repeated(held: 0, broke: 2).word == "BROKE")
        #expect(try !Self.repeated(held: 2, broke: 0, notRun: 1).isFlaky)
    }

    @Test func whatWasDoneOnceIsNotRepeated() throws {
        #expect(Repeated.all(of: try Self.results("once", held: 1, broke: 0)) == [])
        #expect(Repeated.lines(try Self.results("once", held: 1, broke: 0)) == [])
    }

    /// The values of a sweep that break always, beside others that hold always, are not flaky.
    @Test func eachValueOfASweepStandsForItself() {
        let ends: [(String, Repeated.End)] = [
            ("s skew=0ms", .held), ("s skew=1ms", .broke), ("s skew=0ms", .held), ("s skew=1ms", .broke),
        ]
        #expect(Repeated.all(of: ends).map(\.word) == ["held", "BROKE"])
    }

    @Test func theTableSaysItWithin80Columns() throws {
        let flaky = try Self.results("a-name-that-is-forty-characters-long-yes", held: 18, broke: 2)
        let lines = Repeated.lines(flaky + (try Self.results("b", held: 0, broke: 0, notRun: 100)))
        for line in lines { #expect(line.count <= 80, "\(line.count): \(line)") }
        #expect(lines.contains { $0.contains(" flaky ") && $0.hasSuffix("69.9-97.2 %") }, "\(lines)")
        #expect(lines.last == Repeated.legend)
        #expect(Table(colours: false).row(flaky).contains(" flaky "))
    }

    @Test func programsAreToldTheSame() throws {
        let json = JSONText.pretty(VerdictsJSON.document(try Self.results("x", held: 2, broke: 2)))
        for text in [
            "\"result\": \"flaky\"", "\"method\": \"Wilson\"", "\"confidence\": 0.95", "\"low\": 0.1500",
        ] {
            #expect(json.contains(text), "\(text)")
        }
        #expect(
            !JSONText.pretty(VerdictsJSON.document(try Self.results("x", held: 1, broke: 0))).contains(
                "repeated"))
    }
}
