import CLinux
import Glibc
import Synchronization

/// Destroys queue pairs on a thread of its own.
///
/// The kernel destroys a queue pair only when the last of its packets is gone (ibv_destroy_qp(3)), and a packet that waits for
/// its neighbour's link-layer address is gone after a second. A partner that stood still so long would be found hung.
/// What comes here was fenced first, so no memory waits for it.
///
/// The thread has the scheduling, the signal mask and the rights of the thread that makes it.
final class Reaper {
    private let desk: Desk
    private let thread: pthread_t
    private var outstanding = 0

    /// So many remains may wait; who has more destroys them where he stands. Without a bound a partner that asks for
    /// connections without end would fill the memory.
    static let limit = 64
    /// Room for the calls into the kernel; all of it is locked once it is touched.
    private static let stackByteCount = 256 * 1024

    init() throws(RuntimeError) {
        desk = try Desk()
        var attributes = pthread_attr_t()
        pthread_attr_init(&attributes)
        defer { pthread_attr_destroy(&attributes) }
        pthread_attr_setstacksize(&attributes, Self.stackByteCount)
        var thread = pthread_t()
        let context = Unmanaged.passRetained(desk)
        let result = pthread_create(
            &thread, &attributes,
            { context in
                guard let context else { return nil }
                Unmanaged<Desk>.fromOpaque(context).takeRetainedValue().work()
                return nil
            }, context.toOpaque())
        guard result == 0 else {
            context.release()
            throw RuntimeError(call: "pthread_create", subject: "to destroy queue pairs", errno: result)
        }
        self.thread = thread
    }

    /// Waits until all is destroyed.
    deinit {
        desk.close()
        pthread_join(thread, nil)
    }

    /// Readable when there is something to `release`.
    var fileDescriptor: Int32 { desk.reports.number }

    /// Takes remains over, and comes back at once.
    func take(_ remains: Remains) {
        guard desk.put(remains, limit: Self.limit) else { return remains.destroy() }
        outstanding += 1
    }

    /// Lets go of what the destroyed were made from. On the partner's thread.
    func release() { outstanding -= desk.clear() }

    /// Whether something is held that may still announce completions: until it was released.
    var isBusy: Bool { outstanding > 0 }
}

/// What the two threads share.
private final class Desk: Sendable {
    private struct State {
        var waiting: [Remains] = []
        var atWork: Remains?
        var destroyed: [Remains] = []
        var isClosed = false
    }

    private let state = Mutex(State())
    private let orders: OwnedDescriptor
    let reports: OwnedDescriptor

    init() throws(RuntimeError) {
        orders = try OwnedDescriptor(
            eventfd(0, Int32(EFD_CLOEXEC)), call: "eventfd", subject: "for the reaper's orders")
        reports = try OwnedDescriptor(
            eventfd(0, Int32(EFD_CLOEXEC | EFD_NONBLOCK)), call: "eventfd",
            subject: "for the reaper's reports")
    }

    // MARK: The partner's side

    /// - Returns: whether there was room.
    func put(_ remains: Remains, limit: Int) -> Bool {
        let isPut = state.withLock { state in
            guard state.waiting.count < limit else { return false }
            state.waiting.append(remains)
            return true
        }
        if isPut { Self.signal(orders) }
        return isPut
    }

    /// - Returns: how many were released.
    func clear() -> Int {
        var count: eventfd_t = 0
        // Fails where nothing was reported.
        _ = eventfd_read(reports.number, &count)
        // Released when the lock is free again.
        let released = state.withLock { state in
            defer { state.destroyed = [] }
            return state.destroyed
        }
        return released.count
    }

    func close() {
        state.withLock { $0.isClosed = true }
        Self.signal(orders)
    }

    // MARK: The reaper's side

    func work() {
        ccm_name_thread("ccmd-reaper")
        while awaitOrders() {
            while destroyNext() { report() }
        }
    }

    /// Holds nothing of what it destroyed when it comes back: from the report on, only the partner's thread does.
    private func destroyNext() -> Bool {
        let remains = state.withLock { state in
            state.atWork = state.waiting.isEmpty ? nil : state.waiting.removeFirst()
            return state.atWork
        }
        remains?.destroy()
        return remains != nil
    }

    private func report() {
        state.withLock { state in
            if let remains = state.atWork { state.destroyed.append(remains) }
            state.atWork = nil
        }
        Self.signal(reports)
    }

    /// - Returns: whether there is something to do, or may be later.
    private func awaitOrders() -> Bool {
        let isClosed = state.withLock { $0.isClosed && $0.waiting.isEmpty }
        guard !isClosed else { return false }
        var count: eventfd_t = 0
        // A stop and continuation of the process interrupts it: nothing is there then, and it waits again.
        _ = eventfd_read(orders.number, &count)
        return true
    }

    /// Fails only for a count near 2^64.
    private static func signal(_ descriptor: borrowing OwnedDescriptor) {
        _ = eventfd_write(descriptor.number, 1)
    }
}
