import Foundation
import Testing

@testable import PartnerRuntime

@Suite("JSON lines")
struct JSONLineTests {
    @Test("a line is one JSON object that a common reader takes, whatever its text holds")
    func readBack() throws {
        let text = "a\"b\\c\nd\u{1}é – \u{1F600}"
        var line = JSONLine()
        line.begin()
        line.field("number", 0 as UInt64)
        line.field("large", UInt64.max)
        line.field("text", text: text)
        line.field("key", hexadecimal: 0x3d2)
        line.field("zero", hexadecimal: 0)
        line.field("incarnation", sixteenDigits: 0xc0ffee)
        line.field("name", name: "alive")
        line.end()
        let object = try JSONSerialization.jsonObject(with: Data(line.bytes)) as? [String: Any]
        #expect(object?["number"] as? UInt64 == 0)
        #expect(object?["large"] as? UInt64 == .max)
        #expect(object?["text"] as? String == text)
        #expect(object?["key"] as? String == "0x3d2")
        #expect(object?["zero"] as? String == "0x0")
        #expect(object?["incarnation"] as? String == "0000000000c0ffee")
        #expect(object?["name"] as? String == "alive")
        #expect(line.bytes.last == UInt8(ascii: "\n"))
        #expect(line.bytes.count { $0 == UInt8(ascii: "\n") } == 1)
    }

    @Test("an object without fields is still an object")
    func empty() {
        var line = JSONLine()
        line.begin()
        line.end()
        #expect(line.bytes == Array("{}\n".utf8))
    }
}
