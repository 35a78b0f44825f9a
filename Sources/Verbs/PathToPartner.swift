import CRDMA
import Glibc

/// The way to the partner's port of a device, as an established connection goes it (the address vector and path
/// MTU of ibv_modify_qp(3)).
///
/// What a queue pair needs that is brought up without a connection of its own. It comes from the kernel's
/// connection manager, so it is right for IPv4, IPv6 and VLANs alike, and both ends agree on the packet size.
///
/// It names the own address by its index in the port's table, and the indexes change as addresses come and go:
/// take a path when queue pairs are to be brought up, and do not keep it.
public struct PathToPartner: Sendable {
    /// The address vector as C has it.
    let vector: ibv_ah_attr
    /// The path MTU as C has it.
    let pathMTU: ibv_mtu
    /// Which context it belongs to; only to be compared.
    let device: UInt

    /// The port of the own device, counted from 1.
    public var port: UInt8 { vector.port_num }
    /// The partner's GID.
    public var partnerIdentifier: GlobalIdentifier { GlobalIdentifier(vector.grh.dgid) }
    /// The index of the own GID in the port's table.
    public var localIdentifierIndex: UInt8 { vector.grh.sgid_index }
    /// The largest packet, in bytes of payload.
    public var packetSize: Int { Device.byteCount(of: pathMTU) }
    /// How many routers a packet may pass.
    public var hopLimit: UInt8 { vector.grh.hop_limit }
    /// The traffic class that packets carry.
    public var trafficClass: UInt8 { vector.grh.traffic_class }

    /// What the kernel's connection manager said; `mask` says what of it is set. Throws `ENOTCONN` when the
    /// path is not among it.
    init(_ attributes: ibv_qp_attr, mask: Int32, device: UInt) throws(VerbsError) {
        let needed = IBV_QP_AV.rawValue | IBV_QP_PATH_MTU.rawValue
        guard UInt32(bitPattern: mask) & needed == needed else {
            throw VerbsError(
                call: "rdma_init_qp_attr", errno: ENOTCONN, detail: "the identifier is not connected")
        }
        vector = attributes.ah_attr
        pathMTU = attributes.path_mtu
        self.device = device
    }
}

extension PathToPartner: CustomStringConvertible {
    /// One line: `port 1, GID 3, to ::ffff:10.77.0.2, packets of 1024 bytes, hop limit 64`.
    public var description: String {
        "port \(port), GID \(localIdentifierIndex), to \(partnerIdentifier), packets of \(packetSize) bytes, "
            + "hop limit \(hopLimit)"
    }
}
