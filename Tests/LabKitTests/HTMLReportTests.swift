import ClusterConnection
import Foundation
import FoundationXML
import Testing

@testable import LabKit

/// The report is read by people who look for a fault, and its contents come from files that nobody vouches for.
struct HTMLReportTests {
    /// A run folder that is gone with the test.
    private final class Folder {
        let path: String

        init() throws {
            path = NSTemporaryDirectory() + "ccm-lab-report-\(UUID().uuidString)"
            try Files.makeFolder(path)
        }

        deinit { Files.removeFolder(path) }

        func write(_ text: String, to name: String) throws {
            try Files.makeFolder(path + "/" + (name as NSString).deletingLastPathComponent)
            try Files.write(text, to: "\(path)/\(name)")
        }

        /// What a run leaves: its history, its verdict, its scenario.
        func add(
            _ run: HistoryBuilder, as name: String = "test", label: String = "",
            yaml: String = HistoryBuilder.minimal,
            change: (inout Judgement) -> Void = { _ in }
        ) throws {
            var variant = run.record.variant
            variant.scenario.name = name
            variant.label = label
            var judgement = run.judgement
            change(&judgement)
            let folder = label.isEmpty ? name : "\(name)/\(label)"
            let result = RunResult(
                variant: variant, repetition: 1, judgement: judgement, folder: folder,
                start: HistoryBuilder.instant(0), duration: .seconds(2))
            try write(run.record.events.map { $0.line + "\n" }.joined(), to: "\(folder)/events.jsonl")
            try write(yaml, to: "\(folder)/scenario.yaml")
            try JudgedRun.write(result, to: "\(path)/\(folder)")
        }

        func report() async throws -> Page { try Page(await HTMLReport.html(of: path, captures: .all)) }
    }

    /// A report, parsed as XML: whatever is not well-formed fails the test.
    private final class Page: NSObject, XMLParserDelegate {
        struct Problem: Error { var text: String }

        let html: String
        private(set) var counts: [String: Int] = [:]
        private(set) var classes: [String] = []
        private(set) var ids: [String] = []
        private(set) var links: [String] = []
        private(set) var openRuns = 0
        private(set) var text = ""

        init(_ html: String) throws {
            self.html = html
            super.init()
            let parser = XMLParser(data: Data(html.utf8))
            parser.delegate = self
            guard parser.parse() else {
                throw Problem(
                    text:
                        "line \(parser.lineNumber): \(parser.parserError.map { "\($0)" } ?? "not well-formed")"
                )
            }
        }

        func parser(
            _ parser: XMLParser, didStartElement name: String, namespaceURI: String?, qualifiedName: String?,
            attributes: [String: String]
        ) {
            counts[name, default: 0] += 1
            let style = attributes["class"] ?? ""
            if !style.isEmpty { classes.append(style) }
            if let id = attributes["id"] { ids.append(id) }
            if let link = attributes["href"] { links.append(link) }
            if name == "details", style.hasPrefix("run"), attributes["open"] != nil { openRuns += 1 }
        }

        func parser(_ parser: XMLParser, foundCharacters string: String) { text += string }
    }

    private func brokenRun() throws -> HistoryBuilder {
        var run = try HistoryBuilder.goodRun()
        run.remove { $0.name == .secondReadPosted || $0.name == .secondReadCompleted }
        return run
    }

    @Test func aReportShowsBothPartnersOnATimeLineAndFoldsWhatHeld() async throws {
        let folder = try Folder()
        try folder.add(try HistoryBuilder.goodRun())
        let page = try await folder.report()
        #expect(page.openRuns == 0)
        #expect(page.text.contains("1 held"))
        for lane in ["a process", "b process", "holds b for", "holds a for"] {
            #expect(page.text.contains(lane), "\(lane)")
        }
        for band in ["band up", "band established", "band operation", "band verdict-alive", "band phase-3"] {
            #expect(page.classes.contains(band), "\(band)")
        }
    }

