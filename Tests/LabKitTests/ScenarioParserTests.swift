import Addressing
import ClusterConnection
import StrictYAML
import Testing

@testable import LabKit

/// A scenario is read whole or not at all, and what is wrong is said with its line, field and expectation.
struct ScenarioParserTests {
    @Test func theSimplestScenarioIsTwoLines() throws {
        let scenario = try ScenarioParser.parse(HistoryBuilder.minimal, file: "test.yaml")
        #expect(scenario.name == "test")
        #expect(scenario.partners[.a]?.bootAt == .zero)
        #expect(scenario.partners[.b]?.settings.missLimit == 50)
        #expect(scenario.until == .settled)
        #expect(scenario.variants.count == 1)
    }

    @Test func everythingThatCanBeWrittenIsRead() throws {
        let scenario = try ScenarioParser.parse(
            """
            name: all
            summary: Everything.
            claims: [C1a, C21]
            tags: [quick]
            settings:
              heartbeat: { interval: 20ms, missLimit: 5 }
              transport: { ackTimeout: 14, retryCount: 3 }
            partners:
              a: { bootAt: 10ms, boot: { storageOSActive: 9s } }
              b:
                bootAt: never
                settings: { role: applicationServer, connect: { backoffCap: 50ms }, rail: { address: 10.0.0.9 } }
                lab: { killAfter: secondRead }
            steps:
              - { do: boot, partner: b, at: 1s, killAfter: firstWrite, id: late }
              - { do: cut, after: { step: late }, delay: 5ms }
              - { do: heal, after: { partner: a, event: verdict, where: { verdict: dead or hung }, count: 2 } }
            expect:
              - { partner: a, event: established, within: 1s, of: { step: heal } }
              - { never: { partner: b, event: failed } }
              - anyOf: [{ event: retired }, { event: handshakeFailed }]
            until: { event: established, count: 3, since: { step: cut } }
            settle: 10ms
            deadline: 5s
            bounds: { connect: 2s, dead: 30ms, slack: 1ms }
            """, file: "all.yaml")
        #expect(scenario.claims == [.c1a, .c21])
        #expect(scenario.partners[.a]?.settings.storageOSActive == .seconds(9))
        #expect(scenario.partners[.a]?.settings.heartbeatInterval == .milliseconds(20))
        #expect(scenario.partners[.b]?.bootAt == nil)
        #expect(scenario.partners[.b]?.failpoint == Failpoint(.kill, after: .secondRead))
        #expect(scenario.steps[0].failpoint == Failpoint(.kill, after: .firstWrite))
        #expect(scenario.partners[.b]?.settings.role == "applicationServer")
        #expect(scenario.partners[.b]?.settings.address == "10.0.0.9")
        #expect(scenario.steps.map(\.id) == ["late", "cut", "heal"])
        #expect(scenario.steps[1].trigger == .after(.step("late"), delay: .milliseconds(5)))
        let pattern = EventPattern(
            partner: .a, event: .verdict, fields: [FieldPattern(name: "verdict", values: ["dead", "hung"])])
        #expect(scenario.steps[2].trigger == .after(.event(pattern, count: 2, since: .start), delay: .zero))
        #expect(scenario.expectations.count == 3)
        #expect(scenario.expectations[1].never)
        #expect(scenario.expectations[2].patterns.count == 2)
        #expect(scenario.bounds.dead == .milliseconds(30))
    }

    @Test(arguments: RailAddress.Kind.allCases)
    func theAddressingIsThatOfBothPartners(_ kind: RailAddress.Kind) throws {
        let scenario = try ScenarioParser.parse(
            HistoryBuilder.minimal + "addressing: \(kind.rawValue)\n", file: "test.yaml")
        for partner in PartnerID.allCases {
            let settings = try #require(scenario.partners[partner]?.settings)
            let own = try RailAddress(settings.address)
            let other = try RailAddress(settings.partnerAddress)
            #expect(own.kind == kind)
            #expect(other.kind == kind)
            #expect(other.problem(asPartnerOf: own) == nil)
            #expect(settings.partnerAddress == scenario.partners[partner.other]?.settings.address)
            let file = settings.configuration(for: partner, control: nil, failpoint: nil)
            #expect(file.contains("  address: \(settings.address)\n"))
        }
    }

    @Test func withoutAddressingTheAddressesAreIPv4() throws {
        let scenario = try ScenarioParser.parse(HistoryBuilder.minimal, file: "test.yaml")
        #expect(scenario.partners[.a]?.settings.address == "10.77.0.1")
        #expect(scenario.partners[.b]?.settings.address == "10.77.0.2")
    }

