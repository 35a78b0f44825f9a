import ClusterConnection
import Testing

@testable import LabKit

/// What the kernel tells of a fault is read rightly, and a fault that was none is found out.
struct FaultEffectTests {
    /// As iproute2 6.1 prints it.
    private static let degraded = #"""
        [{"kind":"netem","handle":"8001:","root":true,"refcnt":2,"options":{"limit":100000,"delay":{"delay":0.005,\#
        "jitter":0.002,"correlation":0},"loss-random":{"loss":0.2,"correlation":0},"duplicate":{"duplicate":0.1,\#
        "correlation":0},"reorder":{"reorder":0.25,"correlation":0},"corrupt":{"corrupt":0.01,"correlation":0},\#
        "rate":{"rate":1250000,"packetoverhead":0,"cellsize":0,"celloverhead":0},"ecn":false,"gap":1},"bytes":9260,\#
        "packets":82,"drops":17,"overlimits":0,"requeues":0,"backlog":1000,"qlen":3}]
        """#
    private static let empty = #"""
        [{"kind":"netem","handle":"8001:","root":true,"refcnt":2,"options":{"limit":100000,"ecn":false,"gap":0},\#
        "bytes":0,"packets":0,"drops":0,"overlimits":0,"requeues":0,"backlog":0,"qlen":0}]
        """#

    private static func passage(isCut: Bool = false, _ change: (inout Degradation) -> Void) -> Passage {
        var degradation = Degradation()
        change(&degradation)
        return Passage(isCut: isCut, degradation: degradation)
    }

    private static let asDegraded = passage {
        $0.loss = 0.2
        $0.duplicate = 0.1
        $0.corrupt = 0.01
        $0.reorder = 0.25
        $0.delay = .milliseconds(5)
        $0.jitter = .milliseconds(2)
        $0.rate = 10_000_000
    }

    @Test func whatTcPrintsIsComparedWithWhatWasWanted() throws {
        let states = Netem.states(in: Self.degraded + "\n\n" + Self.empty)
        #expect(states.count == 2)
        #expect(states[0].netem.isAlmost(Netem(passage: Self.asDegraded)))
        #expect(!states[0].netem.isAlmost(Netem(passage: Passage())))
        #expect(states[0].count == Rail.Count(passed: 82, lost: 17))
        #expect(states[0].waiting == 3)
        #expect(states[1].netem.isAlmost(Netem(passage: Passage())))
        #expect(Netem.states(in: "What is \"sed\"?\n[{\"kind\":\"noqueue\",\"options\":{}}]").isEmpty)
    }

    @Test func everySettingIsNamedSoThatNoneIsLeftOver() {
        #expect(
            Netem(passage: Passage()).arguments
                == "netem limit 100000 delay 0us 0us loss 0% duplicate 0% corrupt 0% reorder 0% rate 0bit")
        #expect(
            Netem(passage: Self.asDegraded).arguments
                == "netem limit 100000 delay 5000us 2000us loss 20% duplicate 10% corrupt 1% reorder 25% rate 10000000bit"
        )
        #expect(Netem(passage: Passage(isCut: true)).arguments.contains("loss 100%"))
        let cutWhileDegraded = Self.passage(isCut: true) { $0.loss = 0.05 }
        #expect(Netem(passage: cutWhileDegraded).arguments.contains("loss 100%"))
    }

    private static func reading(
        passed: UInt64 = 0, lost: UInt64 = 0, received: UInt64 = 0, repeated: UInt64 = 0,
        outOfOrder: UInt64 = 0
    ) -> RailShape.Reading {
        var receiver = TransportCount()
        receiver.received = received
        receiver.repeated = repeated
        receiver.outOfOrder = outOfOrder
        let count = Rail.Count(passed: passed, lost: lost)
        return RailShape.Reading(rail: Rail.Change(before: count, after: count), receiver: receiver)
    }

    /// What a degradation of one end comes to.
    private static func outcome(
        _ change: (inout Degradation) -> Void, _ reading: RailShape.Reading
    ) -> (findings: [(String, JSONValue)], problem: String?) {
        var shape = RailShape(carriages: [.none])
        var degradation = Degradation()
        change(&degradation)
        let wanted = shape.passages(after: .degrade, sender: .b, rail: nil, degradation)
        _ = shape.changed(
            .degrade, to: wanted, wanted.mapValues { _ in Self.reading(passed: 10, lost: 1) })
        let back = shape.passages(after: .restore, sender: nil, rail: nil, nil)
        return shape.changed(.restore, to: back, back.mapValues { _ in reading })
    }

    @Test func aDegradationThatNoPacketMetIsAProblem() {
        let before = Self.reading(passed: 10, lost: 1)
        #expect(Self.outcome({ $0.loss = 0.1 }, before).problem?.contains("no packet was lost") ?? false)
        #expect(
            Self.outcome({ $0.delay = .milliseconds(1) }, before).problem?.contains("no packet was sent")
                ?? false)
        let busy = Self.reading(passed: 50, lost: 1, received: 40)
        #expect(Self.outcome({ $0.loss = 0.1 }, busy).problem?.contains("no packet was lost of 40") ?? false)
        #expect(Self.outcome({ $0.duplicate = 0.1 }, busy).problem?.contains("arrived twice") ?? false)
        #expect(Self.outcome({ $0.corrupt = 0.1 }, busy).problem?.contains("damaged") ?? false)
        #expect(Self.outcome({ $0.reorder = 0.1 }, busy).problem?.contains("out of order") ?? false)
        #expect(Self.outcome({ $0.delay = .milliseconds(1) }, busy).problem == nil)
    }

    @Test func aDegradationThatPacketsMetIsNone() {
        let seen = Self.reading(passed: 48, lost: 3, received: 34, repeated: 1, outOfOrder: 1)
        let (findings, problem) = Self.outcome(
            {
                $0.loss = 0.1
                $0.duplicate = 0.1
                $0.corrupt = 0.1
                $0.reorder = 0.1
            }, seen)
        #expect(problem == nil)
        #expect(findings.map(\.0) == ["passed", "lost", "damaged", "repeated", "outOfOrder"])
        #expect(findings.map(\.1) == [.unsigned(38), .unsigned(2), .unsigned(4), .unsigned(1), .unsigned(1)])
    }

    /// Does to what b sends what the steps say, with what is counted at each; what the last one came to.
    private static func last(
        _ steps: [(StepAction, RailShape.Reading)]
    ) -> (findings: [(String, JSONValue)], problem: String?) {
        var shape = RailShape(carriages: [.none])
        var degradation = Degradation()
        degradation.loss = 0.01
        var outcome: (findings: [(String, JSONValue)], problem: String?) = ([], nil)
        for (action, reading) in steps {
            let wanted = shape.passages(after: action, sender: .b, rail: nil, degradation)
            outcome = shape.changed(action, to: wanted, wanted.mapValues { _ in reading })
        }
        return outcome
    }

    @Test func aCutWithinADegradationLeavesItsEffectStanding() {
        let steps: [(StepAction, RailShape.Reading)] = [
            (.degrade, Self.reading(passed: 100, received: 100)),
            (.cut, Self.reading(passed: 300, lost: 2, received: 300)),
            (.heal, Self.reading(passed: 300, lost: 52, received: 300)),
            (.restore, Self.reading(passed: 400, lost: 53, received: 400)),
        ]
        let healed = Self.last(Array(steps.prefix(3)))
        #expect(healed.findings.map(\.1) == [.unsigned(50)])
        let restored = Self.last(steps)
        #expect(restored.problem == nil)
        #expect(restored.findings.prefix(3).map(\.1) == [.unsigned(300), .unsigned(3), .unsigned(0)])
        // Healed only after it was restored, as after a power-off.
        let whileCut = Self.last([
            steps[0], steps[1], (.restore, Self.reading(passed: 300, lost: 52, received: 300)),
        ])
        #expect(whileCut.problem == nil)
        #expect(whileCut.findings.prefix(2).map(\.1) == [.unsigned(200), .unsigned(2)])
    }

    @Test func whatACutLosesProvesNoDegradation() {
        let degraded = (StepAction.degrade, Self.reading(passed: 100, received: 100))
        let cut = (StepAction.cut, Self.reading(passed: 300, received: 300))
        let later = Self.reading(passed: 300, lost: 50, received: 300)
        let restored = Self.last([degraded, cut, (.restore, later)])
        #expect(restored.problem?.contains("no packet was lost of 200") ?? false)
        #expect(
            Self.last([degraded, cut, (.restore, later), (.heal, later)]).findings.map(\.1) == [.unsigned(50)]
        )
        let healed = Self.last([degraded, cut, (.heal, later), (.restore, later)])
        #expect(healed.problem?.contains("no packet was lost of 200") ?? false)
        // Nor what is lost while tc is about to cut.
        var sudden = cut
        sudden.1.rail.after.lost = 3
        #expect(Self.last([degraded, sudden, (.restore, later)]).problem != nil)
    }

    @Test func aCutThatGrowsCountsFromItsBeginning() {
        var shape = RailShape(carriages: [.none])
        for (sender, lost) in [(PartnerID?.some(.b), 10), (nil, 15)] as [(PartnerID?, UInt64)] {
            let wanted = shape.passages(after: .cut, sender: sender, rail: nil, nil)
            _ = shape.changed(.cut, to: wanted, wanted.mapValues { _ in Self.reading(lost: lost) })
        }
        let healed = shape.passages(after: .heal, sender: nil, rail: nil, nil)
        let outcome = shape.changed(.heal, to: healed, healed.mapValues { _ in Self.reading(lost: 20) })
        // 10 at b's end, 5 at a's.
        #expect(outcome.findings.map(\.1) == [.unsigned(15)])
    }

    @Test func aCutOneWayLeavesTheOtherAlone() {
        var shape = RailShape(carriages: [.none, .none])
        let cut = shape.passages(after: .cut, sender: .b, rail: 1, nil)
        #expect(cut == [RailEnd(partner: .b, rail: 1): Passage(isCut: true)])
        _ = shape.changed(.cut, to: cut, [:])
        #expect(!shape.isAllCut)
        let all = shape.passages(after: .cut, sender: nil, rail: nil, nil)
        #expect(all.count == 4)
        _ = shape.changed(.cut, to: all, [:])
        #expect(shape.isAllCut)
        let healed = shape.passages(after: .heal, sender: nil, rail: nil, nil)
        _ = shape.changed(.heal, to: healed, [:])
        #expect(!shape.isAllCut)
    }

    @Test func whatTheKernelTellsOfThrottlingIsRead() {
        let text = "usage_usec 5\nnr_periods 12\nnr_throttled 11\nthrottled_usec 930000\nnr_bursts 0\n"
        let found = StarvedProcess.Throttling(text)
        #expect(found?.periods == 11)
        #expect(found?.span == .milliseconds(930))
        #expect(StarvedProcess.Throttling("usage_usec 5\n") == nil)
        let mounts = "proc /proc proc rw 0 0\ncgroup2 /sys/fs/cgroup cgroup2 rw,nosuid 0 0\n"
        #expect(ControlGroup.root(in: mounts) == "/sys/fs/cgroup")
        #expect(ControlGroup.root(in: "proc /proc proc rw 0 0\n") == nil)
    }

    @Test func aSqueezedGroupKeepsItsRoomBesideWhatItHolds() {
        #expect(SqueezedProcess.limit(leaving: 0, beside: 0, page: 4_096) == 0)
        #expect(SqueezedProcess.limit(leaving: 65_536, beside: 1_048_576, page: 4_096) == 1_114_112)
        // Where pages are larger than those that rooms are given in.
        #expect(SqueezedProcess.limit(leaving: 4_096, beside: 131_072, page: 65_536) == 196_608)
    }

    @Test func whatTheKernelTellsOfALackOfMemoryIsRead() {
        #expect(SqueezedProcess.Shortage("low 0\nhigh 17\nmax 0\noom 0\n")?.times == 17)
        #expect(SqueezedProcess.Shortage("low 0\nmax 0\n") == nil)
    }
}
