import CRDMA
import Glibc

/// Where a device reports what concerns no single piece of work (ibv_get_async_event(3)). Non-blocking.
///
/// A device has one such place in a process, whoever reads first gets the event: keep one reader per device.
public struct DeviceEvents: ~Copyable {
    private let lease: DeviceLease

    /// The events of the domain's device.
    public init(in domain: borrowing ProtectionDomain) throws(VerbsError) {
        lease = domain.handle.lease
        try ErrorNumber.makeNonblocking(lease.context.pointee.async_fd)
    }

    /// The name of the device.
    public var deviceName: String { lease.deviceName }

    /// For epoll(7): readable when an event waits. Belongs to the device's context: do not close it.
    public var fileDescriptor: Int32 { lease.context.pointee.async_fd }

    /// The next event, or nil when none waits.
    public borrowing func nextEvent() throws(VerbsError) -> DeviceEvent? {
        var event = ibv_async_event()
        while ibv_get_async_event(lease.context, &event) != 0 {
            switch ErrorNumber.last {
            case EINTR: continue
            case EAGAIN: return nil
            case let number: throw VerbsError(call: "ibv_get_async_event", errno: number, detail: deviceName)
            }
        }
        let copy = DeviceEvent(event)
        ibv_ack_async_event(&event)
        return copy
    }

    /// Ends the reading. The descriptor closes with the device's context.
    public consuming func close() {}
}
