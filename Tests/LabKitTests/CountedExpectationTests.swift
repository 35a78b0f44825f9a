import ClusterConnection
import Testing

@testable import LabKit

/// An expectation can say how often, until when, and how large.
struct CountedExpectationTests {
    /// A good run in which a asks four times before b is there, at 110, 112, 114 and 116 ms; b listens at 130 ms.
    private static func run(_ expectation: String) throws -> HistoryBuilder {
        var run = try HistoryBuilder.goodRun("\(HistoryBuilder.minimal)expect: [\(expectation)]\n")
        for number in 0..<4 {
            run.add(
                110 + 2 * Double(number), .a, .connectFailed,
                [
                    ("connection", .integer(Int64(number + 10))), ("attempt", .integer(Int64(number + 1))),
                    ("reason", .string("nobodyListens")), ("backoffNs", .integer(5_000_000 << number)),
                ])
        }
        return run
    }

    @Test(arguments: [
        "{ event: connectFailed, exactly: 4 }",
        "{ event: connectFailed, atLeast: 4 }",
        "{ event: connectFailed, atMost: 4 }",
        "{ event: connectFailed, atLeast: 2, atMost: 5 }",
        "{ event: connectFailed, exactly: 4, before: { partner: b, event: listening } }",
        "{ event: connectFailed, exactly: 3, before: { event: connectFailed, count: 4 } }",
        "{ event: connectFailed, exactly: 1, within: 3ms, of: { event: connectFailed, count: 1 } }",
        "{ event: connectFailed, where: { backoffNs: \">= 40ms\", attempt: \"< 5\" }, exactly: 1 }",
        "{ event: connectFailed, where: { attempt: \"> 2\" }, exactly: 2 }",
        "{ event: failed, atMost: 1 }",
        "{ never: { event: connectFailed }, of: { partner: b, event: listening } }",
        "{ never: { partner: a, event: established }, before: { partner: b, event: listening } }",
    ])
    func holds(_ expectation: String) throws {
        let run = try Self.run(expectation)
        #expect(run.judgement.result == .held, "\(run.words)")
    }

    @Test(arguments: [
        ("{ event: connectFailed, exactly: 3 }", "it came once more"),
        ("{ event: connectFailed, exactly: 5 }", "too few came in time, 4 in all"),
        ("{ event: connectFailed, atLeast: 5 }", "at least 5 times: too few"),
        ("{ event: connectFailed, atMost: 3 }", "at most 3 times: it came once more"),
        ("{ event: connectFailed, atLeast: 4, within: 13ms, of: { event: started } }", "too few"),
        (
            "{ partner: b, event: established, before: { partner: b, event: listening } }",
            "before b listening: it came after"
        ),
        ("{ never: { event: connectFailed }, before: { partner: b, event: listening } }", "it came"),
        ("{ event: connectFailed, where: { backoffNs: \"> 40ms\" } }", "it never came"),
    ])
    func breaks(_ expectation: String, _ words: String) throws {
        let run = try Self.run(expectation)
        #expect(run.brokenRules == [.expected])
        #expect(run.words.contains(words), "\(run.words)")
    }

    @Test(arguments: [
        ("{ event: failed, exactly: 0 }", "from 1 to"),
        ("{ never: { event: failed }, exactly: 2 }", "beside 'never'"),
        ("{ event: failed, exactly: 2, atMost: 3 }", "beside 'exactly'"),
        ("{ event: failed, atLeast: 3, atMost: 2 }", "at least 3"),
        ("{ event: failed, where: { attempt: \">= many\" } }", "a number or a duration"),
    ])
    func aMistakeIsNamed(_ expectation: String, _ words: String) {
        #expect {
            try ScenarioParser.parse("\(HistoryBuilder.minimal)expect: [\(expectation)]\n", file: "bad.yaml")
        } throws: {
            "\($0)".contains(words)
        }
    }

    @Test func moreHistoryThanTheScenarioAllowsBreaks() throws {
        var run = try HistoryBuilder.goodRun(HistoryBuilder.minimal + "bounds: { historyBytes: 100000 }\n")
        #expect(run.judgement.result == .held, "\(run.words)")
        for number in 0..<2_000 {
            run.add(
                140 + Double(number) / 10, .a, .accessRefused,
                [("queuePair", .integer(17)), ("count", .integer(Int64(number)))])
        }
        #expect(run.brokenRules == [.historyBounded])
    }

    @Test func endsThatNameOtherQueuePairsBreak() throws {
        func run(_ partnersView: Int64) throws -> HistoryBuilder {
            var run = try HistoryBuilder.goodRun()
            for index in run.events.indices where run.events[index].name == .established {
                let isA = run.events[index].partner == .a
                run.events[index] = run.events[index].with([
                    ("queuePair", .integer(isA ? 17 : 23)),
                    ("partnerQueuePair", .integer(isA ? 23 : partnersView)),
                ])
            }
            return run
        }
        #expect(try run(17).judgement.result == .held)
        #expect(try run(19).brokenRules == [.sameQueuePairs])
    }
}
