import Testing

@testable import ClusterConnection

/// A life of the partner that a newer one has replaced, and the limits of what may be concluded from that.
struct SupersededTests {
    @Test func aSupersededIncarnationIsRefused() {
        var bench = Bench(.acceptor)
        bench.establish()
        bench.rebootPartner()
        bench.establish()
        #expect(bench.manager.partnerIncarnation == .b2)
        let before = Statement(of: bench.manager)
        let actions = bench.requested(bench.data(.connect, attempt: 99, incarnation: .a))
        #expect(actions.last?.hasSuffix("staleIncarnation") == true)
        #expect(Statement(of: bench.manager) == before)
    }

    @Test func aSupersededIncarnationsAcceptanceIsNotUsed() {
        var bench = Bench(.initiator)
        bench.establish()
        bench.rebootPartner()
        _ = bench.requested(bench.data(.knock))
        bench.establish()
        bench.handle(.disconnected(bench.connection))
        bench.handle(.timer(.backoff))
        let actions = bench.handle(.connected(bench.connection, bench.data(.acceptance, incarnation: .b)))
        #expect(actions.prefix(2) == ["retire 3", "record connectFailed staleIncarnation"])
    }

    /// A request of an earlier life may be overtaken by the present one's. It costs the connection, but it
    /// must not make the life that is really there the stale one: that one would be refused for ever.
    @Test func aLateRequestOfAnEarlierLifeDoesNotLockOutTheLivePartner() {
        var bench = Bench(.acceptor)
        bench.establish()
        let earlier = Incarnation(value: 5)
        #expect(
            bench.requested(bench.data(.connect, incarnation: earlier), after: .seconds(1)).last?
                .hasPrefix("accept") == true)
        let actions = bench.requested(bench.data(.connect, attempt: 2))
        #expect(actions.last == "accept request 3 as 4 acceptance 2")
    }

    @Test func aLateKnockOfAnEarlierLifeDoesNotLockOutTheLivePartner() {
        var bench = Bench(.initiator)
        bench.establish()
        let earlier = Incarnation(value: 5)
        _ = bench.requested(bench.data(.knock, incarnation: earlier), after: .seconds(1))
        bench.partner.partnerSeen = .none
        bench.establish()
        #expect(bench.state == "established")
    }

    @Test func anIncarnationThatWasReplacedBeforeItWasProvenIsStaleOnceTheOtherIsProven() {
        var bench = Bench(.acceptor)
        _ = bench.listen()
        let earlier = Incarnation(value: 5)
        _ = bench.requested(bench.data(.connect, incarnation: earlier))
        bench.establish()
        let before = Statement(of: bench.manager)
        #expect(
            bench.requested(bench.data(.connect, attempt: 50, incarnation: earlier)).last?
                .hasSuffix("staleIncarnation") == true)
        #expect(Statement(of: bench.manager) == before)
    }

    @Test func theListHoldsTheLastSixteen() {
        var superseded = SupersededIncarnations()
        #expect(!superseded.contains(.none))
        for value in 1...20 as ClosedRange<UInt64> { superseded.insert(Incarnation(value: value)) }
        for value in 1...4 as ClosedRange<UInt64> { #expect(!superseded.contains(Incarnation(value: value))) }
        for value in 5...20 as ClosedRange<UInt64> { #expect(superseded.contains(Incarnation(value: value))) }
        superseded.insert(Incarnation(value: 20))
        #expect(superseded.contains(Incarnation(value: 5)), "what is in it already takes no place")
    }
}
