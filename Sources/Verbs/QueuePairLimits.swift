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
}
