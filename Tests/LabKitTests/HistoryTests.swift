import ClusterConnection
import Testing

@testable import LabKit

/// What a partner writes is read with distrust.
struct HistoryTests {
    @Test func eventsFromAMomentOnAreFoundInOrder() {
        let events = [1, 2, 2, 3].map { milliseconds in
            HistoryEvent(
                time: HistoryBuilder.instant(Double(milliseconds)), partner: .a, name: .verdict)
        }
        for (moment, index) in [(0.5, 0), (1, 0), (1.5, 1), (2, 1), (2.5, 3), (3, 3), (3.5, 4)] {
            #expect(events.firstIndex(notBefore: HistoryBuilder.instant(moment)) == index, "\(moment)")
        }
        #expect([HistoryEvent]().firstIndex(notBefore: HistoryBuilder.instant(1)) == 0)
    }

    private static let good =
        #"{"time":12,"partner":"a","incarnation":"00c0ffee00c0ffee","event":"connected","connection":3,"#
        + #""partnerIncarnation":"1111111111111111"}"#

    @Test func aLineOfTheVocabularyIsRead() throws {
        let event = try EventLine.event(Array(Self.good.utf8)[...], of: .a)
        #expect(event.time == Instant(nanoseconds: 12))
        #expect(event.name == .connected)
        #expect(event.number("connection") == 3)
        #expect(event.partnerIncarnation == "1111111111111111")
        #expect(event.line == Self.good)
    }