    @Test func whatIsTakenFromAPartnerCanBeGivenBack() throws {
        let scenario = try ScenarioParser.parse(
            HistoryBuilder.minimal
                + """
                steps:
                  - { do: removeAddress, partner: b, at: 0ms }
                  - { do: addAddress, partner: b }
                  - { do: removeDevice, partner: b }
                  - { do: addDevice, partner: b }
                """, file: "test.yaml")
        #expect(
            scenario.steps.map(\.id) == [
                "remove-address-b", "add-address-b", "remove-device-b", "add-device-b",
            ]
        )
        #expect(scenario.steps.map(\.action.taken) == [.address, nil, .device, nil])
        #expect(scenario.steps.map(\.action.given) == [nil, .address, nil, .device])
    }

    @Test(
        arguments: [
            (["addAddress"], "b has its address"), (["addDevice"], "b has its device"),
            (["removeAddress", "addDevice"], "b has its device"),
            (["removeAddress", "removeDevice"], "b has no address already"),
            (["removeDevice", "removeDevice"], "b has no device already"),
            (["removeDevice", "powerOff"], "b has no device to come back with"),
        ])
    func whatCannotBeTakenOrGivenIsRefused(_ actions: [String], _ words: String) {
        let steps = actions.map { "  - { do: \($0), partner: b, at: 0ms }\n" }.joined()
        let problems = problems(of: HistoryBuilder.minimal + "steps:\n" + steps)
        #expect(problems.count == 1)
        #expect(problems.first?.text.contains(words) == true, "\(problems)")
    }

    @Test func aSweepBecomesARunForEachValue() throws {
        let scenario = try ScenarioParser.parse(
            HistoryBuilder.minimal + "sweep: { skew: [-5ms, 0ms, 7ms] }\n", file: "test.yaml")
        let variants = scenario.variants
        #expect(variants.map(\.title) == ["test skew=-5ms", "test skew=0ms", "test skew=7ms"])
        #expect(variants.map { $0.scenario.partners[.a]?.bootAt } == [.milliseconds(5), .zero, .zero])
        #expect(variants.map { $0.scenario.partners[.b]?.bootAt } == [.zero, .zero, .milliseconds(7)])
    }

    @Test(
        arguments: [
            ("nmae: x\nsummary: y\n", 1, "nmae", "did you mean “name”"),
            ("summary: y\n", 1, "name", "is missing"),
            ("name: Big Name\nsummary: y\n", 1, "name", "lower-case"),
            (
                "name: x\nsummary: y\nsteps:\n  - { do: kill, partner: b, at: 1s }\n"
                    + "  - { do: boot, partner: b, after: { step: kill-b, count: 2 } }\n",
                5, "steps[1].after.count", "belongs to an event"
            ),
            (
                "name: x\nsummary: y\nsettings: { connect: { attemptTimeout: 1441min } }\n", 3,
                "settings.connect.attemptTimeout", "at most a day"
            ),
            ("name: x\nsummary: y\nsettle: 5\n", 3, "settle", "a duration such as"),
            ("name: x\nsummary: y\nclaims: [C1z]\n", 3, "claims", "“C1z” is not a claim"),
            (
                "name: x\nsummary: y\nsettings:\n  transport: { retryCount: 7 }\n", 4,
                "settings.transport.retryCount", "1 to 6"
            ),
            (
                "name: x\nsummary: y\nsettings:\n  heartbeat: { intervall: 1ms }\n", 4,
                "settings.heartbeat.intervall", "did you mean “interval”"
            ),
            ("name: x\nsummary: y\nsettings: { node: 4 }\n", 3, "settings.node", "no field here"),
            ("name: x\nsummary: y\nsettings: { cluster: abc }\n", 3, "settings.cluster", "a UUID"),
            ("name: x\nsummary: y\npartners:\n  c: {}\n", 4, "partners.c", "no field here"),
            (
                "name: x\nsummary: y\npartners:\n  a: { boot: { ccmStarting: 5s } }\n", 4,
                "partners.a.boot.storageOSLoading", "or later"
            ),
            ("name: x\nsummary: y\nsweep: { skew: [] }\n", 3, "sweep.skew", "at least one"),
            ("name: x\nsummary: y\nsweep: { skew: [1ms, 1ms] }\n", 3, "sweep.skew", "twice"),
            (
                "name: x\nsummary: y\npartners: { a: { bootAt: 1s } }\nsweep: { skew: [1ms] }\n", 4,
                "sweep.skew", "bootAt"
            ),
            ("name: x\nsummary: y\nsteps:\n  - { partner: b, at: 1s }\n", 4, "steps[0].do", "is missing"),
            (
                "name: x\nsummary: y\nsteps:\n  - { do: kil, partner: b, at: 1s }\n", 4, "steps[0].do",
                "did you mean “kill”"
            ),
            ("name: x\nsummary: y\nsteps:\n  - { do: kill, at: 1s }\n", 4, "steps[0].partner", "is missing"),
            (
                "name: x\nsummary: y\nsteps:\n  - { do: heal, partner: a, at: 1s }\n", 4, "steps[0].partner",
                "done to the rail"
            ),
            (
                "name: x\nsummary: y\nsteps:\n  - { do: kill, partner: b }\n", 4, "steps[0].after",
                "needs 'at' or 'after'"
            ),
            (
                "name: x\nsummary: y\nsteps:\n  - { do: kill, partner: b, at: 1s, delay: 1s }\n", 4,
                "steps[0].delay", "beside 'at'"
            ),
            (
                "name: x\nsummary: y\nsteps:\n  - { do: thaw, partner: b, at: 1s }\n", 4, "steps[0].do",
                "b is not frozen"
            ),
            (
                "name: x\nsummary: y\nsteps:\n  - { do: boot, partner: b, at: 1s }\n", 4, "steps[0].do",
                "b runs already"
            ),
            ("name: x\nsummary: y\nsteps:\n  - { do: heal, at: 1s }\n", 4, "steps[0].do", "not cut"),
            (
                "name: x\nsummary: y\nsteps:\n  - { do: kill, partner: b, at: 1s }\n  - { do: stop, partner: b }\n",
                5, "steps[1].do", "b does not run"
            ),
            (
                "name: x\nsummary: y\nsteps:\n  - { do: freeze, partner: b, at: 1s }\n  - { do: stop, partner: b }\n",
                5, "steps[1].do", "cannot say goodbye"
            ),
            (
                "name: x\nsummary: y\nsteps:\n  - { do: kill, partner: b, at: 1s, killAfter: firstRead }\n",
                4, "steps[0].killAfter", "boots a partner"
            ),
            (
                "name: x\nsummary: y\nsteps:\n  - { do: reboot, partner: b, at: 1s, freezeAfter: firstRead }\n",
                4, "steps[0].freezeAfter", "boots a partner"
            ),
            (
                "name: x\nsummary: y\npartners: { b: { lab: { freezeAfter: portsMade } } }\n", 3,
                "partners.b.lab.freezeAfter", "expected in a step"
            ),
            (
                "name: x\nsummary: y\npartners: { b: { lab: { failDelay: 1ms } } }\n", 3,
                "partners.b.lab.failDelay", "stands without"
            ),
            (
                "name: x\nsummary: y\nsteps:\n  - { do: kill, partner: b, after: { step: later } }\n", 4,
                "steps[0].after.step", "earlier step"
            ),
            (
                "name: x\nsummary: y\nsteps:\n  - { do: kill, partner: b, after: { event: establishd } }\n",
                4, "steps[0].after.event", "did you mean “established”"
            ),
            (
                "name: x\nsummary: y\nsteps:\n  - { do: kill, partner: b, after: { partner: a } }\n", 4,
                "steps[0].after.event", "is missing"
            ),
            ("name: x\nsummary: y\nexpect:\n  - { within: 1s }\n", 4, "expect[0].event", "is missing"),
            (
                "name: x\nsummary: y\nexpect:\n  - { event: failed, never: { event: failed } }\n", 4,
                "expect[0].never", "one of event, never and anyOf"
            ),
            (
                "name: x\nsummary: y\nexpect:\n  - { event: verdict, where: { verdict: deaf } }\n", 4,
                "expect[0].where.verdict", "did you mean “dead”"
            ),
            (
                "name: x\nsummary: y\nexpect:\n  - { event: verdict, of: { step: kill-b } }\n", 4,
                "expect[0].of.step", "there is none"
            ),
        ])
    func aMistakeIsNamedWithItsLineFieldAndExpectation(
        _ yaml: String, _ line: Int, _ field: String, _ words: String
    ) {
        let problems = problems(of: yaml)
        #expect(
            problems.contains { $0.line == line && $0.field == field && $0.text.contains(words) },
            "\(problems.map(\.description).joined(separator: "\n"))")
        #expect(problems.allSatisfy { $0.source == "bad.yaml" })
    }

    @Test func allMistakesAreReportedAtOnceInTheOrderOfTheLines() {
        let problems = problems(of: "name: x\nsummry: y\nsettle: soon\nsteps:\n  - { do: fly, at: 1s }\n")
        #expect(problems.map(\.line).map { $0 ?? 0 } == problems.map(\.line).map { $0 ?? 0 }.sorted())
        #expect(Set(problems.map(\.field)).isSuperset(of: ["summry", "summary", "settle", "steps[0].do"]))
    }

    @Test(arguments: [
        "", "- a\n- b\n", "name: [\n", "name: x\nname: y\n", "\u{0}", "&a [*a]", "a: &b {c: *b}",
    ])
    func whatIsNoScenarioAtAllIsRefusedAndNothingTraps(_ yaml: String) {
        #expect(!problems(of: yaml).isEmpty)
    }

    @Test func damagedScenariosNeverTrap() throws {
        var generator = SplitMix(seed: 7)
        let files = try shipped()
        for round in 0..<400 {
            var bytes = Array(files[round % files.count].text.utf8)
            for _ in 0...Int(generator.next() % 4) {
                let place = Int(generator.next() % UInt64(bytes.count))
                if generator.next() % 2 == 0 {
                    bytes[place] = UInt8(truncatingIfNeeded: generator.next())
                } else {
                    bytes.remove(at: place)
                }
            }
            _ = try? ScenarioParser.parse(String(decoding: bytes, as: UTF8.self), file: "damaged.yaml")
        }
    }

    @Test func everyScenarioOfTheProjectIsReadAndNamedAfterItsFile() throws {
        let scenarios = try shipped()
        #expect(scenarios.count >= 30)
        for scenario in scenarios {
            #expect(scenario.file.hasSuffix("/\(scenario.name).yaml"))
        }
    }

    @Test func aLoadAndWhatIsKeptAreRead() throws {
        let plain = try ScenarioParser.parse(HistoryBuilder.minimal, file: "plain.yaml")
        #expect(plain.busyLoops == 0 && plain.capturesPackets)
        let loaded = try ScenarioParser.parse(
            HistoryBuilder.minimal + "load: { busyLoops: 2 }\ncapture: none\n", file: "loaded.yaml")
        #expect(loaded.busyLoops == 2 && !loaded.capturesPackets)
        #expect(problems(of: HistoryBuilder.minimal + "load: { busyLoops: 0 }\n").count == 1)
        #expect(problems(of: HistoryBuilder.minimal + "load: {}\n").count == 1)
        #expect(problems(of: HistoryBuilder.minimal + "capture: everything\n").count == 1)
    }

    @Test func aCensusIsTakenOfBothPartners() throws {
        let yaml = HistoryBuilder.minimal + "steps: [{ do: census, at: 1s }]\n"
        #expect(try ScenarioParser.parse(yaml, file: "census.yaml").steps.map(\.action) == [.census])
        let problems = problems(
            of: HistoryBuilder.minimal + "steps: [{ do: census, partner: a, at: 1s }]\n")
        #expect(problems.count == 1)
        #expect(problems.first?.description.contains("census is done to both partners") == true)
    }

    @Test func aPathThatIsNoScenarioIsNamed() {
        do {
            _ = try ScenarioLibrary.load(["/nowhere/at-all.yaml"])
            Issue.record("a file that does not exist was read")
        } catch {
            #expect(error.problems.first?.description.contains("/nowhere/at-all.yaml: no such file") == true)
        }
    }

    @Test func scenariosAreChosenByTheirTags() throws {
        let quick = try shipped(tags: ["quick"])
        #expect(!quick.isEmpty && quick.allSatisfy { $0.tags.contains("quick") })
        let both = try shipped(tags: ["quick", "soak"])
        #expect(both.count == quick.count + (try shipped(tags: ["soak"])).count)
        do {
            _ = try shipped(tags: ["quik"])
            Issue.record("a tag that no scenario has was taken")
        } catch let problems as InputProblems {
            #expect(
                problems.description.contains(
                    "none of the scenarios has the tag “quik”; did you mean “quick”?"))
        }
    }

    private func shipped(tags: [String] = []) throws -> [Scenario] {
        let root = #filePath.split(separator: "/").dropLast(3).joined(separator: "/")
        return try ScenarioLibrary.load(["/\(root)/Lab/scenarios"], tags: tags)
    }

    @Test func aWordThatIsMisspeltMakesNothingElseWrong() {
        let yaml = """
            name: x
            summary: y
            steps:
              - { do: degrad, packets: { loss: 5% }, at: 1s }
              - { do: restore, delay: 1s }
              - { do: linkDwn, partner: b, times: 2, interval: 1s }
              - { do: linkUp, partner: b, delay: 1s }

            """
        let problems = problems(of: yaml)
        #expect(problems.map(\.field) == ["steps[0].do", "steps[2].do"], "\(problems)")
        #expect(problems.map(\.column) == [11, 11])
    }

    private func problems(of yaml: String) -> [InputProblem] {
        do {
            _ = try ScenarioParser.parse(yaml, file: "bad.yaml")
            return []
        } catch {
            return error.problems
        }
    }
}