    @Test func everyLinkLeadsToSomethingThatIsThereOnce() async throws {
        let folder = try Folder()
        try folder.add(try brokenRun())
        try folder.add(try HistoryBuilder.goodRun(), as: "other")
        let page = try await folder.report()
        #expect(Set(page.ids).count == page.ids.count)
        #expect(!page.links.isEmpty)
        for link in page.links {
            #expect(link.hasPrefix("#") && page.ids.contains(String(link.dropFirst())), "\(link)")
        }
    }

    @Test func nothingOfTheFilesBecomesMarkup() async throws {
        let evil = "\"'><script>alert(1)</script><img src=x onerror=alert(1)>&amp;\u{1}\u{FFFE}"
        let folder = try Folder()
        var run = try brokenRun()
        run.add(500, .a, .verdict, [("verdict", .string(evil)), ("reason", .string(evil))])
        run.add(501, .a, .connectFailed, [(evil, .string(evil)), ("reason", .string(evil))])
        run.add(502, .a, .fault, [("action", .string(evil)), ("step", .string(evil))])
        try folder.add(run, yaml: "name: \(evil)") { judgement in
            judgement.broken.append(Broken(.expected, evil, evidence: run.events))
        }
        try folder.write(
            JSONText.pretty(
                .object(
                    JSONObject([
                        ("scenario", .string(evil)), ("variant", .string(evil)),
                        ("result", .string("not run")),
                        ("reason", .string(evil)),
                    ]))), to: "x/verdict.json")
        try folder.write(
            JSONText.pretty(.object(JSONObject([("kernel", .string(evil)), ("clock", .string(evil))]))),
            to: "environment.json")
        try folder.write(evil, to: "command.txt")
        try folder.write(evil, to: "x/capture.pcap")
        let page = try await folder.report()
        #expect(page.counts["script"] == 1)
        #expect(page.counts["img"] == nil)
        #expect(!page.html.contains("<script>alert"))
        #expect(page.text.contains("<script>alert(1)</script>"))
    }

    @Test func whatBrokeComesFirstWithExpectationEventsAndSettings() async throws {
        let folder = try Folder()
        try folder.add(try HistoryBuilder.goodRun(), as: "a-good-one")
        let yaml =
            HistoryBuilder.minimal + "expect:\n  - { partner: a, event: verdict, where: { verdict: hung } }\n"
        var run = try HistoryBuilder.goodRun(yaml)
        run.add(400, .a, .lateTick)
        try folder.add(run, as: "z-bad-one", yaml: yaml)
        let page = try await folder.report()
        #expect(page.openRuns == 1)
        let order = page.classes.filter { $0.hasPrefix("run ") }
        #expect(order == ["run broke", "run held"])
        #expect(page.text.contains("it never came"))
        #expect(page.text.contains("heartbeat.missLimit"))
        #expect(page.text.contains("Settings that matter"))
        #expect(page.classes.contains("evidence"))
    }

    @Test func whatWasNotRunSaysWhy() async throws {
        let folder = try Folder()
        try folder.add(try HistoryBuilder.goodRun()) { $0 = .notRun("partner b could not open its device") }
        let page = try await folder.report()
        #expect(page.text.contains("Not run: partner b could not open its device"))
        #expect(page.openRuns == 1)
    }

    @Test func whatBrokeAsExpectedIsFoldedAndSaysWhy() async throws {
        let folder = try Folder()
        try folder.add(try brokenRun()) { $0.result = .brokeAsExpected("a known bug") }
        let page = try await folder.report()
        #expect(page.openRuns == 0)
        #expect(page.text.contains("1 broke as expected"))
        #expect(page.text.contains("Broke as expected: a known bug"))
    }

    private static let atInstants =
        HistoryBuilder.minimal
        + "steps:\n  - { do: census, at: { from: { event: connectStarted }, to: { event: established }, every: 2us } }\n"

