import ClusterConnection
import StrictYAML
import Testing

@Suite("Strict YAML")
struct YAMLFieldsTests {
    private func problems(_ text: String, _ read: (YAMLFields) -> Int?) -> [String] {
        do throws(InputProblems) {
            _ = try YAMLDocument(text: text, source: "f.yaml").read(read)
            return []
        } catch {
            return error.problems.map(\.description)
        }
    }

    @Test("a value of the wrong form is reported with file, line, column, field and what was expected")
    func wrongValue() {
        let found = problems("first: 1\nsecond: many\n") { fields in
            _ = fields.value("first", expected: "a number", Int.init)
            return fields.value("second", expected: "a number", Int.init)
        }
        #expect(found == ["f.yaml:2:9: second: expected a number, found “many”"])
    }

    @Test("every problem of a document is reported at once, in its order")
    func allAtOnce() {
        let found = problems("inner:\n  size: big\nsiez: 3\n") { fields in
            _ = fields.required("name", expected: "a name") { $0 }
            _ = fields.value("size", expected: "a number", Int.init)
            return fields.section("inner")?.value("size", expected: "a number", Int.init)
        }
        #expect(found.count == 3)
        #expect(found.contains("f.yaml:2:9: inner.size: expected a number, found “big”"))
        #expect(found.contains { $0.contains("f.yaml:3:1: siez: is no field here; did you mean “size”?") })
        #expect(found.contains { $0.contains("name: is missing: expected a name") })
    }

    @Test("a nested mapping that nobody asks into is refused field by field")
    func unknownNested() {
        let found = problems("inner: { size: 1, colour: red }\n") { fields in
            fields.section("inner")?.value("size", expected: "a number", Int.init)
        }
        #expect(found.count == 1)
        #expect(found.first?.contains("inner.colour: is no field here") == true)
    }

    @Test(
        "text that is no YAML, or no mapping, is refused with its line",
        arguments: ["a: [1\nb: 2", "- 1\n- 2\n", "just words", "", "a: 1\na: 2\n", "\u{1}"])
    func noMapping(_ text: String) {
        let found = problems(text) { _ in 1 }
        #expect(found.count == 1)
        #expect(found.first?.hasPrefix("f.yaml") == true)
    }

    @Test("a list where a value is expected, and a value where a list is, are refused")
    func kinds() {
        let found = problems("value: [1]\nlist: 1\nsection: 2\n") { fields in
            _ = fields.values("list", expected: "a number", Int.init)
            _ = fields.section("section")
            return fields.value("value", expected: "a number", Int.init)
        }
        #expect(found.count == 3)
    }

    @Test(
        "the mappings of a list are read one by one, each with its place, and what is no mapping is refused")
    func mappings() {
        var sizes: [Int?] = []
        let found = problems("items:\n  - { size: 1 }\n  - 2\n  - { size: big, colour: red }\n") { fields in
            sizes = fields.list("items")?.map { $0.value("size", expected: "a number", Int.init) } ?? []
            return fields.list("nothing") == nil ? 1 : nil
        }
        #expect(sizes == [1, nil])
        #expect(
            found == [
                "f.yaml:3:5: items[1]: expected a mapping of fields, found a value “2”",
                "f.yaml:4:13: items[2].size: expected a number, found “big”",
                "f.yaml:4:18: items[2].colour: is no field here. Fields: size",
            ])
    }

    @Test("a section that is read for two is complained about once")
    func readTwice() {
        let found = problems("inner: { size: big, colour: red }\n") { fields in
            for _ in 0..<2 { _ = fields.section("inner")?.value("size", expected: "a number", Int.init) }
            return 1
        }
        #expect(found.count == 2)
    }

    @Test("an override takes the place of what the file says, and is named in a problem")
    func overrides() throws {
        var document = try YAMLDocument(text: "inner: { size: 1 }\n", source: "f.yaml")
        try document.override("inner.size=2")
        let size = try document.read { $0.section("inner")?.value("size", expected: "a number", Int.init) }
        #expect(size == 2)
        try document.override("inner.size=huge")
        do throws(InputProblems) {
            _ = try document.read { $0.section("inner")?.value("size", expected: "a number", Int.init) }
            Issue.record("an override of the wrong form was taken")
        } catch {
            #expect(error.description == "command line: inner.size: expected a number, found “huge”")
        }
    }

    @Test("an override without a field or a sign is refused", arguments: ["", "=1", "inner.size"])
    func badOverride(_ text: String) throws {
        var document = try YAMLDocument(text: "a: 1\n", source: "f.yaml")
        #expect(throws: InputProblems.self) { try document.override(text) }
    }

    @Test(
        "a duration is a whole number with a unit, and nothing else",
        arguments: [
            ("10ms", 10_000_000 as UInt64?), ("500us", 500_000), ("2s", 2_000_000_000), ("0s", 0),
            ("7ns", 7), ("1min", 60_000_000_000), ("10", nil), ("ms", nil), ("-1ms", nil), ("1.5s", nil),
            ("1 ms", nil), ("99999999999999999999s", nil), ("18446744073709551615s", nil), ("", nil),
            ("٣s", nil),
        ])
    func durations(_ text: String, _ nanoseconds: UInt64?) {
        #expect(TimeSpan(text: text)?.nanoseconds == nanoseconds)
    }
}
