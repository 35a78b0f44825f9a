import ClusterConnection
import Foundation
import Recording
import Testing

@testable import LabKit

/// What is compared of two fabrics, what of it makes a difference, and what does not.
struct ConformanceTests {
    private let folder = "/tmp/ccm-lab-test-\(getpid())-\(UInt32.random(in: 0...UInt32.max))"

    private func words(_ kind: ConnectionPrivateData.Kind) throws -> ConnectionPrivateData.Words {
        ConnectionPrivateData(
            versions: try #require(VersionRange(lowest: 1, highest: 1)),
            cluster: ClusterIdentity(low: 1, high: 2), node: NodeIdentity(value: 1),
            incarnation: Incarnation(value: 7),
            statusBlockKey: 3, mailboxKey: 4, role: .storageSystem, kind: kind, attempt: 1
        ).words
    }

    private func connection(_ number: UInt32) -> ConnectionID { ConnectionID(value: number) }

    private func mailbox(_ kinds: MailboxSlot.Kind...) -> Mailbox {
        var mailbox: Mailbox = InlineArray(repeating: 0)
        for kind in kinds {
            let slot = MailboxSlot(
                kind: kind, writer: Incarnation(value: 1), reader: Incarnation(value: 2))
            for index in slot.words.indices { mailbox[kind.offset / 8 + index] = slot.words[index] }
        }
        return mailbox
    }

    /// A life that asks twice in vain, then connects, and is left by its partner.
    private func life(from first: UInt32 = 1, attemptsInVain: UInt32 = 2) throws -> [ToldEvent] {
        var told = [ToldEvent(.bootPhase(.ccmStarting))]
        let begin = first + attemptsInVain
        told.append(
            ToldEvent(
                .listening(statusBlockKey: first, mailboxKey: first + 1),
                [.connect(connection(first), try words(.connect))]))
        for number in first..<begin {
            told.append(
                ToldEvent(.connectFailed(connection(number), .nobodyListens), [.retire(connection(number))]))
            told.append(
                ToldEvent(.timer(.backoff), [.connect(connection(number + 1), try words(.connect))]))
        }
        let last = connection(begin)
        return told + [
            ToldEvent(.connected(last, try words(.acceptance))),
            ToldEvent(.completed(last, .firstRead, .success, nil)),
            ToldEvent(.completed(last, .firstWrite, .success, nil)),
            ToldEvent(.completed(last, .secondRead, .success, nil)),
            ToldEvent(.completed(last, .secondWrite, .success, nil)),
            ToldEvent(.mailbox(mailbox(.greeting, .confirmation))),
            ToldEvent(.disconnected(last)),
        ]
    }

    private func differences(_ one: [ToldEvent], _ other: [ToldEvent]) -> [SequenceDifference] {
        SequenceDifference.all(between: EventSequence(one), and: EventSequence(other))
    }

    // MARK: The form in which sequences are compared

