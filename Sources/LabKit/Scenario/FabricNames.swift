/// The names that `scripts/fabric` gives the parts of a pair's fabric.
package enum FabricNames {
    /// The network namespace a partner lives in.
    package static func namespace(of partner: PartnerID) -> String { "ccm-\(partner.rawValue)" }

    /// The Ethernet device of a partner's rail.
    package static func link(of partner: PartnerID) -> String { "ccm-\(partner.rawValue)0" }

    /// The RDMA device of a partner's rail.
    package static func device(of partner: PartnerID) -> String { "rxe-\(partner.rawValue)0" }

    /// The hardware address of a partner's rail.
    package static func address(of partner: PartnerID) -> String { partner == .a ? "10.77.0.1" : "10.77.0.2" }
}
