import ClusterConnection
import Testing

@testable import LabKit

/// Faults at random are the same for the same seed, can be carried out, and lie within what was asked for.
struct SoakTests {
    private static let base = """
        name: base
        # Not a part of what the pair is like:
        summary: >-
          A base.
        settings:
          heartbeat: { interval: 20ms, missLimit: 10 }
          clients: [{ kind: messenger }, { kind: logMirror }]
        steps:
          - { do: kill, partner: a, at: 1s }
        partners:
          b: { settings: { transport: { retryCount: 3 } } }
        expect:
          - never: { event: railLost }

        """

    private func plan(seed: UInt64, _ extent: SoakPlan.Extent = .faults(200)) throws -> SoakPlan {
        SoakPlan(seed: seed, extent: extent, bases: [try ScenarioParser.parse(Self.base, file: "base.yaml")])
    }

    @Test func theSameSeedDrawsTheSameFaults() throws {
        for number in [0, 3] {
            let one = try plan(seed: 7).chunk(number, faults: 20)
            let again = try plan(seed: 7).chunk(number, faults: 20)
            #expect(one.text == again.text)
            #expect(try plan(seed: 8).chunk(number, faults: 20).text != one.text)
        }
        #expect(try plan(seed: 7).chunk(0, faults: 20).text != plan(seed: 7).chunk(1, faults: 20).text)
    }

    @Test func aChunkHasThePairOfItsBaseAndStepsOfItsOwn() throws {
        let chunk = try plan(seed: 1).chunk(0, faults: 5)
        #expect(chunk.partners[.a]?.settings.missLimit == 10)
        #expect(chunk.partners[.b]?.settings.retryCount == 3)
        #expect(chunk.partners[.a]?.settings.clients.count == 2)
        #expect(chunk.expectations.isEmpty)
        #expect(chunk.steps.allSatisfy { $0.id != "kill-a" })
    }

    /// The parser plays the schedule: who is killed runs, who is thawed is frozen. Many seeds, so that every kind of
    /// fault lies inside every other that it may lie in.
    @Test func everyScheduleCanBeCarriedOutAndHasAsManyFaultsAsWereAskedFor() throws {
        var drawn: [StepAction: Int] = [:]
        for seed in 0..<300 as Range<UInt64> {
            let faults = Int(seed % 20) + 1
            let chunk = try plan(seed: seed).chunk(Int(seed % 3), faults: faults)
            let actions = chunk.steps.map { $0.failpoint?.act == .kill ? .kill : $0.fault }.filter(\.isFault)
            #expect(actions.count == faults, "seed \(seed)")
            for action in actions { drawn[action, default: 0] += 1 }
            #expect(chunk.steps.first?.action == .census && chunk.steps.last?.action == .census)
        }
        let total = drawn.values.reduce(0, +)
        for action in [StepAction.kill, .freeze, .cut, .powerOff] {
            #expect(drawn[action, default: 0] > total / 10, "\(action) is rare: \(drawn)")
        }
        #expect(drawn.count == 4)
    }

    @Test func partnersAreStruckAtEveryMomentOfTheirWayToReadyInBothWays() throws {
        var struck: [Failpoint.Act: Set<Failpoint.Moment>] = [:]
        var delays: [UInt64] = []
        for seed in 0..<100 as Range<UInt64> {
            for failpoint in try plan(seed: seed).chunk(0, faults: 20).steps.compactMap(\.failpoint) {
                struck[failpoint.act, default: []].insert(failpoint.after)
                delays.append(failpoint.delay.nanoseconds / 1_000)
            }
        }
        // Only one of the two sides accepts, and a strike is drawn for either.
        let moments = Set(Failpoint.Moment.allCases).subtracting([.requestAccepted])
        for act in Failpoint.Act.allCases { #expect(struck[act] == moments) }
        #expect(delays.contains(0) && delays.contains { $0 > 4_000 } && delays.allSatisfy { $0 <= 6_000 })
    }

    /// Without clients nothing is ever exchanged that such a moment could wait for.
    @Test func aPairWithoutClientsIsStruckNoLaterThanItsHandshake() throws {
        let base = try ScenarioParser.parse("name: bare\nsummary: A base.\n", file: "bare.yaml")
        for seed in 0..<50 as Range<UInt64> {
            let plan = SoakPlan(seed: seed, extent: .faults(20), bases: [base])
            for failpoint in try plan.chunk(0, faults: 20).steps.compactMap(\.failpoint) {
                #expect(![.peerInformation, .clientInformation, .portsMade].contains(failpoint.after))
            }
        }
    }

    @Test func eachRailOfTwoIsCutAndHealedByItself() throws {
        let base = try ScenarioParser.parse(Self.base + "rails: 2\n", file: "base.yaml")
        var cut: [Int?: Int] = [:]
        for seed in 0..<100 as Range<UInt64> {
            let plan = SoakPlan(seed: seed, extent: .faults(20), bases: [base])
            let chunk = try plan.chunk(0, faults: 20)
            #expect(chunk.rails == 2)
            for step in chunk.steps where step.action == .cut { cut[step.rail, default: 0] += 1 }
            #expect(
                chunk.steps.count { $0.action == .heal && $0.rail != nil }
                    == chunk.steps.count { $0.action == .cut && $0.rail != nil })
        }
        #expect(cut.count == 3 && cut.values.allSatisfy { $0 > 50 }, "\(cut)")
    }

