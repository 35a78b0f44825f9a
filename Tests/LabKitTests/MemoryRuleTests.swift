import ClusterConnection
import Testing

@testable import LabKit

/// Rule `nothing-written-after-loss`: it holds for a good history, and has histories that break it and nothing else.
struct MemoryRuleTests {
    private typealias Builder = HistoryBuilder

    /// b is killed at 1.2 s and boots again; a, whose mirror ran on both connections, looks at its memory between.
    private func goodRun() throws -> Builder {
        var run = try Builder.killAndBootAgain()
        for (time, partnerLife) in [(140.0, 1), (1_340, 2)] {
            run.add(time, .a, .mirrorRecovered, recovered(from: Builder.incarnation(.b, partnerLife)))
        }
        return run
    }

    private func recovered(from incarnation: String) -> [(String, JSONValue)] {
        [
            ("client", .string("log-mirror")), ("highest", .integer(0)), ("damaged", .integer(0)),
            ("partnerIncarnation", .string(incarnation)),
        ]
    }

    @Test func aMemoryThatStaysAsItWasHolds() throws {
        var run = try goodRun()
        run.checkMemory("later", of: .a, at: 1_250)
        #expect(run.judgement.result == .held, "\(run.words)")
        #expect(run.judgement.incidents.memoryChecks == 2)
    }

    @Test(arguments: ["later", "remade"])
    func oneChangedByteAfterTheLossBreaks(_ moment: String) throws {
        var run = try goodRun()
        if moment == "later" {
            run.checkMemory("later", of: .a, at: 1_250, checksum: "0x52")
        } else {
            run.change({ $0.name == .memoryChecked && $0.text("moment") == "remade" }) {
                $0.replace("checksum", .string("0x52"))
            }
        }
        #expect(run.brokenRules == [.nothingWrittenAfterLoss], "\(run.words)")
        #expect(run.words.contains("its memory changed after it"))
    }

    @Test func whatIsWrittenOnceThePortsAreThereAgainIsNoMatter() throws {
        var run = try goodRun()
        run.checkMemory("lost", of: .a, at: 1_900, checksum: "0x99")
        #expect(run.judgement.result == .held, "\(run.words)")
    }

    @Test func aLossAfterWhichNobodyLookedBreaks() throws {
        var run = try goodRun()
        run.remove { $0.name == .memoryChecked && $0.text("moment") == "remade" }
        #expect(run.brokenRules == [.nothingWrittenAfterLoss], "\(run.words)")
        #expect(run.words.contains("without its memory having been looked at"))
    }

    @Test(arguments: ["0x77", "0x78", nil])
    func aPauseIsHeldToTheSameAsALoss(_ remade: String?) throws {
        var run = try goodRun()
        let client: [(String, JSONValue)] = [
            ("client", .string("log-mirror")), ("clientNumber", .integer(1)),
            ("partnerIncarnation", .string(Builder.incarnation(.b, 2))), ("ports", .integer(1)),
            ("memory", .integer(65_536)),
        ]
        run.add(1_800, .a, .clientPaused, client)
        run.checkMemory("paused", of: .a, at: 1_800, checksum: "0x77")
        if let remade { run.checkMemory("remade", of: .a, at: 1_810, checksum: remade) }
        run.add(1_820, .a, .clientResumed, client)
        #expect(run.brokenRules.contains(.nothingWrittenAfterLoss) == (remade != "0x77"), "\(run.words)")
    }

    @Test func aRecordOfALifeThatWasFollowedByAnotherBreaks() throws {
        var run = try goodRun()
        run.change({ $0.name == .memoryChecked && $0.text("moment") == "remade" }) {
            $0.replace("outOfTurn", .integer(1))
        }
        #expect(run.brokenRules == [.nothingWrittenAfterLoss], "\(run.words)")
    }

    @Test func aMessageOfAnotherIncarnationBreaks() throws {
        var run = try goodRun()
        run.add(
            1_500, .a, .foreignMessage,
            [("client", .string("messenger")), ("writer", .string(Builder.incarnation(.b)))])
        #expect(run.brokenRules == [.nothingWrittenAfterLoss], "\(run.words)")
    }

    /// b's mirror wrote up to a record well, also one that it was not told of any more; a's memory holds as much.
    private func zombie(acknowledged: Int64, arrived: Int64, held: Int64) throws -> Builder {
        var run = try Builder.goodRun(Builder.withClients)
        run.remove { $0.time > Builder.instant(1_200) }
        run.add(140, .b, .mirrorRecovered, recovered(from: Builder.incarnation(.a)))
        run.fault(.freeze, .b, at: 1_200)
        run.lose("hung", by: .a, at: 1_405)
        run.change({ $0.name == .memoryChecked }) { $0.replace("highest", .integer(held)) }
        run.fault(.thaw, .b, at: 1_600)
        run.lose("none", by: .b, at: 1_601)
        let client: (String, JSONValue) = ("client", .string("log-mirror"))
        let incarnation: (String, JSONValue) = (
            "partnerIncarnation", .string(Builder.incarnation(.a))
        )
        run.add(1_601.2, .b, .mirrorReport, [client, ("highest", .integer(acknowledged)), incarnation])
        run.add(
            1_601.3, .b, .workAbandoned,
            [
                client, ("connection", .integer(1)), ("arrived", .integer(arrived)), ("refused", .integer(9)),
                ("unfinished", .integer(0)),
            ])
        run.connect(at: 1_620, connection: 2)
        run.end(at: 2_500)
        return run
    }

    @Test func writesThatLieInTheFencedMemoryHold() throws {
        let run = try zombie(acknowledged: 85, arrived: 5, held: 90)
        #expect(run.judgement.result == .held, "\(run.words)")
        #expect(run.judgement.incidents.refused == 9)
    }

    /// A program of one's own may tell anything.
    @Test func countsThatNobodyCanAddUpEndNobody() throws {
        var run = try HistoryBuilder.goodRun()
        let client: (String, JSONValue) = ("client", .string("log-mirror"))
        for time in [301.0, 302] {
            run.add(
                time, .b, .mirrorRecovered,
                [client, ("highest", .unsigned(.max)), ("records", .unsigned(1 << 63))])
            run.add(
                time, .b, .workAbandoned,
                [
                    client, ("connection", .unsigned(1)), ("arrived", .unsigned(.max)),
                    ("refused", .unsigned(.max)),
                    ("unfinished", .unsigned(1)),
                ])
        }
        let incidents = run.judgement.incidents
        #expect(incidents.refused == .max && incidents.verified == .max)
        var sum = incidents
        sum.add(incidents)
        #expect(sum.refused == .max)
    }

    @Test(arguments: [(Int64(91), Int64(0)), (85, 6)])
    func aWriteThatSucceededAfterTheFenceBreaks(_ acknowledged: Int64, _ arrived: Int64) throws {
        let run = try zombie(acknowledged: acknowledged, arrived: arrived, held: 90)
        #expect(run.brokenRules == [.nothingWrittenAfterLoss], "\(run.words)")
        #expect(run.words.contains("writes up to record 91"), "\(run.words)")
    }
}

extension HistoryEvent {
    /// Puts another value into a field.
    fileprivate mutating func replace(_ field: String, _ value: JSONValue) {
        fields = JSONObject(fields.fields.map { ($0.name, $0.name == field ? value : $0.value) })
    }
}
