import CRDMA
import Glibc

/// Where the events of connection identifiers arrive (rdma_create_event_channel(3)). Non-blocking.
///
/// Identifiers keep the channel they were made on alive, so the order of closing can be wrong without harm;
/// the file descriptor then stays open until the last of them is closed.
public struct ConnectionChannel: ~Copyable {
    /// What identifiers share with the owner. Goes when the last of them does.
    final class Handle {
        let pointer: UnsafeMutablePointer<rdma_event_channel>

        init(_ pointer: UnsafeMutablePointer<rdma_event_channel>) { self.pointer = pointer }

        deinit { rdma_destroy_event_channel(pointer) }
    }

    var handle: Handle

    /// Opens /dev/infiniband/rdma_cm. Needs an RDMA device in the system (`ENODEV` otherwise), and read and
    /// write permission on that file.
    public init() throws(VerbsError) {
        let pointer = try ErrorNumber.checkPointer("rdma_create_event_channel", rdma_create_event_channel())
        let handle = Handle(pointer)
        try ErrorNumber.makeNonblocking(pointer.pointee.fd)
        self.handle = handle
    }

    /// For epoll(7): readable when an event waits.
    public var fileDescriptor: Int32 { handle.pointer.pointee.fd }

    /// The next event, or nil when none waits (rdma_get_cm_event(3)).
    ///
    /// The event is copied and acknowledged before this returns, so no identifier's `close()` waits for it. By
    /// taking the event librdmacm itself moves the queue pair on (to ready for `established`, to the error
    /// state for `rejected`): events must be taken for a connection to come about.
    public borrowing func nextEvent() throws(VerbsError) -> ConnectionEvent? {
        var event: UnsafeMutablePointer<rdma_cm_event>?
        while rdma_get_cm_event(handle.pointer, &event) != 0 {
            switch ErrorNumber.last {
            case EINTR: continue
            case EAGAIN: return nil
            case let number: throw VerbsError(call: "rdma_get_cm_event", errno: number)
            }
        }
        guard let event else { return nil }
        let copy = ConnectionEvent(event.pointee, channel: handle)
        // Fails only for a null pointer.
        _ = rdma_ack_cm_event(event)
        return copy
    }

    /// Closes the channel. Throws `EBUSY` when identifiers made on it still live: it then closes with the last.
    public consuming func close() throws(VerbsError) {
        guard isKnownUniquelyReferenced(&handle) else {
            throw VerbsError(
                call: "rdma_destroy_event_channel", errno: EBUSY,
                detail: "identifiers made on it are not closed")
        }
    }
}
