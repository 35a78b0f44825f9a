import Testing

@testable import LabKit

/// What two processes' counts look like: names written out once, costs of calls that are counted twice, parts by marks.
private let counted = """
    # callgrind format
    version: 1
    creator: callgrind-3.19.0
    pid: 7
    cmd:  ccmd run --config a1.yaml
    part: 1

    desc: Timerange: Basic block 0 - 10
    desc: Trigger: Client Request: listening

    positions: line
    events: Ir
    summary: 130

    ob=(1) /usr/bin/ccmd
    fl=(1) ???
    fn=(1) main
    0 100
    cfn=(2) helper
    calls=3 0
    0 30

    fn=(2)
    0 30

    totals: 130

    part: 2
    desc: Trigger: Client Request: connected
    positions: line
    events: Ir
    fn=(2)
    0 7
    +3 5
    * 1
    -2
    totals: 13

    part: 3
    desc: Trigger: Program termination
    fn=(3) helper'2
    0 4
    fn=(4) 0x0000000000398c30
    0 1
    fn=(5) 0x0000000000123450
    0 2
    totals: 7

    """

@Suite("Counts of instructions")
struct PerfTests {
    private func profile(_ text: String) throws -> CallgrindProfile {
        try CallgrindProfile(Array(text.utf8), file: "counts")
    }

    private func record(
        _ values: [String: Double], commit: String = "1234567890abcdef", environment: [String: String] = [:],
        functions: [String: Double] = [:]
    ) -> PerfRecord {
        PerfRecord(
            commit: commit, isChanged: false, seed: nil, environment: environment,
            figures: values.sorted { $0.key < $1.key }.map {
                PerfFigure(
                    name: $0.key, unit: .instructions, value: $0.value, floor: 10,
                    parts: [.init(name: "connected", value: $0.value)], functions: functions)
            })
    }

    @Test func aFunctionHasItsOwnInstructionsAndNotThoseOfWhatItCalled() throws {
        let profile = try profile(counted)
        #expect(profile.parts.map(\.mark) == ["listening", "connected", nil])
        #expect(profile.parts[0].functions == ["main": 100, "helper": 30])
        #expect(profile.parts[0].calls == ["helper": 3])
        #expect(profile.parts[1].functions == ["helper": 13])
        // Depths of a recursion are one function, and code without a name is the same wherever a build puts it.
        #expect(profile.parts[2].functions == ["helper": 4, "code without a name": 3])
    }

    @Test(
        "what is no file of callgrind is refused with the line",
        arguments: [
            ("", "holds no counts"), ("part: 1\n0 5\n", "counts:2: expected a function before its cost"),
            ("part: 1\nfn=(1) f\n0 x\n", "counts:3: expected a cost"),
            ("part: 1\nfn=(1)\n", "counts:2: expected the name of function 1"),
            ("part: 1\nfn=f\n", "counts:2: expected a function's number"),
            ("part: 1\nfn=(1) f\n0 5\n", "ends in the middle of part 1"),
            ("part: 1\nfn=(1) f\n0 5\ntotals: 6\n", "its total is 6"),
            ("part: 1\nfn=(1) f\n0 99999999999999999999\ntotals: 6\n", "counts:3: expected a cost"),
        ])
    func damaged(_ text: String, _ complaint: String) throws {
        let error = #expect(throws: LabError.self) { _ = try profile(text) }
        #expect(error?.description.contains(complaint) == true, "\(error?.description ?? "")")
    }

    @Test func aStretchIsBetweenTheLastBeginningAndTheEnd() throws {
        func part(_ mark: String?, _ count: UInt64) -> CallgrindProfile.Part {
            CallgrindProfile.Part(mark: mark, functions: ["f": count])
        }
        let profile = CallgrindProfile(parts: [
            part("connectStarted", 1), part("connectFailed", 2), part("connectStarted", 4),
            part("connected", 8),
            part("clientReady", 16), part("clientReady", 32), part("connected", 64), part("clientReady", 128),
            part(nil, 256),
        ])
        func count(_ from: String?, _ to: String, time: Int = 1, isToLast: Bool = false) -> UInt64? {
            profile.between(from, to, time: time, isToLast: isToLast)?.reduce(0) { $0 + $1.instructions }
        }
        #expect(count("connectStarted", "connected") == 8)
        #expect(count(nil, "connectFailed") == 3)
        #expect(count("connected", "clientReady") == 16)
        #expect(count("connected", "clientReady", isToLast: true) == 48)
        #expect(count("connected", "clientReady", time: 2) == 128)
        #expect(count("listening", "connected") == nil)
        #expect(count("connected", "clientReady", time: 3) == nil)
        #expect(count("clientReady", "connectFailed") == nil)
    }

    @Test func whatGrewByMoreThanAThousandthIsSlowerAndBlamedOnTheFunctionThatGrew() throws {
        let old = record(["a": 1_000_000, "b": 1_000_000, "c": 1_000_000], functions: ["f": 10, "g": 10])
        let new = record(
            ["a": 1_002_000, "b": 1_000_900, "c": 990_000], commit: "fedcba0987654321",
            functions: ["f": 10, "g": 2_010, "h": 5])
        let comparison = try PerfComparison(old, new)
        #expect(comparison.rows.map(\.verdict) == [.slower, .same, .faster])
        #expect(
            comparison.rows[0].blame == [
                .init(function: "g", growth: 2_000), .init(function: "h", growth: 5),
            ])
        #expect(comparison.isSlower && comparison.isWhole)
        let lines = PerfText(colours: false).lines(comparison)
        for line in lines { #expect(line.count <= 80, "\(line)") }
        #expect(lines.contains("    +2,000 g"))
        #expect(lines.dropLast().last == "1234567890ab to fedcba098765: 1 same, 1 faster, 1 slower")
        #expect(PerfJUnit.xml(comparison).contains("<failure message=\"slower: +0.20 %\">"))
    }