    @Test func aSequenceHoldsKindsOutcomesAndReasonsByQueue() throws {
        #expect(
            EventSequence(try life()).strands == [
                EventSequence.Strand(name: "own", lines: ["listening on rail 0"]),
                EventSequence.Strand(
                    name: "rail 0 attempts",
                    lines: ["connect: failed nobodyListens", "connect: connected, disconnected"]),
                EventSequence.Strand(name: "rail 0 mailbox", lines: ["greeting", "confirmation"]),
                EventSequence.Strand(
                    name: "rail 0 completions",
                    lines: [
                        "1 firstRead success", "1 firstWrite success", "1 secondRead success",
                        "1 secondWrite success",
                    ]),
            ])
    }

    @Test func whatDiffersByTimeAloneMakesNoDifference() throws {
        let one = try life()
        // Slower: more attempts in vain, other numbers and keys, beats and timers in between, read 2 repeated, and
        // the partner's two writes seen one after the other.
        var other = try life(from: 20, attemptsInVain: 5)
        let last = connection(25)
        let read = try #require(
            other.firstIndex { if case .completed(_, .secondRead, _, _) = $0.event { true } else { false } })
        other.insert(ToldEvent(.completed(last, .secondRead, .success, nil)), at: read)
        let seen = try #require(
            other.firstIndex { if case .mailbox = $0.event { true } else { false } })
        other.insert(ToldEvent(.mailbox(mailbox(.greeting))), at: seen)
        other.insert(ToldEvent(.timer(.poll)), at: seen)
        other.insert(ToldEvent(.completed(last, .heartbeatRead, .success, nil)), at: other.count - 1)
        other.insert(ToldEvent(.bootPhase(.storageOSLoading)), at: other.count - 1)
        #expect(differences(one, other).isEmpty)
    }

    @Test func theOrderAmongQueuesMakesNoDifference() throws {
        let one = try life()
        var other = one
        let seen = try #require(
            other.firstIndex { if case .mailbox = $0.event { true } else { false } })
        other.insert(other.remove(at: seen), at: seen - 3)
        #expect(differences(one, other).isEmpty)
    }

    @Test func aChangedOutcomeIsToldWithBothSides() throws {
        let one = try life()
        let other = one.map { told -> ToldEvent in
            guard case .completed(let connection, .secondWrite, _, _) = told.event else { return told }
            return ToldEvent(.completed(connection, .secondWrite, .retryExceeded, nil))
        }
        #expect(
            differences(one, other) == [
                SequenceDifference(
                    strand: "rail 0 completions", simulated: ["1 secondWrite success"],
                    real: ["1 secondWrite retryExceeded"])
            ])
    }

    @Test func aChangedReasonOfARefusalIsTold() throws {
        func refused(_ reason: RejectReason) throws -> [ToldEvent] {
            let versions = try #require(VersionRange(lowest: 1, highest: 1))
            return [
                ToldEvent(.timer(.backoff), [.connect(connection(1), try words(.knock))]),
                ToldEvent(.refused(connection(1), Rejection(reason: reason, versions: versions).words)),
            ]
        }
        #expect(
            differences(try refused(.initiating), try refused(.shuttingDown)) == [
                SequenceDifference(
                    strand: "rail 0 attempts", simulated: ["knock: refused initiating"],
                    real: ["knock: refused shuttingDown"])
            ])
    }

    @Test func aMissingEventIsTold() throws {
        let one = try life()
        for (gone, strand) in [(1, "rail 0 completions"), (2, "rail 0 mailbox"), (3, "rail 0 attempts")] {
            var other = one
            switch gone {
            case 1:
                other.removeAll {
                    if case .completed(_, .firstWrite, _, _) = $0.event { true } else { false }
                }
            case 2: other.removeAll { if case .mailbox = $0.event { true } else { false } }
            default: other.removeAll { if case .disconnected = $0.event { true } else { false } }
            }
            #expect(differences(one, other).map(\.strand) == [strand])
        }
    }

    @Test func aSwappedOrderWithinAQueueIsTold() throws {
        let one = try life()
        var other = one
        let place = try #require(
            other.firstIndex { if case .completed(_, .firstRead, _, _) = $0.event { true } else { false } })
        other.swapAt(place, place + 1)
        #expect(differences(one, other).allSatisfy { $0.strand == "rail 0 completions" })
        #expect(!differences(one, other).isEmpty)
    }

    @Test func anAttemptThatIsGivenUpWithoutAnEventHadNoAnswer() throws {
        let told = [
            ToldEvent(.timer(.backoff), [.connect(connection(1), try words(.connect))]),
            ToldEvent(.timer(.attempt), [.retire(connection(1))]),
        ]
        #expect(EventSequence(told).strands.flatMap(\.lines) == ["connect: no answer"])
    }

    @Test func aKnockThatCrossesTheConnectionMakesNoDifference() throws {
        let (request, knock) = (RequestID(value: 1), RequestID(value: 2))
        // At the side that knocks: given up for the partner's own request, before there was an answer.
        let crossed = [
            ToldEvent(.timer(.backoff), [.connect(connection(1), try words(.knock))]),
            ToldEvent(
                .request(request, try words(.connect)),
                [.retire(connection(1)), .accept(request, connection(2), try words(.acceptance))]),
            ToldEvent(.connected(connection(2), nil)),
        ]
        #expect(EventSequence(crossed).strands.flatMap(\.lines) == ["connect: connected"])
        // At the side that is knocked at.
        #expect(EventSequence([ToldEvent(.request(knock, try words(.knock)))]).count == 0)
    }

    @Test func aMailboxThatWasClearedTellsTheSameNewsAgain() {
        let news = ToldEvent(.mailbox(mailbox(.greeting)))
        #expect(EventSequence([news, news]).count == 1)
        #expect(EventSequence([news, ToldEvent(.timer(.tick), [.clearMailbox()]), news]).count == 2)
    }

    @Test func aRequestHasTheEventsOfTheConnectionThatItBecame() throws {
        let (request, knock) = (RequestID(value: 1), RequestID(value: 2))
        let told = [
            ToldEvent(
                .request(request, try words(.connect)),
                [.accept(request, connection(4), try words(.acceptance))]),
            ToldEvent(.connected(connection(4), nil)),
            ToldEvent(
                .request(knock, try words(.knock)), [.connect(connection(5), try words(.connect))]),
        ]
        #expect(EventSequence(told).strands.flatMap(\.lines) == ["connect: connected"])
    }

    // MARK: Runs

    private static let scenario = """
        name: pair
        summary: Two partners boot, one after the other.
        partners:
          b: { bootAt: 300ms }

        """

    private func variant() throws -> ScenarioVariant {
        try #require(try ScenarioParser.parse(Self.scenario, file: "pair.yaml").variants.first)
    }

    /// Leaves a run folder with what the lives were told, as if real verbs had, from a moment on.
    private func record(_ lives: [String: [ToldEvent]], from start: UInt64) throws {
        try Files.makeFolder(folder)
        try Files.write(Self.scenario, to: "\(folder)/scenario.yaml")
        for (life, told) in lives {
            let settings = Settings(
                node: NodeIdentity(value: 1), partnerNode: NodeIdentity(value: 2),
                cluster: ClusterIdentity(low: 1, high: 2), role: .storageSystem)
            var recording = RecordingWriter(
                RecordedStart(
                    settings: settings, incarnation: Incarnation(value: 7), seed: 8,
                    at: Instant(nanoseconds: start)))
            for (number, told) in told.enumerated() {
                recording.note(
                    told.event, at: Instant(nanoseconds: start + UInt64(number) * 1_000_000), told.actions)
            }
            recording.note(.stop, at: Instant(nanoseconds: start + 1_000_000_000_000), [])
            recording.end()
            let bytes = recording.takeBlock { Array($0) }
            try Data(bytes).write(to: URL(fileURLWithPath: "\(folder)/recording-\(life).ccmrec"))
        }
        let end = start + 999_000_000_000
        try Files.write(
            "{\"time\":\(end),\"partner\":\"\",\"incarnation\":\"\",\"event\":\"runEnded\"}\n",
            to: "\(folder)/events.jsonl")
    }

    private func report(_ known: [KnownDifference] = []) throws -> (ConformanceReport, [String]) {
        var report = ConformanceReport(known: known, seeds: 1...4)
        let lines = try report.add(folder)
        return (report, lines)
    }

    @Test(arguments: [0, 77_000_000_000] as [UInt64])
    func aRunThatWasToldTheSameConformsWheneverItWas(start: UInt64) throws {
        defer { Files.removeFolder(folder) }
        try record(try SimulatedRun.told(try variant(), seed: 3), from: start)
        let (report, lines) = try report()
        #expect(report.conforms && report.isComplete)
        #expect(lines.count == 2 && lines.allSatisfy { $0.hasSuffix("same") })
    }

    @Test func whatTheSimulatorTellsEndsWithTheRun() throws {
        let told = try SimulatedRun.told(try variant(), seed: 1)
        #expect(told.keys.sorted() == ["a1", "b1"])
        for events in told.values {
            #expect(events.contains { if case .connected = $0.event { true } else { false } })
            #expect(!events.contains { if case .stop = $0.event { true } else { false } })
        }
    }

    /// A run in which the acceptor was told that its partner left.
    private func recordDeparture() throws {
        var lives = try SimulatedRun.told(try variant(), seed: 3)
        let connected = lives["b1"]?.compactMap {
            if case .connected(let connection, _) = $0.event { connection } else { nil }
        }.first
        lives["b1"]?.append(ToldEvent(.disconnected(try #require(connected))))
        try record(lives, from: 0)
    }

    private func departure(lives: [String]) -> KnownDifference {
        KnownDifference(
            scenarios: ["pair"], lives: lives,
            difference: SequenceDifference(
                strand: "rail 0 requests", simulated: ["connect: connected"],
                real: ["connect: connected, disconnected"]),
            reason: "of the test")
    }

    @Test func aDifferenceThatNobodyKnowsIsAMistake() throws {
        defer { Files.removeFolder(folder) }
        try recordDeparture()
        let (report, lines) = try report()
        #expect(!report.conforms)
        #expect(lines.contains { $0.hasPrefix("pair b1") && $0.hasSuffix("DIFFER") })
        #expect(lines.contains { $0.hasPrefix("pair a1") && $0.hasSuffix("same") })
        #expect(JSONText.pretty(report.json).contains("connect: connected, disconnected"))
    }

    @Test func aKnownDifferenceIsShownWithItsReason() throws {
        defer { Files.removeFolder(folder) }
        try recordDeparture()
        let (report, lines) = try report([departure(lives: ["b1"])])
        #expect(report.conforms)
        #expect(lines.contains { $0.hasPrefix("pair b1") && $0.hasSuffix("known") })
        #expect(lines.contains("    because of the test"))
    }

    @Test func aKnownDifferenceThatIsNotMetIsAMistake() throws {
        defer { Files.removeFolder(folder) }
        try recordDeparture()
        let (report, _) = try report([departure(lives: ["a1", "b1"])])
        #expect(!report.conforms)
        #expect(report.summary.contains { $0.hasPrefix("pair a1 has not the difference") })
    }

    @Test func aRunThatCannotBeReadIsToldApartFromOneThatDiffers() throws {
        defer { Files.removeFolder(folder) }
        try record(try SimulatedRun.told(try variant(), seed: 3), from: 0)
        try Files.write("", to: "\(folder)/events.jsonl")
        let (report, lines) = try report()
        #expect(report.conforms && !report.isComplete)
        #expect(lines.joined().contains("does not tell when the run"))
    }

    @Test func whereThereIsNoRunItIsSaid() throws {
        defer { Files.removeFolder(folder) }
        #expect(throws: LabError.self) { _ = try ConformanceReport.folders(at: folder) }
        try Files.makeFolder(folder)
        #expect(throws: LabError.self) { _ = try ConformanceReport.folders(at: folder) }
    }
}
