import Testing

@testable import ClusterConnection

struct VersionTests {
    @Test func theHighestCommonVersionIsUsed() {
        #expect(VersionRange.of(1, 3).highestCommon(with: .of(2, 5)) == 3)
        #expect(VersionRange.of(2, 5).highestCommon(with: .of(1, 3)) == 3)
        #expect(VersionRange.of(1, 1).highestCommon(with: .of(1, 9)) == 1)
        #expect(VersionRange.of(1, 2).highestCommon(with: .of(3, 4)) == nil)
        #expect(VersionRange.of(3, 4).highestCommon(with: .of(1, 2)) == nil)
        #expect(VersionRange(lowest: 2, highest: 1) == nil)
    }

    @Test func aRequestWithoutACommonVersionIsRefusedAsIncompatible() {
        var bench = Bench(.acceptor)
        _ = bench.listen()
        let actions = bench.requested(bench.data(.connect, versions: .of(7, 9)))
        #expect(
            actions == [
                "record requestReceived", "record requestRejected incompatible",
                "reject request 1 incompatible", "record verdict incompatible incompatible",
            ])
    }

    @Test func aRequestWithALaterVersionBesidesOursIsAccepted() {
        var bench = Bench(.acceptor)
        _ = bench.listen()
        #expect(bench.requested(bench.data(.connect, versions: .of(1, 9))).last?.hasPrefix("accept") == true)
    }

    @Test func theRefusedSideHoldsThePartnerForIncompatibleAndRetriesSlowly() {
        var bench = Bench(.initiator)
        _ = bench.listen()
        let actions = bench.handle(
            .refused(bench.connection, Rejection(reason: .incompatible, versions: .of(7, 9)).words))
        #expect(
            actions == [
                "record verdict incompatible incompatible", "retire 1", "record connectFailed incompatible",
                "cancel attempt", "set backoff 2000000us",
            ])
    }

    @Test func anAcceptanceWithoutACommonVersionIsNotUsed() {
        var bench = Bench(.initiator)
        _ = bench.listen()
        bench.handle(.connected(bench.connection, bench.data(.acceptance, versions: .of(7, 9))))
        #expect(bench.manager.verdict == .incompatible)
        #expect(bench.state == "waiting")
    }

    @Test func anIncompatibleRequestDoesNotTouchAnEstablishedConnection() {
        var bench = Bench(.acceptor)
        bench.establish()
        let before = Statement(of: bench.manager)
        _ = bench.requested(bench.data(.connect, versions: .of(7, 9), incarnation: .b2))
        #expect(Statement(of: bench.manager) == before)
    }
}
