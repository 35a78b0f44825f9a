import ClusterConnection
import StrictYAML
import Testing

@testable import LabKit

/// What packets take on a rail while nothing is done to it.
struct RailCarriageTests {
    private static func scenario(_ text: String) throws -> Scenario {
        try ScenarioParser.parse(HistoryBuilder.minimal + text, file: "test.yaml")
    }

    private static let slow = RailCarriage.Resolved(delay: .microseconds(20), rate: 1_000_000_000)

    @Test func railsAreANumberOrAListWithOneForEach() throws {
        let plain = try Self.scenario("rails: 3\n")
        #expect(plain.rails == 3 && plain.carriages == Array(repeating: RailCarriage(), count: 3))
        #expect(plain.carriages(on: .uml) == [.uml, .uml, .uml])
        #expect(!plain.needsQueues(on: .none) && plain.needsQueues(on: .uml))
        let own = try Self.scenario("rails: [{ delay: 20us, rate: 1Gbit }, {}, { delay: 0us }]\n")
        #expect(own.rails == 3 && own.railNumbers == [0, 1, 2])
        #expect(own.carriages(on: .none) == [Self.slow, .none, .none])
        let flat = RailCarriage.Resolved(delay: .zero, rate: 10_000_000_000)
        #expect(own.carriages(on: .uml) == [Self.slow, .uml, flat])
        #expect(own.needsQueues(on: .none))
    }

    @Test(arguments: [
        ("rails: []\n", "rails", "expected 1 to 4 rails"),
        ("rails: [{}, {}, {}, {}, {}]\n", "rails", "found a list of 5"),
        ("rails: 5\n", "rails", "expected a number of rails from 1 to 4, or a list of them"),
        ("rails: { delay: 5us }\n", "rails", "or a list of them, found a mapping"),
        ("rails: [5us]\n", "rails[0]", "expected a mapping of fields"),
        ("rails: [{ delay: 1us }]\n", "rails[0].delay", "expected whole microseconds from 2us to 10s"),
        ("rails: [{ delay: 1500ns }]\n", "rails[0].delay", "expected whole microseconds from 2us to 10s"),
        ("rails: [{ delay: 11s }]\n", "rails[0].delay", "or 0us, found “11s”"),
        ("rails: [{ rate: 1kbit }]\n", "rails[0].rate", "expected bits a second from 8kbit to 100Gbit"),
    ])
    func whatIsNoRailIsRefused(_ text: String, _ field: String, _ words: String) throws {
        let error = try #require(throws: InputProblems.self) { _ = try Self.scenario(text) }
        #expect(error.problems.count == 1, "\(error)")
        #expect(error.problems.first?.field == field)
        #expect(error.problems.first?.text.contains(words) == true, "\(error)")
    }

    @Test func aDegradationComesOnTopAndMakesNothingQuicker() {
        var degradation = Degradation()
        degradation.delay = .milliseconds(2)
        degradation.jitter = .microseconds(500)
        func netem(_ rate: UInt64, _ carriage: RailCarriage.Resolved, isCut: Bool = false) -> Netem {
            degradation.rate = rate
            return Netem(passage: Passage(isCut: isCut, degradation: degradation, carriage: carriage))
        }
        #expect(netem(0, Self.slow).arguments.contains("delay 2020us 500us"))
        #expect(netem(0, Self.slow).arguments.contains("rate 1000000000bit"))
        #expect(netem(2_000_000_000, Self.slow).arguments.contains("rate 1000000000bit"))
        #expect(netem(8_000, Self.slow).arguments.contains("rate 8000bit"))
        #expect(netem(8_000, .none).arguments.contains("rate 8000bit"))
        #expect(netem(0, Self.slow, isCut: true).arguments.contains("loss 100%"))
        #expect(Netem(passage: Passage(carriage: .uml)).arguments.contains("delay 5us 0us"))
    }

