import CRDMA
import Glibc

// Work on a connected queue pair. Each call posts one piece of work, which allocates nothing and returns at
// once; a completion with the same `workRequest` follows for every one of them, whatever becomes of it.
extension ConnectionIdentifier {
    /// Reads the partner's memory at `remoteAddress` into `memory` (`IBV_WR_RDMA_READ`). The partner's
    /// processor takes no part. What arrived may be looked at once the completion is there.
    public func postRead(
        into memory: borrowing RegisteredMemory, offset: Int, byteCount: Int, remoteAddress: UInt64,
        remoteKey: UInt32,
        workRequest: UInt64
    ) throws(VerbsError) {
        try postOneSided(
            IBV_WR_RDMA_READ, try memory.piece(at: offset, byteCount: byteCount, for: "ibv_post_send"),
            remoteAddress, remoteKey, workRequest, inline: false)
    }

    /// Writes a piece of `memory` to the partner's memory at `remoteAddress` (`IBV_WR_RDMA_WRITE`).
    ///
    /// The completion says that the bytes lie in the partner's memory, not that it looked. With `inline` they
    /// are copied at once, and the memory may change before the completion; the queue pair's
    /// `inlineByteCount` limits how many.
    public func postWrite(
        from memory: borrowing RegisteredMemory, offset: Int, byteCount: Int, remoteAddress: UInt64,
        remoteKey: UInt32,
        workRequest: UInt64, inline: Bool = false
    ) throws(VerbsError) {
        try postOneSided(
            IBV_WR_RDMA_WRITE, try memory.piece(at: offset, byteCount: byteCount, for: "ibv_post_send"),
            remoteAddress, remoteKey, workRequest, inline: inline)
    }

    /// Sends a piece of `memory` into the receive that the partner has posted first (`IBV_WR_SEND`).
    public func postSend(
        from memory: borrowing RegisteredMemory, offset: Int, byteCount: Int, workRequest: UInt64,
        inline: Bool = false
    ) throws(VerbsError) {
        try postOneSided(
            IBV_WR_SEND, try memory.piece(at: offset, byteCount: byteCount, for: "ibv_post_send"), 0, 0,
            workRequest,
            inline: inline)
    }

    /// Offers a piece of `memory` for one message of the partner's, which must fit (ibv_post_recv(3)).
    ///
    /// Post receives before `connect` or `accept`, or the first message may find none.
    public func postReceive(
        into memory: borrowing RegisteredMemory, offset: Int, byteCount: Int, workRequest: UInt64
    ) throws(VerbsError) {
        let queuePair = try requireQueuePair(for: "ibv_post_recv")
        var piece = try memory.piece(at: offset, byteCount: byteCount, for: "ibv_post_recv")
        let result = withUnsafeMutablePointer(to: &piece) { pieces in
            var work = ibv_recv_wr()
            work.wr_id = workRequest
            work.sg_list = pieces
            work.num_sge = 1
            var refused: UnsafeMutablePointer<ibv_recv_wr>?
            return ibv_post_recv(queuePair, &work, &refused)
        }
        try ErrorNumber.checkReturned("ibv_post_recv", result, "work request \(workRequest)")
    }

    private func postOneSided(
        _ operation: ibv_wr_opcode, _ piece: ibv_sge, _ remoteAddress: UInt64, _ remoteKey: UInt32,
        _ workRequest: UInt64, inline: Bool
    ) throws(VerbsError) {
        let queuePair = try requireQueuePair(for: "ibv_post_send")
        var piece = piece
        let result = withUnsafeMutablePointer(to: &piece) { pieces in
            var work = ibv_send_wr()
            work.wr_id = workRequest
            work.sg_list = pieces
            work.num_sge = 1
            work.opcode = operation
            work.send_flags = IBV_SEND_SIGNALED.rawValue | (inline ? IBV_SEND_INLINE.rawValue : 0)
            work.wr.rdma.remote_addr = remoteAddress
            work.wr.rdma.rkey = remoteKey
            var refused: UnsafeMutablePointer<ibv_send_wr>?
            return ibv_post_send(queuePair, &work, &refused)
        }
        try ErrorNumber.checkReturned("ibv_post_send", result, "work request \(workRequest)")
    }
}
