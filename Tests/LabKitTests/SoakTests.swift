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
            fabric: "netns in a VM", clock: "virtual", kernel: "7.3", folder: "runs/latest",
            Table(colours: false))
        for line in lines where !line.contains("scenario.yaml") { #expect(line.count <= 80, "\(line)") }
        #expect(
            lines.contains("replay: ccmlab soak --seed 7 --count 200 --fabric vm --clock virtual base.yaml"))
        // No other place has a choice of clocks.
        #expect(report.replay("uml", "virtual") == "ccmlab soak --seed 7 --count 200 --fabric uml base.yaml")
        #expect(lines.contains { $0.contains("one-loss-for-a-ready") })
        #expect(lines.contains("  again: ccmlab run runs/latest/soak-7-01/scenario.yaml"))
    }

    @Test(arguments: [
        (
            SoakPlan.Extent.faults(200), 1,
            "interrupted: 1 of 10 chunks are done; the one that was under way is not counted"
        ),
        (.faults(20), 0, "interrupted: 0 of 1 chunks are done; the one that was under way is not counted"),
        (
            .time(.seconds(3_600)), 1,
            "interrupted: before 3600s were over, 1 chunk is done; the one that was under way is not counted"
        ),
        (
            .time(.seconds(90)), 0,
            "interrupted: before 90s were over, no chunks are done; the one that was under way is not counted"
        ),
    ])
    func anInterruptedSoakSaysWhatIsDoneAndWhatIsNot(
        _ extent: SoakPlan.Extent, _ chunks: Int, _ words: String
    ) throws {
        let plan = try plan(seed: 7, extent)
        let results = try (0..<chunks).map { number in
            RunResult(
                variant: ScenarioVariant(scenario: try plan.chunk(number, faults: 20), label: ""),
                repetition: 1,
                judgement: try HistoryBuilder.killAndBootAgain().judgement, folder: "soak-7-01",
                start: HistoryBuilder.instant(0), duration: .seconds(2))
        }
        let report = SoakReport(plan, results, isComplete: false)
        let lines = report.lines(
            fabric: "netns in a VM", clock: "virtual", kernel: "7.3", folder: "runs/latest",
            Table(colours: false))
        for line in lines { #expect(line.count <= 80, "\(line)") }
        #expect(lines.joined(separator: " ").contains(words), "\(lines)")
        // What was not done is not done by the command either that does the rest again.
        #expect(
            lines.contains("replay: ccmlab soak --seed 7 --count 20 --fabric vm --clock virtual base.yaml")
                == (chunks == 1))
    }

    @Test func theChunksOfAPartAreCountedByThatPart() throws {
        let parts = ["1/3", "2/3", "3/3"].compactMap { Shard(text: $0) }
        let plan = try plan(seed: 7, .faults(195))
        let counts = parts.map { plan.chunkCount(in: $0) ?? 0 }
        #expect(counts.reduce(0, +) == 10 && plan.chunkCount(in: .whole) == 10)
        let drawn = try (0..<10).map { try plan.chunk($0, faults: 20).name }
        #expect(counts == parts.map { part in drawn.count { part.contains($0) } })
    }

    /// Whoever ends the machine in which a soak runs has the chunks that were brought out of it, one by one.
    @Test func whatIsToldOfTheFolderIsWhatTheSoakItselfWouldHaveTold() throws {
        let folder = try Files.makeOwnFolder("/tmp/ccm-lab-test.")
        defer { Files.removeFolder(folder) }
        let plan = try plan(seed: 7, .faults(60))
        let table = Table(colours: false)
        let nothing = try SoakReport.ofInterrupted(plan, shard: .whole, in: folder, table)
        #expect(!nothing.hasRuns && nothing.lines.contains("run folder: \(folder)"), "\(nothing.lines)")

        let results = try (0..<2).map { number in
            let variant = ScenarioVariant(scenario: try plan.chunk(number, faults: 3), label: "")
            let record = try SimulatedRun.run(variant, seed: 1)
            let start = try #require(record.events.first).time
            let result = RunResult(
                variant: variant, repetition: 1, judgement: Checker.judge(record),
                folder: variant.scenario.name, start: start,
                duration: try #require(record.events.last).time - start)
            let path = "\(folder)/\(result.folder)"
            try Files.makeFolder(path)
            try Files.write(variant.scenario.text, to: "\(path)/scenario.yaml")
            try Files.write(record.events.map { $0.line + "\n" }.joined(), to: "\(path)/events.jsonl")
            try JudgedRun.write(result, to: path)
            return result
        }
        try Files.write(
            JSONText.pretty(LabEnvironment.simulated(seeds: .fixed(1), root: folder).json),
            to: "\(folder)/environment.json")
        try Files.write(JSONText.pretty(VerdictsJSON.document(results)), to: "\(folder)/verdicts.json")
        // Of the chunk that was under way there may be anything.
        try Files.makeFolder("\(folder)/soak-7-03")
        try Files.write("{\"result\": \"he", to: "\(folder)/soak-7-03/verdict.json")

        let told = try SoakReport.ofInterrupted(plan, shard: .whole, in: folder, table)
        let own = SoakReport(plan, results, isComplete: false)
        #expect(
            told.lines
                == [""]
                + own.lines(fabric: "netns in a VM", clock: "virtual", kernel: "none", folder: folder, table))
        #expect(told.hasRuns && told.lines.contains { $0.hasPrefix("interrupted: 2 of 3 chunks are done") })
        let json = try #require(Files.text(of: "\(folder)/soak.json"))
        #expect(json == JSONText.pretty(own.json) && json.contains("\"complete\": false"))
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
