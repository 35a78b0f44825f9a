import ClusterConnection
import Testing

@testable import Recording

/// A manager that is told the same does the same; whatever else it does is shown.
struct ReplayTests {
    @Test func aRecordedLifeReplaysTheSame() throws {
        let replay = try Replay(of: recordedLife())
        #expect(replay.difference == nil)
        #expect(replay.ending == .whole)
        #expect(replay.events == 52)
        #expect(replay.actions > 100)
        #expect(replay.incarnation == RecordedStart.initiator.incarnation)
    }

    /// The life of the samples comes to a connection, or the replay of it would prove little.
    @Test func theRecordedLifeWasEstablishedAndLost() throws {
        var recording = try RecordingReader(recordedLife())
        var lines: [String] = []
        while let step = try recording.next() {
            for entry in step.actions {
                if case .line(let line) = entry.action { lines.append(line.event) }
            }
        }
        #expect(lines.contains("established"))
        #expect(lines.filter { $0 == "verdict" }.count >= 2)
    }

    @Test func anotherSeedMakesADifferenceAtTheFirstBackoff() throws {
        var start = RecordedStart.initiator
        start.seed = 2
        let difference = try #require(try Replay(of: recordedLife(), from: start).difference)
        #expect(difference.event == 3)
        #expect(difference.time == .milliseconds(3))
        #expect(difference.eventText == "connection 1 of rail 0 failed: nobodyListens")
        #expect(difference.recorded?.contains("backoffNs") == true)
        #expect(difference.replayed?.contains("backoffNs") == true)
        #expect(difference.recorded != difference.replayed)
    }

    @Test func anotherSettingMakesADifferenceWhereItMatters() throws {
        var start = RecordedStart.initiator
        start.settings.heartbeatInterval = .milliseconds(20)
        let difference = try #require(try Replay(of: recordedLife(), from: start).difference)
        #expect(difference.recorded?.hasPrefix("set timer tick") == true)
        #expect(difference.replayed?.hasPrefix("set timer tick") == true)
    }

    @Test func anotherIncarnationMakesADifferenceAtOnce() throws {
        var start = RecordedStart.initiator
        start.incarnation = Incarnation(value: 0xaa)
        let difference = try #require(try Replay(of: recordedLife(), from: start).difference)
        #expect(difference.event == 1)
        #expect(difference.recorded?.contains("incarnation 000000000000000a") == true)
        #expect(difference.replayed?.contains("incarnation 00000000000000aa") == true)
    }

    @Test(arguments: [true, false])
    func anActionMoreOrLessIsADifference(recordsMore: Bool) throws {
        var manager = RecordedStart.initiator.manager
        let now = Instant(nanoseconds: 1_000_000_001)
        var actions = manager.handle(.listening(statusBlockKey: 1, mailboxKey: 2), at: now)
        let count = actions.count
        if recordsMore { actions.append(.finished) } else { actions.removeLast() }
        var recording = RecordingWriter(.initiator)
        recording.note(.listening(statusBlockKey: 1, mailboxKey: 2), at: now, actions)
        recording.end()
        let difference = try #require(try Replay(of: recording.takeBlock { Array($0) }).difference)
        #expect(difference.action == (recordsMore ? count + 1 : count))
        #expect((difference.recorded == nil) != recordsMore)
        #expect((difference.replayed == nil) == recordsMore)
    }

    @Test func aRecordingWithoutItsEndReplaysAsFarAsItGoes() throws {
        let replay = try Replay(of: recordedLife(ends: false))
        #expect(replay.difference == nil)
        #expect(replay.ending == .cut(remainder: 0))
        #expect(replay.events == 52)
    }
}
