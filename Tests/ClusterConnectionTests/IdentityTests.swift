import Testing

@testable import ClusterConnection

struct IdentityTests {
    @Test func aClusterIdentityIsWrittenAsItWasRead() {
        let text = "5f0c7a52-9d4e-4c1b-8a53-1f2e3d4c5b6a"
        #expect(ClusterIdentity(text) == .ours)
        #expect(ClusterIdentity.ours.description == text)
        #expect(ClusterIdentity(text.uppercased()) == .ours)
        #expect(ClusterIdentity(low: 0, high: 0).description == "00000000-0000-0000-0000-000000000000")
    }

    @Test(arguments: [
        "", "5f0c7a52", "5f0c7a52-9d4e-4c1b-8a53-1f2e3d4c5b6", "5f0c7a52-9d4e-4c1b-8a53-1f2e3d4c5b6a0",
        "5f0c7a529d4e4c1b8a531f2e3d4c5b6a", "5f0c7a52-9d4e-4c1b-8a53-1f2e3d4c5b6g",
        "5f0c7a5-29d4e-4c1b-8a53-1f2e3d4c5b6a", "5f0c7a52-9d4e-4c1b-8a53_1f2e3d4c5b6a",
        "\u{1F600}f0c7a52-9d4e-4c1b-8a53-1f2e3d4c5b6a",
    ])
    func whatIsNoUUIDIsRefused(text: String) {
        #expect(ClusterIdentity(text) == nil)
    }

    @Test func theLowerNodeInitiates() {
        #expect(Settings.initiator.isInitiator)
        #expect(!Settings.acceptor.isInitiator)
    }

    @Test func noTwoNamesAreTheSame() {
        #expect(Set(BootPhase.allCases.map { "\($0.name)" }).count == BootPhase.allCases.count)
        #expect(Set(Verdict.allCases.map { "\($0.name)" }).count == Verdict.allCases.count)
        #expect(Set(RejectReason.allCases.map { "\($0.name)" }).count == RejectReason.allCases.count)
        #expect(Set(Operation.allCases.map { "\($0.name)" }).count == Operation.allCases.count)
        #expect(Set(Outcome.allCases.map { "\($0.name)" }).count == Outcome.allCases.count)
        #expect(Set(ConnectFailure.allCases.map { "\($0.name)" }).count == ConnectFailure.allCases.count)
    }

    @Test func statusBlockAndMailboxLieOnPagesOfTheirOwn() {
        let distance = PresetAddress.mailbox - PresetAddress.statusBlock
        #expect(distance >= 65_536, "also where pages have 64 KiB")
        #expect(PresetAddress.statusBlock % 65_536 == 0)
        #expect(PresetAddress.mailbox % 65_536 == 0)
    }
}
