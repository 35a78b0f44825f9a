import Testing

@testable import LabKit

/// What a kept machine answers comes over a console, in pieces, and behind what others were told.
struct DoorTests {
    private static func answer(_ text: String) throws -> (output: String, status: Int32)? {
        try Door.answer(to: "ask-7", in: Array(text.utf8))
    }

    @Test func anAnswerIsWholeOrNotThere() throws {
        let whole = "ask-7 6 3\nhello\n"
        for count in 0..<whole.utf8.count {
            #expect(try Self.answer(String(whole.prefix(count))) == nil, "\(count)")
        }
        let answer = try #require(try Self.answer(whole))
        #expect(answer.output == "hello\n" && answer.status == 3)
        #expect(try Self.answer("ask-7 0 0\n")?.output == "")
    }

    @Test func whatSomebodyElseAskedIsPassedOver() throws {
        #expect(try Self.answer("put\nask-70 2 0\nx\nask-7 3 1\nyes")?.output == "yes")
        #expect(try Self.answer("ask-6 9999 0\nhalf an ans") == nil)
    }

    @Test(arguments: ["ask-7 six 0\n", "ask-7 -1 0\n", "ask-7 1\n", "ask-7 99999999999999999999 0\n"])
    func whatMakesNoSenseIsRefused(_ text: String) {
        #expect(throws: LabError.self) { try Self.answer(text) }
    }
}
