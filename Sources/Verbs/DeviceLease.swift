import CRDMA
import Glibc

/// Keeps librdmacm's one context of a device open.
///
/// librdmacm counts the identifiers on a device, and closes the context of a device that was removed with the
/// last of them: protection domains and queues that were still open would then point into freed memory. So
/// everything made on a device holds this, which is an identifier of its own, bound to the same address and a
/// free port, on a channel of its own that nobody reads.
final class DeviceLease {
    let context: UnsafeMutablePointer<ibv_context>
    private let id: UnsafeMutablePointer<rdma_cm_id>

    /// Leases the device that `identifier` is bound to. Throws `ENODEV` when it is bound to none.
    init(of identifier: borrowing ConnectionIdentifier) throws(VerbsError) {
        guard let context = identifier.pointer.pointee.verbs, let address = identifier.localAddress else {
            throw VerbsError(
                call: "rdma_bind_addr", errno: ENODEV, detail: "the identifier is not bound to a device")
        }
        var created: UnsafeMutablePointer<rdma_cm_id>?
        try ErrorNumber.check("rdma_create_id", rdma_create_id(nil, &created, nil, RDMA_PS_TCP))
        let id = try ErrorNumber.checkPointer("rdma_create_id", created)
        let bound = address.with(port: 0).withSocketAddress { rdma_bind_addr(id, $0) }
        let number = bound == 0 ? ENODEV : ErrorNumber.last
        guard bound == 0, id.pointee.verbs == context else {
            _ = rdma_destroy_id(id)
            throw VerbsError(call: "rdma_bind_addr", errno: number, detail: "\(address.with(port: 0))")
        }
        self.context = context
        self.id = id
    }

    deinit { _ = rdma_destroy_id(id) }

    /// The device's name, for error messages.
    var deviceName: String {
        ibv_get_device_name(context.pointee.device).map { String(cString: $0) } ?? "?"
    }
}