    @Test func aFigureOfOneRecordAloneIsMissingAndNeverTheSame() throws {
        let comparison = try PerfComparison(record(["a": 1]), record(["b": 1]))
        #expect(comparison.rows.map(\.verdict) == [.missing, .missing] && !comparison.isWhole)
    }

    @Test func recordsOfDifferentEnvironmentsAreNotCompared() {
        let error = #expect(throws: LabError.self) {
            _ = try PerfComparison(
                record(["a": 1], environment: ["kernel": "7.3.4"]),
                record(["a": 1], environment: ["kernel": "7.3.5"]))
        }
        #expect(error?.description.contains("kernel is “7.3.4”") == true)
        var other = record(["a": 1])
        other.seed = 7
        #expect(throws: LabError.self) { _ = try PerfComparison(record(["a": 1]), other) }
    }

    @Test func aRecordOfAnotherLabIsComparedWithinAHundredth() throws {
        let old = record(["a": 1_000_000, "b": 1_000_000], environment: ["lab": "one"])
        let new = record(["a": 1_009_000, "b": 1_011_000], environment: ["lab": "other"])
        #expect(try PerfComparison(old, new).rows.map(\.verdict) == [.same, .slower])
    }

    @Test func aRecordIsReadAsItWasWritten() throws {
        let folder = try Files.makeOwnFolder("/tmp/ccm-lab-test.")
        defer { Files.removeFolder(folder) }
        let own = record(["a": 16_723.37, "b": 5], environment: ["kernel": "7.3.4"], functions: ["f": 3])
        try Files.write(JSONText.pretty(own.json), to: "\(folder)/record.json")
        #expect(try PerfRecord(file: "\(folder)/record.json") == own)
        for (text, complaint) in [
            ("{", "is no record"), ("[]", "expected a JSON object"),
            ("{\"schema\": \"ccm-lab.perf-record/9\"}", "this lab reads “ccm-lab.perf-record/1”"),
            ("{\"schema\": \"ccm-lab.perf-record/1\"}", "the field “commit”"),
            (
                JSONText.pretty(own.json).replacing("\"instructions\"", with: "\"hours\""),
                "the field “figures[0]”"
            ),
        ] {
            try Files.write(text, to: "\(folder)/damaged.json")
            let error = #expect(throws: LabError.self) { _ = try PerfRecord(file: "\(folder)/damaged.json") }
            #expect(error?.description.contains(complaint) == true, "\(error?.description ?? "")")
        }
    }

    @Test(arguments: 0..<32) func theFirstBadCommitIsFoundAmong32InFiveSteps(_ first: Int) {
        var search = PerfBisection((0..<32).map { "c\($0)" })
        search.note(.bad(2), of: 31)
        var steps = 0
        while let next = search.next {
            search.note(next < first ? .good(1) : .bad(2), of: next)
            steps += 1
        }
        #expect(search.finding.suspects == ["c\(first)"] && steps <= 5)
    }

    @Test func aCommitThatCannotBeBuiltStaysASuspectAndIsNoGoodOne() {
        var search = PerfBisection((0..<8).map { "c\($0)" })
        search.note(.bad(2), of: 7)
        while let next = search.next {
            search.note(
                (3...4).contains(next) ? .skipped("does not build") : next < 5 ? .good(1) : .bad(2), of: next)
        }
        #expect(search.finding.suspects == ["c3", "c4", "c5"])
    }

    @Test func aHistoryNamesTheCommitsAtWhichAFigureChanged() throws {
        let folder = try Files.makeOwnFolder("/tmp/ccm-lab-test.")
        defer { Files.removeFolder(folder) }
        for (commit, value) in [("c", 120.0), ("a", 100), ("b", 100)] {
            try Files.write(
                JSONText.pretty(record(["x": value], commit: commit).json), to: "\(folder)/\(commit).json")
        }
        let history = try PerfHistory(folder: folder, order: ["a", "b", "c", "d"])
        #expect(history.records.map(\.commit) == ["a", "b", "c"])
        #expect(history.lines.map(\.changes) == [[2]])
        let lines = PerfText(colours: false).lines(history)
        #expect(lines.contains("    c: 100 -> 120 (+20.00 %)"))
        let page = PerfPage.html(history)
        #expect(page.contains("class=\"change\"") && page.contains("<title>c: 120</title>"))
        #expect(throws: LabError.self) { _ = try PerfHistory(folder: folder, order: ["z"]) }
    }

    @Test func countsAreWrittenWithCommasAndSigns() {
        #expect(PerfText.number(1_234_567) == "1,234,567" && PerfText.number(999) == "999")
        #expect(PerfText.number(-1_234) == "-1,234" && PerfText.number(16_723.37) == "16723.37")
        #expect(
            PerfText.number(-0.01) == "-0.01" && PerfText.number(-0.002) == "0.00"
                && PerfText.percent(-0.005) == "-0.50 %")
    }
}
