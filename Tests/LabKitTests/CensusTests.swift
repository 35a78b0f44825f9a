import ClusterConnection
import Testing

@testable import LabKit

/// What a partner holds is counted by its process, and must not grow from one rest to the next.
struct CensusTests {
    private typealias Builder = HistoryBuilder

    @Test func objectsAreCountedByTheProcessThatHasThem() {
        let text = """
            [{"ifindex":0,"ifname":"rxe-a0","lqpn":1,"type":"GSI","state":"RTS","comm":"ib_core"},
             {"ifindex":0,"ifname":"rxe-a0","lqpn":17,"type":"RC","state":"RTS","pid":101,"comm":"ccmd"},
             {"ifindex":1,"ifname":"rxe-b0","lqpn":18,"type":"RC","state":"RTS","pid":202,"comm":"ccmd"},
             {"ifindex":0,"ifname":"rxe-a0","lqpn":19,"type":"RC","state":"RTS","pid":101,"comm":"ccmd"}]
            """
        #expect(Census.owners(in: text) == [101, 202, 101])
        #expect(Census.owners(in: "nonsense").isEmpty)
    }

    /// b is killed and boots again; both partners are counted before and after.
    private func run(_ before: [String: Int64], _ after: [String: Int64], at time: Double = 1_900) throws
        -> Builder
    {
        var run = try Builder.killAndBootAgain()
        for (time, counts) in [(1_150, before), (time, after)] {
            for partner in PartnerID.allCases {
                let fields = counts.sorted { $0.key < $1.key }.map { ($0.key, JSONValue.integer($0.value)) }
                run.add(time, partner, .census, [("began", .integer(Int64((time - 5) * 1e6)))] + fields)
                run.events[run.events.count - 1].incarnation = ""
            }
        }
        return run
    }

    @Test func aPartnerThatHoldsWhatItHeldHolds() throws {
        let run = try run(["qp": 3, "descriptors": 20], ["qp": 3, "descriptors": 19])
        #expect(run.judgement.result == .held, "\(run.words)")
        #expect(run.judgement.incidents.censuses == 2)
    }

    @Test(arguments: Census.kinds)
    func oneObjectMoreThanInTheBeginningBreaks(_ kind: String) throws {
        let run = try run([kind: 3], [kind: 4])
        #expect(run.brokenRules == [.nothingLeaks], "\(run.words)")
        #expect(run.words.contains("a holds 1 more \(kind)"), "\(run.words)")
    }

    @Test func aCountInTheMiddleOfAnExchangeIsNotCompared() throws {
        let run = try run(["qp": 3], ["qp": 7], at: 1_338)
        #expect(run.judgement.result == .held, "\(run.words)")
        #expect(run.judgement.incidents.censuses == 0)
    }
}
