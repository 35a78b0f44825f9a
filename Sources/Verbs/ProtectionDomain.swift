import CRDMA
import Glibc

/// The unit of access on one device (ibv_alloc_pd(3)): a queue pair reaches the memory of its own domain only.
///
/// Everything made in the domain keeps it alive; so does it keep the device's context, even if the identifier
/// it was made from is closed or the device removed.
///
/// Ownership is the same throughout this module. Each C object has one noncopyable owner, whose consuming
/// `close()` releases it and reports what went wrong. Skipping `close()` is no leak: `deinit` releases the same
/// way, with nobody to report to, because an error thrown half-way through a sequence must not trap. What an
/// object depends on lives at least as long as the object; an owner that is closed too early throws `EBUSY`,
/// and its object is released with the last that depends on it.
public struct ProtectionDomain: ~Copyable {
    /// What memory, queues and queue pairs share with the owner. Goes when the last of them does.
    final class Handle {
        let pointer: UnsafeMutablePointer<ibv_pd>
        let lease: DeviceLease
        private var isReleased = false

        init(_ pointer: UnsafeMutablePointer<ibv_pd>, lease: DeviceLease) {
            self.pointer = pointer
            self.lease = lease
        }

        deinit { if !isReleased { _ = ibv_dealloc_pd(pointer) } }

        func release() throws(VerbsError) {
            isReleased = true
            try ErrorNumber.checkReturned("ibv_dealloc_pd", ibv_dealloc_pd(pointer), lease.deviceName)
        }
    }

    var handle: Handle

    /// A domain on the device that `identifier` is bound to. Throws `ENODEV` when it is bound to none.
    public init(deviceOf identifier: borrowing ConnectionIdentifier) throws(VerbsError) {
        let lease = try DeviceLease(of: identifier)
        let pointer = try ErrorNumber.checkPointer(
            "ibv_alloc_pd", ibv_alloc_pd(lease.context), lease.deviceName)
        handle = Handle(pointer, lease: lease)
    }

    /// The name of its device.
    public var deviceName: String { handle.lease.deviceName }

    /// The state of a port of its device, as it is now (ibv_query_port(3)): whether its link is up.
    public func state(ofPort port: UInt8) throws(VerbsError) -> Device.Port.State {
        var attributes = ibv_port_attr()
        try ErrorNumber.checkReturned(
            "ibv_query_port", -ccm_query_port(handle.lease.context, port, &attributes),
            "\(deviceName) port \(port)")
        return Device.Port.State(attributes.state)
    }

    /// Releases the domain. Throws `EBUSY` when memory or queue pairs in it still live: it goes with the last.
    public consuming func close() throws(VerbsError) {
        guard isKnownUniquelyReferenced(&handle) else {
            throw VerbsError(
                call: "ibv_dealloc_pd", errno: EBUSY,
                detail: "memory, queues or queue pairs on \(handle.lease.deviceName) are not closed")
        }
        try handle.release()
    }
}
