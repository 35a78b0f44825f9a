import ClusterConnection
import StrictYAML
import Testing

@testable import LabKit

/// A partner may be any program that keeps the contract: what it tells is judged, and what it does not tell is named.
struct PartnerProgramTests {
    private static let foreign = HistoryBuilder.minimal + "partners: { b: { command: [/bin/true] } }\n"

    private static func problems(_ yaml: String) -> [String] {
        do {
            _ = try ScenarioParser.parse(HistoryBuilder.minimal + yaml, file: "test.yaml")
            return []
        } catch {
            return error.problems.map { "\($0)" }
        }
    }

    // MARK: The scenario

    @Test func commandAndNeedsAreRead() throws {
        let scenario = try ScenarioParser.parse(
            HistoryBuilder.minimal
                + "partners: { b: { command: [Lab/mine, --fast, 5], needs: [bird] } }\nbounds: { found: 300ms }\n",
            file: "test.yaml")
        #expect(
            scenario.programs == [.b: PartnerProgram(command: ["Lab/mine", "--fast", "5"], needs: ["bird"])])
        #expect(scenario.bounds.found == .milliseconds(300))
        #expect(scenario.partners[.a]?.program == nil)
    }

    @Test(arguments: [
        ("partners: { b: { command: [] } }", "partners.b.command: expected a program and its arguments"),
        ("partners: { b: { command: mine } }", "partners.b.command: expected a list"),
        ("partners: { b: { comand: [x] } }", "did you mean “command”?"),
        ("partners: { b: { needs: [bird] } }", "partners.b.needs: stands without 'command'"),
        ("partners: { b: { command: [x], lab: { killAfter: firstRead } } }", "only ccmd can strike itself"),
        ("bounds: { found: 1s }", "bounds.found: is for a partner with a 'command', and there is none"),
        (
            "partners: { b: { command: [x], bootAt: never } }\nsteps: [{ do: boot, partner: b, at: 1s, killAfter: firstRead }]",
            "steps[0].killAfter: cannot stand here: b has a 'command', and only ccmd can strike itself"
        ),
        (
            "partners: { b: { command: [x] } }\nsteps: [{ do: starve, partner: b, at: 1s, quota: 1ms, period: 10ms }]",
            "steps[0].do: starve cannot be done to b, which has a 'command'"
        ),
    ])
    func whatCannotBeIsSaidWithItsField(_ yaml: String, _ words: String) {
        #expect(Self.problems(yaml + "\n").contains { $0.contains(words) }, "\(Self.problems(yaml + "\n"))")
    }

    @Test func aProgramThatIsNotThereIsNamedWithWhatToDo() {
        func problem(_ program: PartnerProgram) -> String? {
            do throws(LabError) {
                _ = try program.path(root: "/usr")
                return nil
            } catch {
                return error.description
            }
        }
        #expect(
            problem(PartnerProgram(command: ["bin/no-such"], needs: []))?.contains("“bin/no-such”") == true)
        #expect(
            problem(PartnerProgram(command: ["sh"], needs: ["no-such-tool"]))?.contains(
                "sh needs “no-such-tool”, which is not there: install it") == true)
        #expect(problem(PartnerProgram(command: ["bin"], needs: [])) != nil, "a folder is no program")
        #expect(
            problem(PartnerProgram(command: ["bin/env"], needs: ["sh", "lib/os-release", "/usr/lib"])) == nil)
    }

    @Test func argumentsThatAreFilesGoWithTheProgram() {
        let program = PartnerProgram(
            command: ["bin/env", "lib/os-release", "no/such", "--x"], needs: ["no-such-tool"])
        #expect(program.files(root: "/usr") == ["/usr/bin/env", "/usr/lib/os-release"])
    }

    @Test func theSimulatorSaysWhyItRunsNone() throws {
        let scenario = try ScenarioParser.parse(Self.foreign, file: "test.yaml")
        #expect(SimulatedRun.obstacle(scenario)?.contains("partner b is a program of its own, true") == true)
    }

    @Test func theEnvironmentTellsWhatTheConfigurationDoes() {
        let told = Dictionary(
            uniqueKeysWithValues: PartnerSettings(.b).environment(for: .b).map { ($0.name, $0.value) })
        #expect(told["CCM_PARTNER"] == "b")
        #expect(told["CCM_NODE"] == "2")
        #expect(told["CCM_PARTNER_ADDRESS"] == "10.77.0.1")
        #expect(told["CCM_INTERFACE"] == "ccm-b0")
        #expect(told["CCM_HEARTBEAT_NS"] == "10000000")
    }

    // MARK: The history

    private static func line(_ event: String) -> ArraySlice<UInt8> {
        Array(#"{"time":1,"partner":"b","incarnation":"00c0ffee00c0ffee","event":\#(event)}"#.utf8)[...]
    }

    private static func speech(_ parts: HistoryPart...) -> HistorySpeech {
        HistorySpeech(isForeign: true, parts: Set(parts))
    }

    @Test(arguments: [
        (#""started","pid":1"#, HistorySpeech.unsaid, "started needs 'speaks', a list"),
        (#""started","pid":1,"speaks":"phases""#, .unsaid, "started needs 'speaks', a list"),
        (#""started","pid":1,"speaks":["phases","moods"]"#, .unsaid, "of phases, handshake, exchange"),
        (#""started","speaks":[]"#, .unsaid, "needs 'pid'"),
        (#""listening""#, .unsaid, "needs 'address'"),
        (#""listening","address":"x""#, speech(.handshake), "needs 'port'"),
        (#""established""#, .unsaid, "needs 'connection'"),
        (#""established","connection":1"#, speech(.incarnations), "needs 'partnerIncarnation'"),
        (#""established","connection":1"#, speech(.handshake), "needs 'queuePair'"),
        (#""verdict","verdict":"gone""#, .unsaid, "'verdict' must be one of alive"),
    ])
    func aLineThatBreaksTheContractIsSaidWhy(_ event: String, _ speech: HistorySpeech, _ words: String) {
        #expect {
            try EventLine.event(Self.line(event), of: .b, speech: speech)
        } throws: { error in
            "\(error)".contains(words)
        }
    }

    @Test func whoTellsLittleNeedsFewFields() throws {
        for event in [
            #""started","pid":1,"speaks":[]"#, #""listening","address":"10.77.0.2""#,
            #""connected","connection":1"#,
            #""established","connection":1"#, #""verdict","verdict":"none""#, #""stopped""#,
        ] {
            _ = try EventLine.event(Self.line(event), of: .b, speech: .unsaid)
        }
    }

    @Test func aHistoryHearsWhatItSpeaks() {
        var history = PartnerHistory(partner: .b, speech: .unsaid)
        let lines = [#""started","pid":1,"speaks":["incarnations"]"#, #""established","connection":1"#]
        for line in lines {
            _ = history.take(Array(Self.line(line)) + [0x0A], at: Instant(nanoseconds: .max))
        }
        #expect(history.badLines.map(\.line) == [2])
    }

    // MARK: The checker

    /// A good run whose partner b is a program that speaks so, and that has written nothing else.
    private static func run(_ parts: [HistoryPart], _ yaml: String = "") throws -> HistoryBuilder {
        var run = try HistoryBuilder.goodRun(foreign + yaml)
        let speaks = JSONValue.array(parts.map { .string($0.rawValue) })
        run.events = run.events.map { event in
            guard event.partner == .b, event.name == .started else { return event }
            var event = event
            event.fields = JSONObject(event.fields.fields.map { ($0.name, $0.value) } + [("speaks", speaks)])
            return event
        }
        let signs: [EventName: HistoryPart] = [
            .bootPhase: .phases, .firstReadPosted: .handshake, .firstReadCompleted: .handshake,
            .firstWritePosted: .handshake, .firstWriteCompleted: .handshake, .secondReadPosted: .handshake,
            .secondReadCompleted: .handshake, .secondWritePosted: .handshake,
            .secondWriteCompleted: .handshake,
            .greetingSeen: .handshake, .confirmationSeen: .handshake, .messageSent: .exchange,
            .messageReceived: .exchange, .readySaid: .exchange, .partnerReady: .exchange,
        ]
        run.remove { event in
            event.partner == .b && (signs[event.name].map { !parts.contains($0) } ?? false)
        }
        return run
    }

    @Test func aProgramThatTellsTheLeastHoldsAndIsNotJudgedByTheRest() throws {
        let judgement = try Self.run([]).judgement
        #expect(judgement.result == .held, "\(judgement.broken)")
        #expect(judgement.unjudged.allSatisfy { $0.partner == .b })
        let rules = judgement.unjudged.map(\.rule)
        #expect(
            rules.contains(.handshakeOrder) && rules.contains(.readyAgain)
                && rules.contains(.establishedAlive))
        #expect(!rules.contains(.aliveMeansAlive) && !rules.contains(.connectedAgain))
        #expect(judgement.unjudged.first { $0.rule == .foundInTime }?.text.contains("in time") == true)
    }

    @Test func aProgramThatTellsAllIsJudgedByAll() throws {
        let judgement = try Self.run(HistoryPart.allCases).judgement
        #expect(judgement.result == .held, "\(judgement.broken)")
        #expect(judgement.unjudged.isEmpty)
    }

    @Test(arguments: [HistoryPart.phases, .handshake, .exchange])
    func whoSaysThatItTellsAPartAndDoesNotBreaks(_ part: HistoryPart) throws {
        var run = try Self.run(HistoryPart.allCases)
        run.remove { $0.partner == .b && $0.name == part.sign }
        #expect(run.brokenRules.contains(.historySound), "\(run.words)")
        #expect(run.words.contains("says that it speaks '\(part.rawValue)', and writes no"))
    }

    @Test func aLossHasToBeFoundInTimeByAnyVerdict() throws {
        var found = try Self.run([])
        found.fault(.cut, nil, at: 500)
        found.verdict("unreachable", by: .a, at: 600)
        found.verdict("hung", by: .b, at: 600)
        #expect(found.judgement.result == .held, "\(found.words)")
        var never = try Self.run([])
        never.fault(.cut, nil, at: 500)
        never.verdict("unreachable", by: .a, at: 600)
        #expect(never.brokenRules == [.foundInTime], "\(never.words)")
    }

    @Test func whoTellsCausesHasToNameTheRightOne() throws {
        var run = try Self.run([.causes])
        run.fault(.cut, nil, at: 500)
        run.verdict("unreachable", by: .a, at: 600)
        run.verdict("hung", by: .b, at: 600)
        #expect(run.brokenRules == [.foundInTime], "\(run.words)")
    }

    @Test func aBoundOfItsOwnIsForTheProgramAlone() throws {
        let late = "bounds: { found: 400ms }\n"
        var run = try Self.run([], late)
        run.fault(.cut, nil, at: 500)
        run.verdict("unreachable", by: .a, at: 600)
        run.verdict("unreachable", by: .b, at: 890)
        #expect(run.judgement.result == .held, "\(run.words)")
        run.remove { $0.name == .verdict && $0.partner == .a && $0.time > HistoryBuilder.instant(500) }
        run.verdict("unreachable", by: .a, at: 890)
        #expect(run.brokenRules == [.foundInTime], "\(run.words)")
    }

    @Test func aFalseAlarmOfAProgramBreaks() throws {
        var run = try Self.run([])
        run.verdict("unreachable", by: .b, at: 800)
        #expect(run.brokenRules.contains(.aliveMeansAlive), "\(run.words)")
    }

    @Test func aProgramThatNeverStartsIsNotRunWithTheLineThatIsWrong() throws {
        var run = try Self.run([])
        run.remove { $0.partner == .b }
        run.gone(.b, at: 200, ("status", 0))
        var record = run.record
        record.badLines = [BadLine(partner: .b, line: 1, problem: "not JSON at byte 0: expected a value")]
        guard case .notRun(let reason) = Checker.judge(record).result else {
            Issue.record("it was judged")
            return
        }
        #expect(
            reason == "partner b (true) could not start: line 1 of its history (history-b.jsonl): "
                + "not JSON at byte 0: expected a value")
    }

    @Test func aProgramThatIsStoppedBeforeItSaysAnythingIsNotRun() throws {
        var run = try Self.run([])
        run.remove { $0.partner == .b && $0.name != .processEnded }
        run.remove { $0.partner == .a && $0.time > HistoryBuilder.instant(131) && $0.name != .processEnded }
        guard case .notRun(let reason) = run.judgement.result else {
            Issue.record("it was judged: \(run.words)")
            return
        }
        #expect(reason.contains("partner b (true) ran until it was told to stop, and never wrote “started”"))
    }

    @Test func theVerdictNamesWhatWasNotJudged() throws {
        let run = try Self.run([.phases, .handshake, .exchange, .causes, .incarnations])
        let result = RunResult(
            variant: ScenarioVariant(scenario: run.scenario, label: ""), repetition: 1,
            judgement: run.judgement,
            folder: "x", start: HistoryBuilder.instant(0), duration: .seconds(2))
        let text = JSONText.compact(VerdictsJSON.run(result))
        #expect(
            text.contains(
                #""notJudged":[{"partner":"b","rule":"ready-when-both-can-receive","lacks":["clients"]}"#))
        let lines = Table.unjudged([result]).joined(separator: " ")
        #expect(lines.contains("not judged of b (true), whose history does not tell of it: ready-when"))
        #expect(lines.hasSuffix("(test)"))
    }

    // MARK: The director

    @Test func aRunDoesNotWaitForTheReadyOfWhoNeverSaysIt() throws {
        let yaml = "partners: { b: { command: [x] }, a: { command: [x] } }\nsettle: 100ms\n"
        for (speaks, ends) in [([JSONValue](), true), ([.string("exchange")], false)] {
            var director = Director(
                try ScenarioParser.parse(HistoryBuilder.minimal + yaml, file: "test.yaml"),
                start: HistoryBuilder.instant(0))
            _ = director.orders(at: HistoryBuilder.instant(0))
            for partner in PartnerID.allCases {
                func hear(_ name: EventName, _ fields: [(String, JSONValue)]) {
                    director.heard(
                        HistoryEvent(
                            time: HistoryBuilder.instant(10), partner: partner,
                            incarnation: HistoryBuilder.incarnation(partner), name: name,
                            fields: JSONObject(fields)))
                }
                hear(.started, [("speaks", .array(speaks))])
                hear(.listening, [])
                hear(.established, [("connection", .integer(1))])
                hear(.verdict, [("verdict", .string("alive"))])
            }
            _ = director.orders(at: HistoryBuilder.instant(10))
            #expect((director.orders(at: HistoryBuilder.instant(200)) == [.end(.finished)]) == ends)
        }
    }
}