    @Test(
        arguments: [
            ("", "not JSON"), ("{", "not JSON"), ("[]", "not a JSON object"), ("{}", "'time'"),
            (#"{"time":-1}"#, "'time'"), (#"{"time":1.5}"#, "'time'"), (#"{"time":1}"#, "'event'"),
            (#"{"time":1,"event":"estblished"}"#, "nearest is 'established'"),
            (#"{"time":1,"event":"started","partner":"b"}"#, "'partner' must be 'a'"),
            (
                #"{"time":1,"event":"started","partner":"a","incarnation":"00C0FFEE00C0FFEE"}"#,
                "16 hex digits"
            ),
            (
                #"{"time":1,"event":"connected","partner":"a","incarnation":"00c0ffee00c0ffee"}"#,
                "needs 'connection'"
            ),
        ])
    func aLineThatIsNoneIsSaidWhy(_ line: String, _ words: String) {
        #expect {
            try EventLine.event(Array(line.utf8)[...], of: .a)
        } throws: { error in
            "\(error)".contains(words)
        }
    }

    @Test func linesAreFoundHoweverTheBytesAreDealtOut() {
        let bytes = Array((Self.good + "\n" + Self.good + "\n").utf8)
        for size in [1, 2, 7, 64, 1_000] {
            var history = PartnerHistory(partner: .a)
            var count = 0
            for start in stride(from: 0, to: bytes.count, by: size) {
                count +=
                    history.take(
                        bytes[start..<min(start + size, bytes.count)], at: Instant(nanoseconds: .max)
                    ).count
            }
            history.endOfLife()
            #expect(count == 2)
            #expect(history.badLines.isEmpty)
        }
    }

    @Test func aBadLineIsNotedWithItsNumberAndTheRestGoesOn() {
        var history = PartnerHistory(partner: .a)
        let events = history.take(
            Array("\(Self.good)\nnonsense\n\(Self.good)\n{\"half".utf8), at: Instant(nanoseconds: .max))
        history.endOfLife()
        #expect(events.count == 2)
        #expect(history.badLines.map(\.line) == [2, 4])
    }

    @Test func timeThatGoesBackwardsIsNoted() {
        var history = PartnerHistory(partner: .a)
        let earlier = Self.good.replacing("\"time\":12", with: "\"time\":11")
        _ = history.take(Array("\(Self.good)\n\(earlier)\n".utf8), at: Instant(nanoseconds: .max))
        #expect(history.badLines.map(\.line) == [2])
    }

    @Test func aLineOfTheFutureIsNoEvent() {
        var history = PartnerHistory(partner: .a)
        let later = Self.good.replacing("\"time\":12", with: "\"time\":18446744073709551615")
        let events = history.take(
            Array("\(later)\n\(Self.good)\n".utf8), at: Instant(nanoseconds: 1_000))
        #expect(events.map(\.time) == [Instant(nanoseconds: 12)])
        #expect(history.badLines.map(\.line) == [1])
    }

    @Test(arguments: [EventName.runStarted, .runEnded, .fault, .census, .loadEnded, .processEnded])
    func whatTheLabWritesIsNoPartnersToSay(name: EventName) {
        let line = Self.good.replacing("connected", with: name.rawValue)
        #expect(throws: EventLineProblem.self) { try EventLine.event(Array(line.utf8)[...], of: .a) }
    }

    @Test func aStreamWithoutNewlinesTakesBoundedMemory() {
        var splitter = LineSplitter()
        for _ in 0..<100 { #expect(splitter.lines(of: [UInt8](repeating: 0x41, count: 10_000)).isEmpty) }
        #expect(splitter.rest().count == EventLine.maxLength + 1)
    }

    @Test func randomBytesNeverTrap() {
        var generator = SplitMix(seed: 1)
        var history = PartnerHistory(partner: .b)
        for _ in 0..<3_000 {
            let count = Int(generator.next() % 120)
            _ = history.take(
                (0..<count).map { _ in UInt8(truncatingIfNeeded: generator.next()) } + [0x0A],
                at: Instant(nanoseconds: .max))
        }
        #expect(history.events.isEmpty)
    }

    @Test func damagedLinesNeverTrap() {
        var generator = SplitMix(seed: 2)
        var history = PartnerHistory(partner: .a)
        for _ in 0..<10_000 {
            var bytes = Array(Self.good.utf8)
            for _ in 0...Int(generator.next() % 3) {
                bytes[Int(generator.next() % UInt64(bytes.count))] = UInt8(
                    truncatingIfNeeded: generator.next())
            }
            _ = history.take(bytes + [0x0A], at: Instant(nanoseconds: .max))
        }
        // A few flips stay valid (a digit for a digit); none may be lost without a note.
        #expect(history.events.count + history.badLines.count >= 10_000)
    }

    @Test func nestingIsBounded() {
        let deep = String(repeating: "[", count: 100_000)
        #expect(throws: JSONProblem.self) { try JSONReader.value(of: Array(deep.utf8)[...]) }
    }

    @Test(
        arguments: [
            ("0", JSONValue.integer(0)), ("-7", .integer(-7)), ("18446744073709551615", .unsigned(.max)),
            ("1.5e3", .number(1_500)), (#""\u00e9\ud83d\ude00\n""#, .string("é😀\n")),
            ("[1, true,null]", .array([.integer(1), .bool(true), .null])),
            (#"{"a":{"b":[]}}"#, .object(JSONObject([("a", .object(JSONObject([("b", .array([]))])))]))),
        ])
    func jsonIsReadAndWrittenAlike(_ text: String, _ value: JSONValue) throws {
        #expect(try JSONReader.value(of: Array(text.utf8)[...]) == value)
        let again = try JSONReader.value(of: Array(JSONText.compact(value).utf8)[...])
        #expect(again == value)
        #expect(try JSONReader.value(of: Array(JSONText.pretty(value).utf8)[...]) == value)
    }

    @Test(arguments: [
        "01", "1.", ".5", "+1", "1e999", "tru", "nul", "\"\\x\"", "\"\\ud800\"", "\"\u{1}\"", "[1,]",
        "{\"a\"}", "1 2", "--1",
    ])
    func whatIsNotJSONIsRefused(_ text: String) {
        #expect(throws: JSONProblem.self) { try JSONReader.value(of: Array(text.utf8)[...]) }
    }

    @Test func historiesMergeByTimeAndKeepTheirOwnOrder() {
        func event(_ time: UInt64, _ partner: PartnerID, _ name: EventName) -> HistoryEvent {
            HistoryEvent(time: Instant(nanoseconds: time), partner: partner, name: name)
        }
        let merged = HistoryMerge.merge([
            [event(1, .a, .started), event(5, .a, .listening), event(5, .a, .bootPhase)],
            [event(2, .b, .started), event(5, .b, .listening)],
        ])
        #expect(merged.map(\.name) == [.started, .started, .listening, .bootPhase, .listening])
    }
}