    @Test func aRailComesBackToItsOwnCarriage() {
        var shape = RailShape(carriages: [Self.slow, .none])
        let end = RailEnd(partner: .b, rail: 0)
        #expect(shape.ends.count == 4 && shape.ends[end] == Passage(carriage: Self.slow))
        var degradation = Degradation()
        degradation.delay = .milliseconds(1)
        for (action, wanted) in [
            (StepAction.degrade, Passage(degradation: degradation, carriage: Self.slow)),
            (.cut, Passage(isCut: true, degradation: degradation, carriage: Self.slow)),
            (.heal, Passage(degradation: degradation, carriage: Self.slow)),
            (.restore, Passage(carriage: Self.slow)),
        ] {
            let passages = shape.passages(after: action, sender: .b, rail: 0, degradation)
            #expect(passages == [end: wanted])
            _ = shape.changed(action, to: passages, [:])
        }
    }

    /// As iproute2 6.1 prints 5us and 10Gbit.
    private static let printed = #"""
        [{"kind":"netem","handle":"1:","root":true,"refcnt":2,"options":{"limit":100000,"delay":{"delay":4e-06,\#
        "jitter":0,"correlation":0},"rate":{"rate":1250000000,"packetoverhead":0,"cellsize":0,"celloverhead":0},\#
        "ecn":false,"gap":0},"bytes":0,"packets":0,"drops":0,"overlimits":0,"requeues":0,"backlog":0,"qlen":0}]
        """#

    @Test func fiveMicrosecondsAreToldFromNone() throws {
        let netem = try #require(Netem.states(in: Self.printed).first?.netem)
        #expect(netem.isAlmost(Netem(passage: Passage(carriage: .uml))))
        #expect(!netem.isAlmost(Netem(passage: Passage())))
        for (delay, rate) in [(0, 10), (2, 10), (7, 10), (5, 9), (5, 0)] as [(UInt64, UInt64)] {
            let other = RailCarriage.Resolved(delay: .microseconds(delay), rate: rate * 1_000_000_000)
            #expect(!netem.isAlmost(Netem(passage: Passage(carriage: other))), "\(delay) us, \(rate) Gbit")
        }
    }

    @Test func theFirstLineTellsOneValueOrOneForEachRail() {
        func details(_ carriages: [RailCarriage.Resolved]) -> String {
            JSONText.compact(.object(JSONObject(carriages.details)))
        }
        #expect(details([.none, .none]) == "{}")
        #expect(details([.uml, .uml]) == #"{"railDelayNs":5000,"railRate":10000000000}"#)
        #expect(details([Self.slow, .none]) == #"{"railDelayNs":[20000,0],"railRate":[1000000000,0]}"#)
    }

    @Test(
        arguments: [
            ([], 159, 510), ([("tickNs", .integer(10_000_000))], 231, 510),
            ([("railDelayNs", .integer(1_000_000))], 171, 512),
            ([("railDelayNs", .array([.integer(2_000), .integer(1_000_000)]))], 171, 512),
        ] as [([(String, JSONValue)], UInt64, UInt64)])
    func theBoundsAllowForTicksAndRails(_ fields: [(String, JSONValue)], _ silent: UInt64, _ still: UInt64)
        throws
    {
        var run = try HistoryBuilder.goodRun()
        run.change {
            $0.name == .runStarted
        } to: {
            $0.fields = JSONObject(fields)
        }
        let promise = Timeline(run.record).promise
        let settings = PartnerSettings(.a)
        func milliseconds(_ span: TimeSpan) -> UInt64 {
            (span.nanoseconds - promise.slack.nanoseconds) / 1_000_000
        }
        #expect(milliseconds(promise.unreachable(settings)) == silent - 1)
        #expect(milliseconds(promise.hung(settings)) == still)
    }

    @Test func theSimulatorTakesADelayThatIsAlikeForAllRails() throws {
        let scenario = try Self.scenario("rails: [{ delay: 3ms }]\n")
        #expect(scenario.reasonAgainst(.sim) == nil)
        let record = try SimulatedRun.run(try #require(scenario.variants.first), seed: 1)
        #expect(record.events.first?.number("railDelayNs") == 3_000_000)
        let judgement = Checker.judge(record)
        #expect(judgement.result == .held, "\(judgement.broken)")
        // Four operations to and fro.
        #expect(try #require(judgement.measurements.initiator.first) >= .milliseconds(24))
        for (rails, words) in [
            ("[{ delay: 3ms }, {}]", "its rails take different times"),
            ("[{ rate: 1Gbit }]", "its rails carry so many bits a second"),
        ] {
            let reason = try Self.scenario("rails: \(rails)\n").reasonAgainst(.sim)
            #expect(reason?.contains(words) == true)
        }
    }
}
