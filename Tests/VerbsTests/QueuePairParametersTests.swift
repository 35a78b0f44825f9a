import CRDMA
import Glibc
import Testing

@testable import Verbs

@Suite("What a queue pair is brought up with")
struct QueuePairParametersTests {
    @Test("The defaults are accepted")
    func defaults() {
        #expect(throws: Never.self) { try QueuePairParameters().check() }
    }

    @Test(
        "What would never notice a dead partner, or is out of range, is refused by name",
        arguments: [
            (QueuePairParameters(retryCount: 0), "retry count 0, expected 1 to 6"),
            (QueuePairParameters(retryCount: 7), "a dead partner is never noticed"),
            (QueuePairParameters(retryCount: 8), "retry count 8, expected 1 to 6"),
            (QueuePairParameters(receiverNotReadyRetryCount: 7), "7 means to try for ever"),
            (QueuePairParameters(acknowledgeTimeout: 0), "0 switches the timer off"),
            (QueuePairParameters(acknowledgeTimeout: 32), "exponent 32, expected 1 to 31"),
            (QueuePairParameters(receiverNotReadyTimer: 32), "timer 32, expected 0 to 31"),
        ])
    func refusals(parameters: QueuePairParameters, hint: String) {
        let error = #expect(throws: VerbsError.self) { try parameters.check() }
        #expect(error?.call.description == "ibv_modify_qp")
        #expect(error?.errno == EINVAL)
        #expect(error?.detail?.contains(hint) == true)
    }

    @Test("A path is what the connection manager says, and prints as one line")
    func path() throws {
        let path = try PathToPartner(
            attributes(), mask: Int32(IBV_QP_AV.rawValue | IBV_QP_PATH_MTU.rawValue), device: 1)
        #expect(path.port == 1)
        #expect(path.packetSize == 1024)
        #expect(path.localIdentifierIndex == 3)
        #expect(path.hopLimit == 64)
        #expect(path.trafficClass == 8)
        #expect(
            "\(path)" == "port 1, GID 3, to ::ffff:10.77.0.2, packets of 1024 bytes, hop limit 64")
    }

    @Test(
        "Without an address vector or a packet size there is no path",
        arguments: [0, Int32(IBV_QP_AV.rawValue), Int32(IBV_QP_PATH_MTU.rawValue)])
    func noPath(mask: Int32) {
        let error = #expect(throws: VerbsError.self) {
            _ = try PathToPartner(attributes(), mask: mask, device: 1)
        }
        #expect(error?.errno == ENOTCONN)
    }

    private func attributes() -> ibv_qp_attr {
        var attributes = ibv_qp_attr()
        attributes.path_mtu = IBV_MTU_1024
        attributes.ah_attr.port_num = 1
        attributes.ah_attr.is_global = 1
        attributes.ah_attr.grh.sgid_index = 3
        attributes.ah_attr.grh.hop_limit = 64
        attributes.ah_attr.grh.traffic_class = 8
        let identifier: [UInt8] = [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, 10, 77, 0, 2]
        withUnsafeMutableBytes(of: &attributes.ah_attr.grh.dgid) { $0.copyBytes(from: identifier) }
        return attributes
    }
}