    @Test func pausesAndCutsLieOnBothSidesOfWhatTheSettingsPromise() throws {
        var freezes: [UInt64] = []
        for seed in 0..<100 as Range<UInt64> {
            let chunk = try plan(seed: seed).chunk(0, faults: 20)
            for (index, step) in chunk.steps.enumerated() where step.action == .thaw {
                guard chunk.steps[index - 1].action == .freeze, case .after(_, let delay) = step.trigger
                else {
                    continue
                }
                freezes.append(delay.nanoseconds / 1_000_000)
            }
        }
        // Found after 11 intervals of 20 ms, and 5 ms of slack.
        #expect(freezes.contains { $0 < 200 } && freezes.contains { $0 > 300 })
        #expect(freezes.allSatisfy { (22...1_575).contains($0) }, "\(freezes.sorted())")
        #expect(
            !freezes.contains { (203...336).contains($0) }, "neither shorter nor longer: \(freezes.sorted())")
    }

    @Test func chunksEndWithTheFaultsOrWithTheTime() throws {
        let counted = try plan(seed: 1, .faults(45))
        #expect(counted.faultCount(ofChunk: 0, after: .zero) == 20)
        #expect(counted.faultCount(ofChunk: 2, after: .zero) == 5)
        #expect(counted.faultCount(ofChunk: 3, after: .zero) == nil)
        let timed = try plan(seed: 1, .time(.seconds(60)))
        #expect(timed.faultCount(ofChunk: 9, after: .seconds(59)) == 20)
        #expect(timed.faultCount(ofChunk: 1, after: .seconds(60)) == nil)
    }

    @Test func theSummaryIsNeverWiderThanATerminalAndNamesTheCommandThatReplays() throws {
        var run = try HistoryBuilder.killAndBootAgain()
        run.fault(.kill, .b, at: 1_200)
        run.remove { $0.name == .clientLost && $0.text("client") == "messenger" }
        let chunk = try plan(seed: 7).chunk(0, faults: 20)
        let result = RunResult(
            variant: ScenarioVariant(scenario: chunk, label: ""), repetition: 1, judgement: run.judgement,
            folder: "soak-7-01", start: HistoryBuilder.instant(0), duration: .seconds(2))
        #expect(result.judgement.result == .broke)
        let report = SoakReport(try plan(seed: 7), [result])
        let lines = report.lines(
            clock: "virtual", kernel: "7.3", folder: "runs/latest", Table(colours: false))
        for line in lines where !line.contains("scenario.yaml") { #expect(line.count <= 80, "\(line)") }
        #expect(lines.contains("replay: ccmlab soak --seed 7 --count 200 --clock virtual base.yaml"))
        #expect(lines.contains { $0.contains("one-loss-for-a-ready") })
        #expect(lines.contains("  again: ccmlab run runs/latest/soak-7-01/scenario.yaml"))
    }

    @Test func faultsAreCountedByWhatThePairWasAt() throws {
        var run = try HistoryBuilder.killAndBootAgain()
        run.scenario = try ScenarioParser.parse(
            HistoryBuilder.withClients
                + "steps:\n  - { do: kill, id: kill-b, partner: b, at: 1s }\n  - { do: boot, partner: b }\n",
            file: "test.yaml")
        run.fault(.kill, .b, at: 1_201, began: 1_200)
        let incidents = run.judgement.incidents
        #expect(incidents.faults == [.kill: 1])
        #expect(incidents.struck == [.ready: 1])
        #expect(incidents.verdicts[.dead] == 1 && incidents.verdicts[.alive] == 4)
        #expect(incidents.toReady.count == 2)
    }

    /// b's second life dies by its own hand at a moment of its way, of which the history tells.
    @Test(arguments: [
        (1_332.5, Incidents.Standing.handshaking), (1_334.2, .exchanging), (1_400, .ready),
        (1_331, .connecting),
    ])
    func strikesAreCountedByWhatThePairWasAt(_ moment: Double, _ standing: Incidents.Standing) throws {
        var run = try HistoryBuilder.killAndBootAgain()
        run.scenario = try ScenarioParser.parse(
            HistoryBuilder.withClients
                + "steps:\n  - { do: kill, partner: b, at: 1s }\n"
                + "  - { do: boot, id: boot-b, partner: b, killAfter: connected }\n",
            file: "test.yaml")
        run.remove {
            $0.time > HistoryBuilder.instant(moment) && $0.incarnation == HistoryBuilder.incarnation(.b, 2)
        }
        for index in run.events.indices where run.events[index].text("step") == "boot-b" {
            run.events[index].fields = JSONObject(
                run.events[index].fields.fields.map { ($0.name, $0.value) }
                    + [("killAfter", .string("connected"))])
        }
        run.add(
            moment, .b, .failpointReached,
            [("act", .string("kill")), ("dueNs", .integer(Int64(moment * 1e6)))], life: 2)
        run.gone(.b, at: moment + 1, life: 2, ("signal", 9))
        let incidents = run.judgement.incidents
        #expect(incidents.faults[.kill] == 1)
        #expect(incidents.struck == [standing: 1], "\(incidents.struck)")
    }
}
