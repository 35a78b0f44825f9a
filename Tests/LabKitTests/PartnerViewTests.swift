import Testing

@testable import LabKit

/// What somebody sees who watches a pair.
struct PartnerViewTests {
    private static func view(verdict: String = "alive", beats: Int64 = 10) -> PartnerView {
        let rail = JSONObject([("link", .string("established")), ("carriesPorts", .bool(true))])
        let client = JSONObject([("name", .string("messenger")), ("state", .string("ready"))])
        return PartnerView(
            JSONObject([
                ("incarnation", .string("af010d90cac00595")), ("phase", .string("storageOSActive")),
                ("verdict", .string(verdict)), ("partnerPhase", .string("ccmListening")),
                ("isReady", .bool(true)),
                ("rails", .array([.object(rail)])), ("clients", .array([.object(client)])),
                ("upNs", .integer(12_340_000_000)), ("verdictForNs", .integer(1)), ("beats", .integer(beats)),
                ("misses", .integer(0)),
            ]))
    }

    @Test func aLineSaysWhatIsOtherThanItWas() {
        #expect(
            Self.view().change(since: nil)
                == "process life af010d90cac00595, boot phase storageOSActive, holds partner for alive, "
                + "partner's phase ccmListening, exchange both ready, rail 0 established, has the ports, messenger ready"
        )
        #expect(Self.view(verdict: "hung").change(since: Self.view()) == "holds partner for hung")
        #expect(PartnerView(nil).change(since: Self.view()) == "process does not answer")
    }

    @Test func timeAloneIsNoChange() {
        #expect(Self.view(beats: 11).change(since: Self.view(beats: 10)) == nil)
        #expect(PartnerView(nil).change(since: PartnerView(nil)) == nil)
    }

    @Test func bothStandBesideEachOtherWithin80Columns() {
        let lines = PartnerView.table(Self.view(), PartnerView(nil))
        for line in lines { #expect(line.count <= 80, "\(line)") }
        #expect(lines.contains { $0.contains("messenger") && $0.contains("ready") && $0.hasSuffix(" -") })
        #expect(lines.contains { $0.contains("does not answer") })
        #expect(lines.contains { $0.hasPrefix("up ") && $0.contains("12.3 s") })
    }

    @Test func aStatusThatLacksEverythingIsShownAsUnknown() {
        #expect(PartnerView(JSONObject([])).facts.contains(PartnerView.Fact(name: "boot phase", text: "?")))
    }
}
