import CRDMA

/// The report of one finished piece of work (ibv_poll_cq(3)).
public struct WorkCompletion: Hashable, Sendable {
    /// What the work was.
    public enum Operation: Hashable, Sendable {
        /// `postSend`
        case send
        /// `postWrite`, `postWriteWithImmediate`
        case write
        /// `postRead`
        case read
        /// `postReceive`, for a message of the partner's
        case receive
        /// `postReceive`, used up by the partner's `postWriteWithImmediate`: the bytes lie where it wrote them,
        /// and the memory of the receive, if it has any, is as it was
        case receiveOfWrite
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
    /// How many bytes a read, a receive or the partner's write brought. Only set on success.
    public let byteCount: Int
    /// The number that the partner sent along with the message or write that used up a receive; nil when it
    /// sent none.
    public let immediate: UInt32?
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
            case IBV_WC_RECV_RDMA_WITH_IMM: .receiveOfWrite
            default: .unknown(completion.opcode.rawValue)
            }
        byteCount = Int(completion.byte_len)
        // Soft-RoCE marks the sender's completion too, where there is no number.
        let isImmediate =
            completion.status == IBV_WC_SUCCESS && completion.opcode.rawValue & IBV_WC_RECV.rawValue != 0
            && completion.wc_flags & IBV_WC_WITH_IMM.rawValue != 0
        immediate = isImmediate ? UInt32(bigEndian: completion.imm_data) : nil
        vendorError = completion.vendor_err
        queuePairNumber = completion.qp_num
    }
}
