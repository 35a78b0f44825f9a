import ClusterConnection
import Testing

@testable import LabKit

/// Rule `held-writes-refused`, and what the lab reads off the rail for it.
struct HeldWritesRuleTests {
    private typealias Builder = HistoryBuilder

    /// b's writes are held back from 1.19 s on, b is frozen and taken over from, its writes come through, b wakes up.
    private func run(
        held: Int64 = 34, arrived: Int64 = 36, refused: Int64? = 16, endedWell: Int64 = 0,
        unfinished: Int64 = 0, releasedAt: Double = 1_450, looksAgain: Bool = true
    ) throws -> Builder {
        var run = try Builder.goodRun(Builder.withClients)
        run.remove { $0.time > Builder.instant(1_190) }
        let incarnation: (String, JSONValue) = ("partnerIncarnation", .string(Builder.incarnation(.a)))
        let client: (String, JSONValue) = ("client", .string("log-mirror"))
        run.add(
            140, .b, .mirrorRecovered,
            [client, ("highest", .integer(0)), ("damaged", .integer(0)), incarnation])
        run.fault(.holdWrites, .b, at: 1_190)
        run.fault(.freeze, .b, at: 1_200)
        run.lose("hung", by: .a, at: 1_405)
        run.fault(
            .releaseWrites, .b, at: releasedAt,
            [("held", .integer(held)), ("arrived", .integer(arrived))])
        run.fault(.thaw, .b, at: 1_600)
        run.lose("none", by: .b, at: 1_601)
        run.add(1_601.2, .b, .mirrorReport, [client, ("highest", .integer(90)), incarnation])
        if let refused {
            run.add(
                1_601.3, .b, .workAbandoned,
                [
                    client, ("connection", .integer(1)), ("arrived", .integer(endedWell)),
                    ("refused", .integer(refused)), ("unfinished", .integer(unfinished)),
                ])
        }
        run.connect(at: 1_620, connection: 2)
        run.end(at: 2_500)
        if !looksAgain {
            run.remove {
                $0.name == .memoryChecked && $0.partner == .a && $0.time > Builder.instant(releasedAt)
            }
        }
        return run
    }

    @Test func writesThatAreAllRefusedHold() throws {
        let run = try run()
        #expect(run.judgement.result == .held, "\(run.words)")
    }

    @Test func oneWriteThatEndedWellAfterTheTakeoverBreaks() throws {
        let run = try run(refused: 15, endedWell: 1)
        #expect(run.brokenRules == [.nothingWrittenAfterLoss], "\(run.words)")
    }

    @Test func noWriteUnderWayBreaks() throws {
        let none = try run(held: 0, arrived: 0)
        #expect(none.brokenRules == [.heldWritesRefused], "\(none.words)")
        let untold = try run(refused: nil)
        #expect(untold.brokenRules == [.heldWritesRefused], "\(untold.words)")
        let allWell = try run(refused: 0)
        #expect(allWell.brokenRules == [.heldWritesRefused], "\(allWell.words)")
    }

    @Test func writesThatNeverArrivedBreak() throws {
        let run = try run(held: 34, arrived: 33)
        #expect(run.brokenRules == [.heldWritesRefused], "\(run.words)")
    }

    @Test func aWriteWhoseEndNobodyKnowsBreaks() throws {
        let run = try run(refused: 15, unfinished: 1)
        #expect(run.brokenRules == [.heldWritesRefused], "\(run.words)")
    }

    @Test func aMemoryThatNobodyLookedAtAfterwardsBreaks() throws {
        let run = try run(looksAgain: false)
        #expect(run.brokenRules.contains(.heldWritesRefused), "\(run.words)")
        #expect(run.words.contains("did not look its memory over after"))
    }

    @Test func writesThatCameThroughBeforeTheFenceMayEndWell() throws {
        let run = try run(refused: nil, releasedAt: 1_300)
        #expect(run.judgement.result == .held, "\(run.words)")
    }

    @Test func whatIsHeldBackHasToBeReleasedAndOnlyOnAWholeRail() throws {
        func problems(_ steps: String) -> String {
            do {
                _ = try ScenarioParser.parse(Builder.minimal + "steps:\n" + steps, file: "test.yaml")
                return ""
            } catch { return "\(error)" }
        }
        let hold = "  - { do: holdWrites, partner: b, at: 1s }\n"
        let release = "  - { do: releaseWrites, partner: b, delay: 1s }\n"
        #expect(problems(hold + release).isEmpty)
        #expect(problems(hold).contains("never release"))
        #expect(problems(hold + hold + release).contains("held back already"))
        #expect(problems("  - { do: releaseWrites, partner: b, at: 1s }\n").contains("no writes held back"))
        #expect(problems(hold + "  - { do: cut }\n" + release).contains("cannot be cut"))
        #expect(problems("  - { do: cut, at: 1s }\n" + hold + release).contains("cuts rails or holds"))
    }

    @Test func whatTheKernelCountsIsRead() {
        let queues = #"""
            [{"kind":"prio","handle":"1:","root":true,"options":{"bands":4},"qlen":5},\#
            {"kind":"plug","handle":"40:","parent":"1:4","options":{},"bytes":0,"packets":0,"drops":0,\#
            "overlimits":0,"requeues":0,"backlog":10370,"qlen":5}]
            """#
        #expect(HeldWrites.heldCount(in: queues) == 5)
        #expect(HeldWrites.heldCount(in: "[]") == nil)
        let filters = """
            filter protocol ip pref 1 u32 chain 0 fh 800::800 order 2048 key ht 800 bkt 0 terminal flowid not_in_hw
             \taction order 1: gact action pass
             \tAction statistics:
            \tSent 12420 bytes 6 pkt (dropped 0, overlimits 0 requeues 0)
            \tSent 70 bytes 1 pkt (dropped 0, overlimits 0 requeues 0)
            """
        #expect(HeldWrites.arrivedCount(in: filters) == 7)
    }
}