    /// Adds a run of which each instant is told, to the folder of its scenario.
    private func addInstant(_ offset: Int64, to folder: Folder, broke: Bool = false) throws {
        var run = try broke ? brokenRun() : HistoryBuilder.goodRun()
        run.fault(.census, nil, at: 131 + Double(offset) / 1e6)
        run.events.sort { $0.time < $1.time }
        try folder.add(run, as: "all", label: RunInstant.label(offset), yaml: Self.atInstants) {
            $0.result = broke ? .broke : .held
        }
    }

    @Test func runsAtInstantsAreDotsOfAMapThatLinksToThem() async throws {
        let folder = try Folder()
        for place in 0..<3 { try addInstant(Int64(place) * 2_000, to: folder, broke: place == 1) }
        let page = try await folder.report()
        #expect(page.text.contains("2 of 3 runs held"))
        #expect(page.text.contains("longest recoveries") && page.text.contains("+4us"))
        #expect(!page.text.contains("have no section of their own"))
        #expect(page.counts["figure"] ?? 0 >= 1 && page.classes.contains("instants"))
        #expect(page.classes.filter { $0.hasPrefix("run ") }.count == 3)
        // Its marks are those of the run in which the step came last.
        #expect(page.text.contains("Without the step: 1 a connectStarted (+"))
        for link in page.links { #expect(page.ids.contains(String(link.dropFirst())), "\(link)") }
        let probe = try HistoryBuilder.goodRun()
        try folder.write(probe.record.events.map { $0.line + "\n" }.joined(), to: "all/probe.jsonl")
        for place in [1_000, 3_000] { try addInstant(Int64(place) * 1_000, to: folder) }
        let more = try await folder.report()
        #expect(more.text.contains("a firstReadPosted") && more.text.contains("a established"))
    }

    @Test func manyInstantsThatHeldAreCountedAndNotDrawn() async throws {
        let folder = try Folder()
        for place in 0..<70 { try addInstant(Int64(place) * 2_000, to: folder, broke: place == 7) }
        let page = try await folder.report()
        #expect(page.text.contains("69 of 70 runs held"))
        #expect(page.text.contains("69 that held have no section of their own"))
        #expect(page.classes.filter { $0.hasPrefix("run ") } == ["run broke"])
        #expect(page.counts["circle"] ?? 0 >= 69)
        #expect(Set(page.ids).count == page.ids.count)
        for link in page.links { #expect(page.ids.contains(String(link.dropFirst())), "\(link)") }
    }

    @Test func repeatedRunsAreCountedAndCalledFlaky() async throws {
        let folder = try Folder()
        for repetition in 1...4 {
            var run = try repetition == 2 ? brokenRun() : HistoryBuilder.goodRun()
            run.scenario.name = "shaky"
            let result = RunResult(
                variant: run.record.variant, repetition: repetition, judgement: run.judgement,
                folder: "shaky/run-\(repetition)", start: HistoryBuilder.instant(0), duration: .seconds(2))
            try folder.write(
                run.record.events.map { $0.line + "\n" }.joined(), to: "\(result.folder)/events.jsonl")
            try folder.write(HistoryBuilder.minimal, to: "\(result.folder)/scenario.yaml")
            try JudgedRun.write(result, to: "\(folder.path)/\(result.folder)")
        }
        let page = try await folder.report()
        #expect(page.text.contains("Repeated runs"))
        #expect(page.text.contains("flaky, 3/4 held"))
        #expect(page.text.contains("30.1-95.4 %"))
        #expect(page.text.contains("Wilson"))
    }

    @Test func aRunWithoutACaptureSaysSo() async throws {
        let folder = try Folder()
        try folder.add(try HistoryBuilder.goodRun())
        #expect(try await folder.report().text.contains("Packets: there is no capture"))
    }

    @Test func whatIsMissingOrDamagedIsSaidInItsPlace() async throws {
        let folder = try Folder()
        try folder.add(try HistoryBuilder.goodRun())
        try folder.write("{\"result\":", to: "test/verdict.json")
        try folder.write("name: [", to: "test/scenario.yaml")
        try folder.write("not a recording", to: "test/recording-a1.ccmrec")
        let lines = try #require(Files.text(of: "\(folder.path)/test/events.jsonl")).split(separator: "\n")
        let damaged = lines.reversed().map { $0 + "\n" } + ["{\"time\":1}\n", "\u{0}\u{FFFD}{{{\n", "[1,2"]
        try folder.write(damaged.joined(), to: "test/events.jsonl")
        try folder.write("", to: "empty/events.jsonl")
        try folder.write("{\"result\": \"held\"}", to: "only-a-verdict/verdict.json")
        let page = try await folder.report()
        for text in [
            "verdict.json is damaged", "scenario.yaml is damaged", "the recording of a1 is damaged",
            "not in order of time", "3 lines are no events", "events.jsonl is empty",
            "events.jsonl is missing",
            "environment.json is missing", "verdict.json is missing",
        ] {
            #expect(page.text.contains(text), "\(text)")
        }
        #expect(page.classes.contains("band established"))
    }

    @Test func historiesFromTheEndsOfTimeAreDrawn() async throws {
        let folder = try Folder()
        var run = try HistoryBuilder.goodRun()
        let last = HistoryEvent(
            time: Instant(nanoseconds: .max), partner: .a, incarnation: HistoryBuilder.incarnation(.a),
            name: .verdict, fields: JSONObject([("verdict", .string("hung"))]))
        run.events.append(last)
        let first = HistoryEvent(
            time: Instant(nanoseconds: 0), partner: nil, name: .fault,
            fields: JSONObject([
                ("action", .string("cut")), ("rail", .unsigned(.max)), ("began", .unsigned(.max)),
            ]))
        run.events.insert(first, at: 0)
        try folder.write(run.events.map { $0.line + "\n" }.joined(), to: "test/events.jsonl")
        _ = try await folder.report()
    }

    @Test func aFolderWithoutARunIsRefusedByName() async throws {
        let folder = try Folder()
        try folder.write("", to: "something/else.txt")
        await #expect(throws: LabError.self) { try await HTMLReport.html(of: folder.path, captures: .all) }
        await #expect(throws: LabError("there is no /nowhere/at/all: name a run folder")) {
            try await HTMLReport.html(of: "/nowhere/at/all", captures: .all)
        }
    }

    @Test func aSweepIsAMapWithASignForEachValue() async throws {
        let yaml = HistoryBuilder.minimal + "sweep:\n  skew: [-5ms, 0ms, 100ms]\n"
        let folder = try Folder()
        for label in ["skew=100ms", "skew=-5ms"] {
            try folder.add(try HistoryBuilder.goodRun(yaml), label: label, yaml: yaml)
        }
        try folder.add(try brokenRun(), label: "skew=0ms", yaml: yaml)
        let page = try await folder.report()
        #expect(page.classes.filter { $0.hasPrefix("cell ") } == ["cell held", "cell broke", "cell held"])
        #expect(page.text.contains("2 of 3 values held"))
    }

    @Test func ofVeryManyRunsTheLastThatHeldAreLines() async throws {
        let folder = try Folder()
        for number in 1...160 {
            let result = number == 160 ? "broke" : "held"
            try folder.write(
                "{\"scenario\": \"s\", \"repetition\": \(number), \"result\": \"\(result)\"}",
                to: "s/run-\(number)/verdict.json")
        }
        let page = try await folder.report()
        let runs = page.classes.filter { $0.hasPrefix("run ") }
        #expect(runs.count == 150 && runs.first == "run broke")
        #expect(page.text.contains("not drawn, there are too many"))
        for link in page.links { #expect(page.ids.contains(String(link.dropFirst())), "\(link)") }
    }

    @Test func twoValuesAgainstEachOtherAreATable() throws {
        var markup = Markup()
        let cells = [("0ms", "1"), ("5ms", "1"), ("0ms", "9"), ("5ms", "9")].map { skew, loss in
            SweepMap.Cell(label: "skew=\(skew) loss=\(loss)", results: [.held, .broke], anchor: "r1")
        }
        markup.append(SweepMap(name: "matrix", cells: cells).markup)
        #expect(markup.text.contains("<th>loss \\ skew</th><th>0ms</th><th>5ms</th>"))
        #expect(markup.text.contains("✗ 1/2"))
    }

    @Test func tenMinutesOfEventsStaySmall() async throws {
        let folder = try Folder()
        var run = try HistoryBuilder.goodRun()
        for number in 0..<30_000 {
            run.add(
                200 + Double(number) * 20, .a, .mirrorAcknowledged,
                [("client", .string("log-mirror")), ("highest", .integer(Int64(number)))])
        }
        for number in 0..<3_000 {
            run.add(
                210 + Double(number) * 200, .b, .connectFailed,
                [("attempt", .integer(Int64(number))), ("reason", .string("nobodyListens"))])
        }
        try folder.add(run)
        let page = try await folder.report()
        #expect(page.html.utf8.count < 400_000)
        #expect(page.text.contains("mirrorAcknowledged"))
        #expect((page.counts["tr"] ?? 0) < 450)
    }

    @Test func anIdleStretchIsDrawnShortAndTimeNeverGoesBack() throws {
        func at(_ milliseconds: Double) -> Instant { HistoryBuilder.instant(milliseconds) }
        let moments = [10, 20, 30, 9_000, 9_010, 9_050].map { at($0) }
        let scale = TimeScale(from: at(0), to: at(9_100), moments: moments)
        #expect(scale.breaks.map { $0.length.nanoseconds / 1_000_000 } == [8_970])
        let shares = ([at(0)] + moments + [at(9_100)]).map { scale.share(of: $0) }
        #expect(shares.first == 0 && shares.last == 1)
        #expect(zip(shares, shares.dropFirst()).allSatisfy { $0 < $1 })
        let ticks = scale.ticks(from: at(0))
        #expect(ticks.count > 1)
        #expect(zip(ticks, ticks.dropFirst()).allSatisfy { $1.share - $0.share >= 0.09 })
        #expect(scale.share(of: at(20_000)) == 1)
    }

    @Test func ofTooManyEventsThoseThatBrokeARuleAreKept() throws {
        var run = try HistoryBuilder.goodRun()
        for number in 0..<100 { run.add(300 + Double(number), .a, .lateTick) }
        let evidence = run.events.filter { $0.name == .lateTick }.suffix(3)
        let choice = EventChoice(run.events, most: 10, needed: Set(evidence))
        #expect(choice.shown.count <= 10 + 3)
        #expect(choice.shown == choice.shown.sorted())
        for event in evidence { #expect(choice.shown.contains { run.events[$0] == event }) }
        let left = choice.left.reduce(0) { $0 + $1.count }
        #expect(left + choice.shown.count == run.events.count)
    }

    @Test func packetsOfOtherProtocolsShowWhichAndToWhere() {
        let lines = """
            0.0\t10.77.0.1\t10.77.0.2\t\t\t\t\t\t\t\t\t\t\t66\teth:ethertype:ip:udp:bfd\t3784\t
            0.1\t\t\t\t\t\t\t\t\t\t\t\t\t42\teth:ethertype:arp\t\t
            0.2\t10.77.0.1\t10.77.0.2\t\t\t\t\t\t\t\t\t\t\t99\teth:ethertype:ip:tcp:data\t\t5000
            """
        let list = PacketList(fields: lines)
        #expect(list.packets.map(\.opcode) == ["BFD", "ARP", "TCP"])
        #expect(list.packets.map(\.detail) == ["to UDP port 3784", "", "to TCP port 5000"])
    }

    @Test func packetsShowOpcodeQueuePairAndWhyTheyWereRefused() {
        let lines = """
            0.0\t10.77.0.1\t10.77.0.2\t\t\t100\t0x000001\t655\t\t\t\t\t0x0010\t322\t\t4791\t
            0.1\t10.77.0.1\t10.77.0.2\t\t\t12\t0x000059\t281\t0x0000100000000000\t64\t\t\t\t74\t\t4791\t
            0.2\t\t\tfd77::2\tfd77::1\t17\t0x000170\t281\t\t\t98\t3\t\t62\t\t4791\t
            nonsense
            """
        let list = PacketList(fields: lines)
        #expect(list.packets.map(\.opcode) == ["CM REQ", "READ request", "ACK"])
        #expect(list.packets[1].detail == "64 bytes at 0x100000000000")
        #expect(list.packets[2].detail == "NAK: remote access error, message 3")
        #expect(list.packets[2].isRefusal && list.packets[2].source == "fd77::2")
        #expect(list.note == "3 packets")
    }

    /// A packet that was stamped 131.25 ms after the run's start.
    private static let stamped =
        "1767225644.131250000\t10.77.0.1\t10.77.0.2\t\t\t12\t0x000059\t281\t0x0\t64\t\t\t\t74\t\t4791\t\n"

    private func section(_ run: HistoryBuilder) throws -> String {
        let folder = try Folder()
        try folder.add(run)
        let reported = try ReportedRun(
            in: "\(folder.path)/test", named: "test", capture: PacketList(fields: Self.stamped))
        return RunSection(reported, anchor: "r1", command: "", most: 40).markup.text
    }

    @Test func packetsAreOnTheClockOfTheEvents() throws {
        #expect(PacketList(fields: Self.stamped).packets.first?.wall == 1_767_225_644_131_250_000)
        var run = try HistoryBuilder.goodRun()
        let start = try #require(run.events.firstIndex { $0.name == .runStarted })
        run.events[start].fields = JSONObject([("wallNs", .integer(1_767_225_644_000_000_000))])
        let text = try section(run)
        #expect(text.contains(">131.250<"))
        #expect(text.contains("Times are those of the events"))
    }

    @Test func whereTheClocksAreNotKnownPacketsAreCountedFromTheFirst() throws {
        var run = try HistoryBuilder.goodRun()
        #expect(try section(run).contains("since the first packet"))
        let start = try #require(run.events.firstIndex { $0.name == .runStarted })
        run.events[start].fields = JSONObject([("wallNs", .integer(1_767_225_644_000_000_000))])
        run.add(500, nil, .fault, [("step", .string("step-clock")), ("action", .string("stepClock"))])
        #expect(try section(run).contains("since the first packet"))
        run.events[start].fields = JSONObject([("wallNs", .unsigned(.max))])
        #expect(try section(run).contains("Packets: 1"))
    }

    @Test func aLongPacketListSaysWhatItLeavesOut() {
        let line = "0.1\t10.77.0.1\t10.77.0.2\t\t\t12\t0x000059\t281\t0x0\t64\t\t\t\t74\t\t4791\t\n"
        let list = PacketList(fields: String(repeating: line, count: 1_000))
        #expect(list.packets.count == 160)
        #expect(list.note.contains("1000 packets, 840 of them left out"))
        #expect(list.counts.map(\.count) == [1_000])
    }

    @Test func aCommandCanBeCopiedIntoAShell() {
        #expect(
            ShellText.command(["ccmlab", "run", "a b", "it's", "", "x/y-1.yaml"])
                == "ccmlab run 'a b' 'it'\\''s' '' x/y-1.yaml")
        // To a shell the mark is a sign of its own.
        let quote = ShellText.command(["'\u{301}; id"])
        #expect(Array(quote.unicodeScalars) == Array("''\\''\u{301}; id'".unicodeScalars))
    }

    @Test func coordinatesAreShortAndExact() {
        #expect(
            [0, 1, -2.5, 33.33333, 0.00004, .nan].map { coordinate($0) } == [
                "0", "1", "-2.5", "33.3333", "0", "0",
            ])
    }
}
