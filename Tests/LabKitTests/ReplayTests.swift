import ClusterConnection
import Foundation
import Recording
import Testing

@testable import LabKit

/// What `ccmlab replay` finds in run folders, and what it says of it.
struct ReplayTests {
    private let folder = "/tmp/ccm-lab-test-\(getpid())-\(UInt32.random(in: 0...UInt32.max))"

    /// A life of two events, recorded; with another seed than the one that it was lived with, where that is wanted.
    private func recording(ends: Bool = true, seedIsWrong: Bool = false) -> [UInt8] {
        var start = RecordedStart(
            settings: Settings(
                node: NodeIdentity(value: 1), partnerNode: NodeIdentity(value: 2),
                cluster: ClusterIdentity(low: 1, high: 2), role: .storageSystem),
            incarnation: Incarnation(value: 7), seed: 8, at: Instant(nanoseconds: 0))
        var manager = start.manager
        if seedIsWrong { start.seed = 9 }
        var recording = RecordingWriter(start)
        for event in [
            Event.listening(statusBlockKey: 1, mailboxKey: 2),
            .connectFailed(ConnectionID(value: 1), .nobodyListens),
        ] {
            let now = Instant(nanoseconds: 1_500_000)
            recording.note(event, at: now, manager.handle(event, at: now))
        }
        if ends { recording.end() }
        return recording.takeBlock { Array($0) }
    }

    private func put(_ bytes: [UInt8], _ path: String) throws {
        let url = URL(fileURLWithPath: "\(folder)/\(path)")
        try FileManager.default.createDirectory(
            at: url.deletingLastPathComponent(), withIntermediateDirectories: true)
        try Data(bytes).write(to: url)
    }

    private func report(_ path: String) throws -> (ReplayReport, [String]) {
        var report = ReplayReport()
        let lines = try RecordedRuns.lives(at: path).flatMap { report.add(ReplayedLife($0)) }
        return (report, lines)
    }

    @Test func livesAreFoundInAllRunsBelowAFolderAndOnlyOnce() throws {
        defer { Files.removeFolder(folder) }
        for life in ["a-first/recording-a1", "a-first/recording-b1", "sweep/skew=5ms/recording-a10"] {
            try put(recording(), "\(life).ccmrec")
        }
        try put([], "a-first/config-a1.yaml")
        try put([], "sweep/skew=5ms/config-a2.yaml")
        try put([], "sweep/skew=5ms/scenario.yaml")
        Files.link("\(folder)/latest", to: "a-first")
        #expect(
            try RecordedRuns.lives(at: folder).map(\.name) == [
                "a-first a1", "a-first b1", "sweep/skew=5ms a2", "sweep/skew=5ms a10",
            ])
        #expect(try RecordedRuns.lives(at: "\(folder)/latest").map(\.name) == ["a1", "b1"])
    }

    /// A process that is killed before its first line has nothing to record, and is no recording that is missing.
    @Test func aLifeThatEndedBeforeItBeganIsNoneThatCannotBeRead() throws {
        defer { Files.removeFolder(folder) }
        for life in ["a1", "a2", "a3"] { try put([], "run/config-\(life).yaml") }
        for life in ["a1", "a3"] { try put(recording(), "run/recording-\(life).ccmrec") }
        let started = #"{"time":1,"partner":"a","incarnation":"7","event":"started"}"# + "\n"
        try put(Array((started + started).utf8), "run/history-a.jsonl")
        let (report, lines) = try report(folder)
        #expect(report.unread == 0 && report.different == 0)
        #expect(lines.contains { $0.hasPrefix("run a2") && $0.hasSuffix("killed before it began") })
        #expect(report.summary.contains { $0.hasPrefix("2 of 2 lives the same") })
        // One that wrote that it began has to have a recording.
        try put(Array((started + started + started).utf8), "run/history-a.jsonl")
        #expect(try self.report(folder).0.unread == 1)
    }

    @Test func whereThereIsNoRunItIsSaid() throws {
        defer { Files.removeFolder(folder) }
        #expect(throws: LabError("there is no \(folder): name a run folder")) {
            _ = try RecordedRuns.lives(at: folder)
        }
        try put([], "other.txt")
        #expect(throws: LabError.self) { _ = try RecordedRuns.lives(at: folder) }
    }

    @Test func aLifeThatIsTheSameHasALineOfItsOwn() throws {
        defer { Files.removeFolder(folder) }
        try put(recording(), "run/recording-a1.ccmrec")
        try put(recording(ends: false), "run/recording-b1.ccmrec")
        let (report, lines) = try report(folder)
        #expect(
            lines.map { $0.split(separator: " ").joined(separator: " ") } == [
                "run a1 2 10 same", "run b1 2 10 same, cut",
            ])
        #expect(report.different == 0 && report.unread == 0)
        #expect(report.summary.contains("2 of 2 lives the same throughout: 4 events, 20 actions"))
    }

    @Test func theFirstDifferenceIsShownWithBothActions() throws {
        defer { Files.removeFolder(folder) }
        try put(recording(seedIsWrong: true), "recording-a1.ccmrec")
        let (report, lines) = try report(folder)
        #expect(report.different == 1)
        let text = lines.map { $0.drop { $0 == " " } }.joined(separator: " ")
        #expect(text.contains("DIFFERS"))
        #expect(
            text.contains("event 2, 1500us after the start: connection 1 of rail 0 failed: nobodyListens"))
        #expect(
            text.contains("recorded: record connectFailed") && text.contains("replayed: record connectFailed")
        )
    }

    @Test func aDamagedRecordingAndAMissingOneAreTold() throws {
        defer { Files.removeFolder(folder) }
        var bytes = recording()
        bytes[bytes.count / 2] ^= 1
        try put(bytes, "recording-a1.ccmrec")
        try put([], "config-b1.yaml")
        let (report, lines) = try report(folder)
        #expect(report.unread == 2)
        let text = lines.map { $0.drop { $0 == " " } }.joined(separator: " ")
        #expect(text.contains("byte 8: the checksum does not fit"))
        #expect(text.contains("the recording is missing"))
        #expect(lines.contains("  recording: \(folder)/recording-b1.ccmrec"))
    }
}
