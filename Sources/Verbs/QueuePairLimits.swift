import CRDMA

/// How much work a queue pair takes at once (`ibv_qp_cap` of ibv_create_qp(3)).
public struct QueuePairLimits: Hashable, Sendable {
    /// Reads, writes and sends under way.
    public var sendCapacity: UInt32
    /// Receives posted.
    public var receiveCapacity: UInt32
    /// The most bytes that a write or send may carry inline.
    public var inlineByteCount: UInt32

    /// Limits as asked for; the device may grant more.
    public init(sendCapacity: UInt32 = 16, receiveCapacity: UInt32 = 16, inlineByteCount: UInt32 = 64) {
        self.sendCapacity = sendCapacity
        self.receiveCapacity = receiveCapacity
        self.inlineByteCount = inlineByteCount
    }

    /// What the device granted.
    init(_ granted: ibv_qp_cap) {
        self.init(
            sendCapacity: granted.max_send_wr, receiveCapacity: granted.max_recv_wr,
            inlineByteCount: granted.max_inline_data)
    }

    /// What `call` makes a reliable queue pair of these limits with, in `domain`. Throws `EINVAL` for
    /// completion queues of another device.
    func attributes(
        in domain: ProtectionDomain.Handle, sends: CompletionQueue.Handle, receives: CompletionQueue.Handle,
        signalsAll: Bool, for call: StaticString
    ) throws(VerbsError) -> ibv_qp_init_attr {
        try sends.requireDevice(of: domain, for: call)
        try receives.requireDevice(of: domain, for: call)
        var attributes = ibv_qp_init_attr()
        attributes.send_cq = sends.pointer
        attributes.recv_cq = receives.pointer
        attributes.cap.max_send_wr = sendCapacity
        attributes.cap.max_recv_wr = receiveCapacity
        attributes.cap.max_send_sge = 1
        attributes.cap.max_recv_sge = 1
        attributes.cap.max_inline_data = inlineByteCount
        attributes.qp_type = IBV_QPT_RC
        attributes.sq_sig_all = signalsAll ? 1 : 0
        return attributes
    }
}
