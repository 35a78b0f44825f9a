import Addressing

/// The names that `scripts/fabric` gives the parts of a pair's fabric.
package enum FabricNames {
    /// The network namespace a partner lives in.
    package static func namespace(of partner: PartnerID) -> String { "ccm-\(partner.rawValue)" }

    /// The Ethernet device of a partner's rail.
    package static func link(of partner: PartnerID) -> String { "ccm-\(partner.rawValue)0" }

    /// The RDMA device of a partner's rail.
    package static func device(of partner: PartnerID) -> String { "rxe-\(partner.rawValue)0" }

    /// The hardware address of a partner's rail, written in one of the forms that a configuration takes.
    package static func address(of partner: PartnerID, _ kind: RailAddress.Kind = .ipv4) -> String {
        let number = partner == .a ? 1 : 2
        return switch kind {
        case .ipv4: "10.77.0.\(number)"
        case .ipv6: "fd77:cc::\(number)"
        // In the kernel's own writing, as /sys/class/infiniband/*/ports/1/gids shows it.
        case .gid: "gid:fd77:00cc:0000:0000:0000:0000:0000:000\(number)"
        case .wwn: "50:2c:c0:00:00:00:00:0\(number)"
        }
    }
}
