import Glibc

/// How a queue pair that is brought up without a connection of its own reads, and when it gives up
/// (ibv_modify_qp(3)).
public struct QueuePairParameters: Hashable, Sendable {
    /// How many reads of the partner's this side serves at once. 0 forbids it to read here at all.
    public var responderResources: UInt8
    /// How many reads this side has under way at once; further ones wait. At most what the partner serves. With
    /// 0 a read waits for ever.
    public var initiatorDepth: UInt8
    /// How long a packet may stay unacknowledged: 4.096 us * 2^n, 1 to 31. Soft-RoCE rounds up to jiffies.
    public var acknowledgeTimeout: UInt8
    /// How often a packet that is not acknowledged is sent again before the work fails with
    /// `retryExceeded`: 1 to 6.
    public var retryCount: UInt8
    /// How often a send is tried again while the partner has no receive posted: 0 to 6.
    public var receiverNotReadyRetryCount: UInt8
    /// How long the partner waits before such a try, in the code of ibv_modify_qp(3): 1 is 10 us, 12 is 0.64 ms,
    /// 31 is 491 ms, 0 is 655 ms.
    public var receiverNotReadyTimer: UInt8

    /// Parameters of a queue pair that reads both ways, and gives up after half a second rather than never.
    public init(
        responderResources: UInt8 = 4, initiatorDepth: UInt8 = 4, acknowledgeTimeout: UInt8 = 14,
        retryCount: UInt8 = 6, receiverNotReadyRetryCount: UInt8 = 6, receiverNotReadyTimer: UInt8 = 12
    ) {
        self.responderResources = responderResources
        self.initiatorDepth = initiatorDepth
        self.acknowledgeTimeout = acknowledgeTimeout
        self.retryCount = retryCount
        self.receiverNotReadyRetryCount = receiverNotReadyRetryCount
        self.receiverNotReadyTimer = receiverNotReadyTimer
    }

    /// Throws `EINVAL` for what would hang, or what the packets' fields cannot hold.
    func check() throws(VerbsError) {
        try Retries.check(
            retryCount, receiverNotReady: receiverNotReadyRetryCount, for: "ibv_modify_qp")
        try Retries.checkAcknowledgeTimeout(acknowledgeTimeout, for: "ibv_modify_qp")
        guard receiverNotReadyTimer <= 31 else {
            throw VerbsError(
                call: "ibv_modify_qp", errno: EINVAL,
                detail: "receiver-not-ready timer \(receiverNotReadyTimer), expected 0 to 31")
        }
    }
}
