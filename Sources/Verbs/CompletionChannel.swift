import CRDMA
import Glibc

/// Where completion queues announce that there is something to poll (ibv_create_comp_channel(3)). Non-blocking.
public struct CompletionChannel: ~Copyable {
    /// What queues share with the owner. Goes when the last of them does.
    final class Handle {
        let pointer: UnsafeMutablePointer<ibv_comp_channel>
        private let lease: DeviceLease
        private var isReleased = false

        init(_ pointer: UnsafeMutablePointer<ibv_comp_channel>, lease: DeviceLease) {
            self.pointer = pointer
            self.lease = lease
        }

        deinit { if !isReleased { _ = ibv_destroy_comp_channel(pointer) } }

        /// Takes one announcement and notes it with its queue (ibv_get_cq_event(3)); false when there is none.
        func takeEvent() throws(VerbsError) -> Bool {
            var queue: UnsafeMutablePointer<ibv_cq>?
            var context: UnsafeMutableRawPointer?
            while ibv_get_cq_event(pointer, &queue, &context) != 0 {
                switch ErrorNumber.last {
                case EINTR: continue
                case EAGAIN: return false
                case let number: throw VerbsError(call: "ibv_get_cq_event", errno: number)
                }
            }
            if let context {
                Unmanaged<CompletionQueue.Handle>.fromOpaque(context).takeUnretainedValue().noteAnnouncement()
            }
            return true
        }

        func release() throws(VerbsError) {
            isReleased = true
            try ErrorNumber.checkReturned(
                "ibv_destroy_comp_channel", ibv_destroy_comp_channel(pointer), lease.deviceName)
        }
    }

    var handle: Handle

    /// A channel of the domain's device.
    public init(in domain: borrowing ProtectionDomain) throws(VerbsError) {
        let lease = domain.handle.lease
        let pointer = try ErrorNumber.checkPointer(
            "ibv_create_comp_channel", ibv_create_comp_channel(lease.context), lease.deviceName)
        let handle = Handle(pointer, lease: lease)
        try ErrorNumber.makeNonblocking(pointer.pointee.fd)
        self.handle = handle
    }

    /// For epoll(7): readable when a queue that was asked to announce something has.
    public var fileDescriptor: Int32 { handle.pointer.pointee.fd }

    /// Takes what is announced of any queue: where all that are left wait to be destroyed, nobody else does, and the
    /// descriptor would be readable for ever.
    public borrowing func takeEvents() throws(VerbsError) {
        while try handle.takeEvent() {}
    }

    /// Closes the channel. Throws `EBUSY` when queues made with it still live: it then closes with the last.
    public consuming func close() throws(VerbsError) {
        guard isKnownUniquelyReferenced(&handle) else {
            throw VerbsError(
                call: "ibv_destroy_comp_channel", errno: EBUSY,
                detail: "completion queues made with it are not closed")
        }
        try handle.release()
    }
}
