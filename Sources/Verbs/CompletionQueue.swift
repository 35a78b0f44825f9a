import CRDMA
import Glibc

/// Where finished work is reported (ibv_create_cq(3)).
///
/// The loop that loses nothing: `requestNotification()`, `poll()` until nil, wait for the channel's descriptor,
/// `takeEvent()`, and again from the start. A completion that arrives between request and poll is polled, one
/// that arrives later is announced.
public struct CompletionQueue: ~Copyable {
    /// What queue pairs share with the owner. Goes when the last of them does.
    final class Handle {
        let pointer: UnsafeMutablePointer<ibv_cq>
        private let channel: CompletionChannel.Handle
        private let domain: ProtectionDomain.Handle
        private var isReleased = false
        /// Announcements taken from the channel that ibv_ack_cq_events(3) has not been told of.
        private var unacknowledged: UInt32 = 0
        /// An announcement was taken from the channel and not yet reported.
        private var isAnnounced = false

        /// Acknowledging takes a lock, so it is done for so many announcements at once.
        private static let batch: UInt32 = 64

        init(in domain: ProtectionDomain.Handle, channel: CompletionChannel.Handle, capacity: Int32)
            throws(VerbsError)
        {
            let context = domain.lease.context
            pointer = try ErrorNumber.checkPointer(
                "ibv_create_cq", ibv_create_cq(context, capacity, nil, channel.pointer, 0),
                "for \(capacity) completions on \(domain.lease.deviceName)")
            self.channel = channel
            self.domain = domain
            // The way back from an announcement. Unretained: destroying the queue drops what it announced.
            pointer.pointee.cq_context = Unmanaged.passUnretained(self).toOpaque()
        }

        deinit { if !isReleased { _ = destroy() } }

        func release() throws(VerbsError) {
            isReleased = true
            try ErrorNumber.checkReturned("ibv_destroy_cq", destroy(), domain.lease.deviceName)
        }

        /// Throws `EINVAL` unless the queue is on the device of `domain`, where `call` makes a queue pair. The
        /// kernel would take it for whatever queue of that device has the same handle.
        func requireDevice(
            of domain: ProtectionDomain.Handle, for call: StaticString
        ) throws(VerbsError) {
            guard self.domain.lease.context == domain.lease.context else {
                throw VerbsError(
                    call: call, errno: EINVAL,
                    detail: "on \(domain.lease.deviceName) with a completion queue of another device")
            }
        }

        /// ibv_destroy_cq(3) waits until every announcement taken is acknowledged.
        private func destroy() -> Int32 {
            acknowledge()
            return ibv_destroy_cq(pointer)
        }

        private func acknowledge() {
            if unacknowledged > 0 { ibv_ack_cq_events(pointer, unacknowledged) }
            unacknowledged = 0
        }

        /// The channel announced this queue.
        func noteAnnouncement() {
            isAnnounced = true
            unacknowledged += 1
            if unacknowledged >= Self.batch { acknowledge() }
        }

        /// Takes announcements from the channel, which other queues may share, until one is about this queue, and
        /// tells whether there was one.
        func takeEvent() throws(VerbsError) -> Bool {
            while !isAnnounced {
                guard try channel.takeEvent() else { return false }
            }
            isAnnounced = false
            return true
        }
    }

    var handle: Handle

    /// A queue for at least `capacity` completions, announced on `channel`.
    ///
    /// The capacity must cover all work that the queue pairs on it can have under way, sends and receives: a
    /// queue that runs over breaks them all.
    public init(
        in domain: borrowing ProtectionDomain, channel: borrowing CompletionChannel, capacity: Int
    ) throws(VerbsError) {
        guard let count = Int32(exactly: capacity), count > 0 else {
            throw VerbsError(call: "ibv_create_cq", errno: EINVAL, detail: "for \(capacity) completions")
        }
        handle = try Handle(in: domain.handle, channel: channel.handle, capacity: count)
    }

    /// How many completions it holds, at least as many as asked for.
    public var capacity: Int { Int(handle.pointer.pointee.cqe) }

    /// Asks for one announcement on the channel, of the next completion to arrive (ibv_req_notify_cq(3)).
    public borrowing func requestNotification() throws(VerbsError) {
        try ErrorNumber.checkReturned("ibv_req_notify_cq", ibv_req_notify_cq(handle.pointer, 0))
    }

    /// Takes what the channel announced, and tells whether it was about this queue (ibv_get_cq_event(3)). Poll
    /// then, after asking for the next announcement.
    public borrowing func takeEvent() throws(VerbsError) -> Bool {
        try handle.takeEvent()
    }

    /// The next completion, or nil when there is none (ibv_poll_cq(3)). Allocates nothing.
    ///
    /// What a read brought, or a receive, may be looked at from here on.
    public borrowing func poll() throws(VerbsError) -> WorkCompletion? {
        var completion = ibv_wc()
        let count = try Self.checkPoll(ibv_poll_cq(handle.pointer, 1, &completion))
        return count > 0 ? WorkCompletion(completion) : nil
    }

    /// Takes the next completions, as many as `batch` holds, and returns how many there were
    /// (ibv_poll_cq(3)). Allocates nothing.
    ///
    /// One call of the device's for all of them, so cheaper than `poll()` where much work finishes. When the
    /// batch came back full there may be more.
    public borrowing func poll(into batch: inout CompletionBatch) throws(VerbsError) -> Int {
        try batch.fill(from: handle.pointer)
        return batch.count
    }

    /// The number of completions polled, or what went wrong.
    static func checkPoll(_ count: Int32) throws(VerbsError) -> Int {
        guard count >= 0 else {
            throw VerbsError(call: "ibv_poll_cq", errno: count == -1 ? EIO : -count)
        }
        return Int(count)
    }

    /// Destroys the queue. Throws `EBUSY` when queue pairs made with it still live: it then goes with the last.
    public consuming func close() throws(VerbsError) {
        guard isKnownUniquelyReferenced(&handle) else {
            throw VerbsError(
                call: "ibv_destroy_cq", errno: EBUSY, detail: "queue pairs made with it are not closed")
        }
        try handle.release()
    }
}
