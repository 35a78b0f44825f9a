import ClusterConnection
import Foundation
import Testing

@testable import LabKit

/// Two histories are compared by what happened, and not by when.
struct RunDifferenceTests {
    private func compare(_ one: HistoryBuilder, _ other: HistoryBuilder) -> RunDifference {
        RunDifference("test", one.events, other.events)
    }

    @Test func aRunThatIsSlowerIsTheSame() throws {
        let one = try HistoryBuilder.goodRun()
        var other = one
        for place in other.events.indices {
            other.events[place].time = other.events[place].time + .milliseconds(UInt64(place))
            if !other.events[place].incarnation.isEmpty {
                other.events[place].incarnation = "0123456789abcdef"
            }
        }
        #expect(compare(one, other).isSame)
    }

    @Test func whatOnlyRepeatsIsNoDifference() throws {
        let one = try HistoryBuilder.goodRun()
        var other = one
        for number in 0..<5 {
            other.add(1_500 + Double(number), .a, .lateTick)
            other.add(1_500 + Double(number), .a, .mirrorAcknowledged, [("highest", .integer(Int64(number)))])
        }
        #expect(compare(one, other).isSame)
    }

    @Test func theFirstDifferingEventOfThePartnerIsNamedOnBothSides() throws {
        let one = try HistoryBuilder.goodRun()
        var other = one
        let verdict = try #require(other.events.firstIndex { $0.partner == .b && $0.name == .verdict })
        other.events[verdict].fields = JSONObject([("verdict", .string("hung"))])
        let difference = compare(one, other)
        #expect(!difference.isSame)
        let lines = difference.lines
        let parting = try #require(lines.firstIndex { $0.contains("partner b: verdict parts first here") })
        #expect(lines[parting + 1].hasPrefix("    <") && lines[parting + 1].contains("verdict alive"))
        #expect(lines[parting + 2].hasPrefix("    >") && lines[parting + 2].contains("verdict hung"))
        #expect(!lines.contains { $0.contains("partner a") })
    }

    @Test func anEndThatOneRunLacksIsNothingMore() throws {
        let one = try HistoryBuilder.goodRun()
        var other = one
        other.remove { $0.partner == .a && $0.name == .established }
        #expect(
            compare(one, other).lines.contains { $0.contains("> nothing more") || $0.contains("established") }
        )
        #expect(!compare(one, other).isSame)
    }

    @Test func aFolderWithoutAHistoryIsRefused() {
        #expect(throws: LabError.self) { try RunDifference.all(between: "/nowhere", and: "/nowhere") }
    }
}

/// The results for machines that run the lab.
struct MachineReportTests {
    private func results() throws -> [RunResult] {
        var run = try HistoryBuilder.goodRun()
        let held = run.judgement
        run.remove { $0.name == .secondReadPosted || $0.name == .secondReadCompleted }
        return [held, run.judgement, .notRun("partner b\ncould not start")].map { judgement in
            var variant = run.record.variant
            variant.scenario.name = "kill#1"
            return RunResult(
                variant: variant, repetition: 1, judgement: judgement, folder: "kill",
                start: HistoryBuilder.instant(0),
                duration: .seconds(1))
        }
    }

    @Test func ktapHasAPlanAndALineForEachRun() throws {
        let lines = KTAP.text(try results()).split(separator: "\n").map(String.init)
        #expect(lines.prefix(3) == ["KTAP version 1", "1..3", "ok 1 kill\\#1"])
        #expect(lines.contains("not ok 2 kill\\#1"))
        #expect(lines.last == "not ok 3 kill\\#1 # ERROR partner b could not start")
        #expect(lines.contains { $0.hasPrefix("# handshake-order: ") })
    }

    @Test func annotationsNameFileAndLineAndAreOneLineEach() throws {
        let folder = NSTemporaryDirectory() + "ccm-lab-annotations-\(UUID().uuidString)"
        defer { Files.removeFolder(folder) }
        try Files.makeFolder("\(folder)/run")
        var result = try results()[1]
        result.judgement.broken = [Broken(.expected, "line 12: a verdict: 100%,\nit never came")]
        try JudgedRun.write(result, to: "\(folder)/run")
        var scenario = result.variant.scenario
        scenario.file = "Lab/a,b.yaml"
        #expect(
            try Annotations.lines(of: folder, scenarios: [scenario]) == [
                "::error file=Lab/a%2Cb.yaml,line=12,title=kill#1%3A expected::line 12: a verdict: 100%25,%0Ait never came"
            ])
    }
}
