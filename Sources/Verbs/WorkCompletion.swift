import CRDMA

/// The report of one finished piece of work (ibv_poll_cq(3)).
public struct WorkCompletion: Hashable, Sendable {
    /// What the work was.
    public enum Operation: Hashable, Sendable {
        /// `postSend`
        case send
        /// `postWrite`
        case write
        /// `postRead`
        case read
        /// `postReceive`
        case receive
        /// Work that this module does not post.
        case unknown(UInt32)
    }

    /// The number that the work was posted with.
    public let workRequest: UInt64
    /// Success, or how it failed. After any failure the queue pair is in its error state: everything behind is
    /// `flushed`.
    public let status: WorkCompletionStatus
    /// What the work was. Only set on success.
    public let operation: Operation
    /// How many bytes a read or a receive brought. Only set on success.
    public let byteCount: Int
    /// What the maker of the device wants to know.
    public let vendorError: UInt32
    /// The number of the queue pair that did the work.
    public let queuePairNumber: UInt32

    /// What C reported.
    init(_ completion: ibv_wc) {
        workRequest = completion.wr_id
        status = WorkCompletionStatus(completion.status)
        operation =
            switch completion.opcode {
            case IBV_WC_SEND: .send
            case IBV_WC_RDMA_WRITE: .write
            case IBV_WC_RDMA_READ: .read
            case IBV_WC_RECV: .receive
            default: .unknown(completion.opcode.rawValue)
            }
        byteCount = Int(completion.byte_len)
        vendorError = completion.vendor_err
        queuePairNumber = completion.qp_num
    }
}
