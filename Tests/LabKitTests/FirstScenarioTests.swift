import Foundation
import StrictYAML
import Testing

@testable import LabKit

/// Who writes a scenario after the README alone, and makes mistakes, is led to all of them at once: file, line, column, field, and
/// the nearest valid name. `docs/first-scenario.md` tells of the exercise, with these texts.
struct FirstScenarioTests {
    private static func document() throws -> String {
        let tests = URL(filePath: #filePath).deletingLastPathComponent()
        return try String(contentsOf: tests.appending(path: "../../docs/first-scenario.md"), encoding: .utf8)
    }

    /// The scenario of that name, as it stands in the document: indented, up to a line that is empty.
    private static func scenario(_ name: String) throws -> String {
        let lines = try document().split(separator: "\n", omittingEmptySubsequences: false)
        let start = try #require(lines.firstIndex(of: "    name: \(name)"))
        return lines[start...].prefix { !$0.isEmpty }.map { "\($0.dropFirst(4))\n" }.joined()
    }

    private static func problems(_ text: String, file: String = "test.yaml") -> [InputProblem] {
        do {
            _ = try ScenarioParser.parse(text, file: file)
            return []
        } catch {
            return error.problems
        }
    }

    @Test(arguments: [
        (
            "freeze-under-load",
            [
                "freeze-under-load.yaml:10:33: steps[0].after.event: “clientsReady” is not an event; did you mean “clientReady”?",
                "freeze-under-load.yaml:14:12: steps[1].delay: expected a duration such as 500us, 10ms or 2s, found “2 s”",
                "freeze-under-load.yaml:20:17: expect[0].of.step: “freeze_b” is not the id of a step; did you mean “freeze-b”?",
            ]
        ),
        (
            "one-rail-of-two",
            [
                "one-rail-of-two.yaml:8:11: steps[0].rail: expected a rail from 0 to 1, found “2”",
                "one-rail-of-two.yaml:16:52: expect[1].where.rial: is no field of railFault; did you mean “rail”?",
                "one-rail-of-two.yaml:17:48: expect[2].within: expected a duration such as 500us, 10ms or 2s, found “200”",
            ]
        ),
    ])
    func allThreeMistakesAreToldAtOnceWithTheNearestName(_ name: String, _ messages: [String]) throws {
        let problems = Self.problems(try Self.scenario(name), file: "\(name).yaml")
        #expect(problems.map(\.description) == messages)
        let document = try Self.document()
        for message in messages { #expect(document.contains("    \(message)\n"), "\(message)") }
    }

    @Test func aStepThatCannotBeReadIsReportedOnceAndNotWhereverItIsNamed() {
        let problems = Self.problems(
            "name: x\nsummary: y\nsteps:\n  - { do: unfreeze, partner: b, at: 1s }\n"
                + "expect:\n  - { partner: a, event: verdict, of: { step: thaw-b } }\n")
        #expect(problems.map(\.field) == ["steps[0].do"])
    }

    @Test func aFieldOfNoEventIsRefusedAlsoWhereItIsForbidden() {
        let problems = Self.problems(
            "name: x\nsummary: y\nexpect:\n  - never: { event: retired, where: { cause: disconnected } }\n")
        #expect(problems.map(\.field) == ["expect[0].never.where.cause"])
    }

    @Test(arguments: [
        ("event: railFault, where: { rail: 7 }", "“7” is not a rail of the pair; expected one of 0, 1"),
        ("event: clientLost, where: { client: messengr }", "did you mean “messenger”?"),
        ("event: verdict, where: { verdict: alive, rail: 1 }", "is no field of verdict"),
        ("event: partnerPhase, where: { phase: booting }", "is not a boot phase"),
        ("event: connected, where: { side: left }", "is not a side of a connection"),
        ("event: decision, where: { decision: giveup }", "is not a decision"),
    ])
    func whatNoLineCanHoldIsRefusedAlsoWhereItIsForbidden(_ pattern: String, _ expected: String) {
        let problems = Self.problems(
            "name: x\nsummary: y\nrails: 2\nsettings: { clients: [ { kind: messenger } ] }\n"
                + "expect:\n  - never: { \(pattern) }\n")
        #expect(problems.count == 1 && problems.allSatisfy { $0.text.contains(expected) }, "\(problems)")
    }

    @Test func aStepAfterTheDeadlineIsRefused() {
        let problems = Self.problems(
            "name: x\nsummary: y\ndeadline: 5s\nsteps: [ { do: cut, at: 5s }, { do: heal, delay: 1s } ]\n")
        #expect(problems.map(\.field) == ["steps[0].at"])
        #expect(problems.first?.text.contains("deadline (5s)") == true)
    }

    @Test func fieldsThatStandElsewhereSayWhere() {
        let problems = Self.problems(
            "name: x\nsummary: y\nheartbeat: { interval: 5ms }\nsettings: { node: 3 }\n"
                + "sweep: { heartbeat: { interval: [5ms] } }\n")
        #expect(
            problems.map(\.text) == [
                "is no field here: it stands under 'settings'",
                "is no field here: it stands under partners.a.settings or partners.b.settings",
                "is no field here: it stands under sweep.settings, as in heartbeat.interval: [5ms, 10ms]",
            ])
    }

    @Test func everyFieldThatIsWrittenMayBeAskedFor() throws {
        let scenario = try ScenarioParser.parse(
            HistoryBuilder.minimal + "settings: { clients: [ { kind: messenger }, { kind: logMirror } ] }\n"
                + "steps: [ { do: kill, partner: b, at: 1s }, { do: boot, partner: b, delay: 1s } ]\n",
            file: "test.yaml")
        let record = try SimulatedRun.run(try #require(scenario.variants.first), seed: 1)
        #expect(Set(record.events.map(\.name)).count > 25)
        for event in record.events {
            let names = Set(event.fields.fields.map(\.name))
            #expect(names.subtracting(EventFields.names(of: event.name)) == [], "\(event.name)")
        }
    }

    @Test func twoLettersThatChangedPlacesAreOneMistake() {
        #expect(nearestName(to: "rial", among: ["rail", "role"]) == "rail")
        #expect(nearestName(to: "ab", among: ["ba"]) == nil)
        #expect(nearestName(to: "fly", among: ["cut", "kill"]) == nil)
    }
}
