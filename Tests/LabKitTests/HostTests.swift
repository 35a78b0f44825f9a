import ClusterConnection
import Testing

@testable import LabKit

/// What the host prints is parsed by its text alone.
struct HostTests {
    @Test func rdmaObjectsOfTheFabricAreCounted() {
        let text = """
            [{"ifindex":0,"ifname":"rxe-a0","pd":1,"cq":2,"qp":1,"cm_id":0,"mr":1,"ctx":0,"srq":0},
             {"ifindex":1,"ifname":"mlx5_0","pd":9,"qp":9}]
            """
        let objects = Surroundings.objects(of: text)
        #expect(objects["rxe-a0 cq"] == 2)
        #expect(objects["mlx5_0 qp"] == nil)
        #expect(Surroundings.objects(of: "nonsense").isEmpty)
    }

    @Test func aFabricThatGaveUpIsToldFromACCMThatDid() {
        let text = """
            [{"ifindex":0,"ifname":"rxe-a0","port":1,"lqpn":1,"type":"GSI","state":"RTS","sq-psn":103,"comm":"ib_core"},
             {"ifindex":2,"ifname":"rxe-b0","port":1,"lqpn":1,"type":"GSI","state":"ERR","sq-psn":0,"comm":"ib_core"},
             {"ifindex":2,"ifname":"rxe-b0","port":1,"lqpn":17,"type":"RC","state":"ERR","sq-psn":4,"pid":7}]
            """
        var found = FabricHealth.managements(in: text)
        #expect(found.map(\.device) == ["rxe-a0", "rxe-b0"])
        #expect(FabricHealth.problem(in: found, senders: [])?.contains("rxe-b0 is in state ERR") == true)
        found[1].state = "RTS"
        #expect(FabricHealth.problem(in: found, senders: [.a]) == nil)
        #expect(FabricHealth.problem(in: found, senders: [.b])?.contains("never sent") == true)
        found[1].sequence = 9
        #expect(FabricHealth.problem(in: found, senders: [.a, .b]) == nil)
    }

    @Test func whatIsLeftBehindIsNamed() {
        var before = Surroundings()
        before.objects = ["rxe-a0 qp": 1]
        before.namespaces = ["ccm-a"]
        var after = before
        #expect(after.leaks(since: before).isEmpty)
        after.objects["rxe-a0 qp"] = 3
        after.namespaces.insert("ccm-x")
        after.processes = ["77 (ccmd) in ccm-a"]
        #expect(
            after.leaks(since: before) == [
                "2 more rxe-a0 qp than before the run", "namespace ccm-x was not there before",
                "process 77 (ccmd) in ccm-a still runs",
            ])
    }

    @Test(
        arguments: [
            ("7.3.4+deb13-amd64", true), ("7.1.0", true), ("7.0.9", false), ("6.18.44-fc", false),
            ("10.0", true),
            ("", false), ("x.y", false),
        ])
    func kernelsFromSevenOneOnAreNewEnough(_ release: String, _ isNewEnough: Bool) {
        #expect(HostFacts.isNewEnough(release) == isNewEnough)
    }

    @Test func kernelFaultsAreToldFromKernelTalk() {
        let lines = [
            "rxe-a0: qp#215 make_send_cqe: non-flush error status = 12", "WARNING: CPU: 0",
            "BUG: kernel NULL",
        ]
        #expect(KernelLog.faults(in: lines) == ["WARNING: CPU: 0", "BUG: kernel NULL"])
    }

    @Test func configurationsHoldWhatTheScenarioSays() throws {
        let scenario = try ScenarioParser.parse(
            HistoryBuilder.minimal + "settings: { heartbeat: { missLimit: 7 } }\n", file: "test.yaml")
        let text =
            scenario.partners[.b]?.settings.configuration(
                for: .b, control: nil,
                failpoint: Failpoint(.freeze, after: .portsMade, delay: .microseconds(2_100))) ?? ""
        #expect(text.contains("partner: b\nnode: 2\npartnerNode: 1\n"))
        #expect(text.contains("missLimit: 7"))
        #expect(text.contains("lab:\n  freezeAfter: portsMade\n  failDelay: 2100us\n"))
        #expect(!text.contains("recording:"))
        let recorded = scenario.partners[.a]?.settings.configuration(
            for: .a, control: nil, recording: "/tmp/Bob's: runs/recording-a1.ccmrec", failpoint: nil)
        #expect(recorded?.contains("\nrecording: '/tmp/Bob''s: runs/recording-a1.ccmrec'\n") == true)
    }
}
