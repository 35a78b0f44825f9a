import Addressing
import ClusterConnection

/// The names that `scripts/fabric` gives the parts of a pair's fabric.
package enum FabricNames {
    /// The network namespace a partner lives in.
    package static func namespace(of partner: PartnerID) -> String { "ccm-\(partner.rawValue)" }

    /// The Ethernet device of a partner's rail.
    package static func link(of partner: PartnerID, rail: Int = 0) -> String {
        "ccm-\(partner.rawValue)\(rail)"
    }

    /// The RDMA device of a partner's rail.
    package static func device(of partner: PartnerID, rail: Int = 0) -> String {
        "rxe-\(partner.rawValue)\(rail)"
    }

    /// Every partner with every rail that a pair may have.
    package static var ends: [(PartnerID, Int)] {
        PartnerID.allCases.flatMap { partner in (0..<RailID.limit).map { (partner, $0) } }
    }

    /// The RDMA devices of all of them.
    package static var devices: [String] { ends.map { device(of: $0.0, rail: $0.1) } }

    /// The hardware address of a partner's rail, written in one of the forms that a configuration takes.
    ///
    /// - Parameter rail: from 0 to 9.
    package static func address(
        of partner: PartnerID, _ kind: RailAddress.Kind = .ipv4, rail: Int = 0
    ) -> String {
        let number = partner == .a ? 1 : 2
        return switch kind {
        case .ipv4: "10.77.\(rail).\(number)"
        case .ipv6: rail == 0 ? "fd77:cc::\(number)" : "fd77:cc:0:\(rail)::\(number)"
        // In the kernel's own writing, as /sys/class/infiniband/*/ports/1/gids shows it.
        case .gid: "gid:fd77:00cc:0000:000\(rail):0000:0000:0000:000\(number)"
        case .wwn: "50:2c:c0:00:00:00:0\(rail):0\(number)"
        }
    }
}
