import Testing

@testable import ClusterConnection

/// Three rules that a core could break and still connect most of the time; each failure names its rule.
struct RuleTests {
    @Test func writeTwoNeverPrecedesAReadTwoThatShowsThisSideAsSeen() {
        var bench = Bench(.initiator)
        bench.reach(.secondRead)
        for _ in 0..<10 {
            let read = bench.complete(.secondRead) + bench.handle(.timer(.poll))
            #expect(
                !read.contains { $0.contains("secondWrite") },
                "Broken rule: write 2 confirms only what a read 2 has shown, that the partner saw this side")
        }
        var skipping = Bench(.initiator)
        skipping.reach(.firstWrite)
        #expect(
            skipping.complete(.firstWrite).first?.contains("secondRead") == true,
            "Broken rule: after write 1 comes read 2")
    }

    @Test func onlyTheConfirmationOfThePresentPairEstablishes() {
        for (writer, reader) in [(Incarnation.b2, Incarnation.a), (.b, .b2)] {
            var bench = Bench(.initiator)
            bench.reachConfirmation()
            _ = bench.write(.confirmation, writer: writer, reader: reader)
            #expect(
                bench.manager.counters.established == 0,
                "Broken rule: a confirmation counts only between the two incarnations that are connected")
        }
    }

    @Test func anAttemptThatStaysUnansweredIsDroppedAndBegunAgain() {
        var bench = Bench(.initiator)
        _ = bench.listen()
        let timeout = bench.manager.settings.attemptTimeout
        #expect(
            bench.handle(.timer(.attempt), after: timeout).first == "retire 1",
            "Broken rule: an attempt that stays unanswered is dropped by the CCM's own timer")
        #expect(
            bench.handle(.timer(.backoff), after: .seconds(1)).last == "connect 2 connect 2",
            "Broken rule: a dropped attempt is begun again")
    }
}
