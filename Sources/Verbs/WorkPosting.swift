import CRDMA
import Glibc

/// What work can be posted to: a connection identifier that has a queue pair, or a queue pair by itself.
///
/// Each call posts one piece of work, which allocates nothing and returns at once. A completion with the same
/// `workRequest` follows for every one of them, whatever becomes of it, unless it was posted unsignaled and
/// succeeded. An error with `VerbsError.isQueueFull` says that nothing is wrong but the pace: poll completions,
/// then post again.
///
/// An owner of one of these may conform too, by passing its `queuePairReference` on.
public protocol WorkPosting: ~Copyable {
    /// The queue pair that takes the work; nil while there is none.
    var queuePairReference: QueuePairReference? { get }
}

/// A queue pair as those see it who post to it. Says nothing and does nothing by itself: `WorkPosting` is what
/// it is for. It does not keep the queue pair alive, its owner does.
public struct QueuePairReference {
    let pointer: UnsafeMutablePointer<ibv_qp>
}

extension WorkPosting where Self: ~Copyable {
    /// Reads the partner's memory at `remoteAddress` into `memory` (`IBV_WR_RDMA_READ`, ibv_post_send(3)). The
    /// partner's processor takes no part. What arrived may be looked at once the completion is there.
    ///
    /// - Parameter signaled: whether success is reported too; see `QueuePair.init`.
    public borrowing func postRead(
        into memory: borrowing RegisteredMemory, offset: Int, byteCount: Int, remoteAddress: UInt64,
        remoteKey: UInt32, workRequest: UInt64, signaled: Bool = true
    ) throws(VerbsError) {
        try requireQueuePair(for: "ibv_post_send").post(
            IBV_WR_RDMA_READ, try memory.piece(at: offset, byteCount: byteCount, for: "ibv_post_send"),
            remoteAddress: remoteAddress, remoteKey: remoteKey, workRequest: workRequest, inline: false,
            signaled: signaled)
    }

    /// Writes a piece of `memory` to the partner's memory at `remoteAddress` (`IBV_WR_RDMA_WRITE`,
    /// ibv_post_send(3)).
    ///
    /// The completion says that the bytes lie in the partner's memory, not that it looked.
    ///
    /// - Parameters:
    ///   - inline: the bytes are copied at once, and the memory may change before the completion; the queue
    ///     pair's `inlineByteCount` limits how many.
    ///   - signaled: whether success is reported too; see `QueuePair.init`.
    public borrowing func postWrite(
        from memory: borrowing RegisteredMemory, offset: Int, byteCount: Int, remoteAddress: UInt64,
        remoteKey: UInt32, workRequest: UInt64, inline: Bool = false, signaled: Bool = true
    ) throws(VerbsError) {
        try requireQueuePair(for: "ibv_post_send").post(
            IBV_WR_RDMA_WRITE, try memory.piece(at: offset, byteCount: byteCount, for: "ibv_post_send"),
            remoteAddress: remoteAddress, remoteKey: remoteKey, workRequest: workRequest, inline: inline,
            signaled: signaled)
    }

    /// Writes like `postWrite`, and then uses up a receive of the partner's to tell it so, with a number of
    /// one's own (`IBV_WR_RDMA_WRITE_WITH_IMM`, ibv_post_send(3)).
    ///
    /// The partner finds a completion of kind `receiveOfWrite` once the bytes lie in its memory. The receive
    /// needs no memory. Without bytes to write, this rings the partner's bell and does nothing else.
    public borrowing func postWriteWithImmediate(
        _ immediate: UInt32, from memory: borrowing RegisteredMemory, offset: Int, byteCount: Int,
        remoteAddress: UInt64, remoteKey: UInt32, workRequest: UInt64, inline: Bool = false,
        signaled: Bool = true
    ) throws(VerbsError) {
        try requireQueuePair(for: "ibv_post_send").post(
            IBV_WR_RDMA_WRITE_WITH_IMM,
            try memory.piece(at: offset, byteCount: byteCount, for: "ibv_post_send"),
            remoteAddress: remoteAddress, remoteKey: remoteKey, immediate: immediate,
            workRequest: workRequest, inline: inline, signaled: signaled)
    }

    /// Sends a piece of `memory` into the receive that the partner has posted first, with a number of one's own
    /// beside it if there is one (`IBV_WR_SEND`, `IBV_WR_SEND_WITH_IMM`, ibv_post_send(3)).
    public borrowing func postSend(
        from memory: borrowing RegisteredMemory, offset: Int, byteCount: Int, immediate: UInt32? = nil,
        workRequest: UInt64, inline: Bool = false, signaled: Bool = true
    ) throws(VerbsError) {
        try requireQueuePair(for: "ibv_post_send").post(
            immediate == nil ? IBV_WR_SEND : IBV_WR_SEND_WITH_IMM,
            try memory.piece(at: offset, byteCount: byteCount, for: "ibv_post_send"),
            immediate: immediate ?? 0, workRequest: workRequest, inline: inline, signaled: signaled)
    }

    /// Offers a piece of `memory` for one message of the partner's, which must fit (ibv_post_recv(3)).
    ///
    /// Post receives before the partner can send, or the first message may find none: before `connect` or
    /// `accept`, before `makeReadyToReceive`.
    public borrowing func postReceive(
        into memory: borrowing RegisteredMemory, offset: Int, byteCount: Int, workRequest: UInt64
    ) throws(VerbsError) {
        try requireQueuePair(for: "ibv_post_recv").postReceive(
            into: try memory.piece(at: offset, byteCount: byteCount, for: "ibv_post_recv"),
            workRequest: workRequest)
    }

    /// Offers a receive without memory: for a write with immediate, or an empty message (ibv_post_recv(3)).
    public borrowing func postReceive(workRequest: UInt64) throws(VerbsError) {
        try requireQueuePair(for: "ibv_post_recv").postReceive(into: ibv_sge(), workRequest: workRequest)
    }

    /// The queue pair, without which libibverbs would follow a null pointer.
    func requireQueuePair(for call: StaticString) throws(VerbsError) -> QueuePairReference {
        guard let queuePairReference else {
            throw VerbsError(call: call, errno: EINVAL, detail: "the identifier has no queue pair")
        }
        return queuePairReference
    }
}

extension QueuePairReference {
    /// ibv_post_send(3) of one piece of work.
    func post(
        _ operation: ibv_wr_opcode, _ piece: ibv_sge, remoteAddress: UInt64 = 0, remoteKey: UInt32 = 0,
        immediate: UInt32 = 0, workRequest: UInt64, inline: Bool, signaled: Bool
    ) throws(VerbsError) {
        var piece = piece
        let result = withUnsafeMutablePointer(to: &piece) { pieces in
            var work = ibv_send_wr()
            work.wr_id = workRequest
            work.sg_list = pieces
            work.num_sge = Self.count(of: pieces.pointee)
            work.opcode = operation
            work.send_flags =
                (signaled ? IBV_SEND_SIGNALED.rawValue : 0) | (inline ? IBV_SEND_INLINE.rawValue : 0)
            work.imm_data = immediate.bigEndian
            work.wr.rdma.remote_addr = remoteAddress
            work.wr.rdma.rkey = remoteKey
            var refused: UnsafeMutablePointer<ibv_send_wr>?
            return ibv_post_send(pointer, &work, &refused)
        }
        try Self.check("ibv_post_send", result, workRequest)
    }

    /// ibv_post_recv(3) of one receive.
    func postReceive(into piece: ibv_sge, workRequest: UInt64) throws(VerbsError) {
        var piece = piece
        let result = withUnsafeMutablePointer(to: &piece) { pieces in
            var work = ibv_recv_wr()
            work.wr_id = workRequest
            work.sg_list = pieces
            work.num_sge = Self.count(of: pieces.pointee)
            var refused: UnsafeMutablePointer<ibv_recv_wr>?
            return ibv_post_recv(pointer, &work, &refused)
        }
        try Self.check("ibv_post_recv", result, workRequest)
    }

    /// A piece without bytes is left out: some devices take a length of 0 for the longest there is.
    private static func count(of piece: ibv_sge) -> Int32 { piece.length > 0 ? 1 : 0 }

    /// A full queue is part of ordinary life, so its error makes no text, which would allocate.
    private static func check(
        _ call: StaticString, _ result: Int32, _ workRequest: UInt64
    ) throws(VerbsError) {
        try ErrorNumber.checkReturned(
            call, result, result == ENOMEM ? nil : "work request \(workRequest)")
    }

    /// To `error`, from any state (ibv_modify_qp(3)).
    func fail() throws(VerbsError) {
        var attributes = ibv_qp_attr()
        attributes.qp_state = IBV_QPS_ERR
        try ErrorNumber.checkReturned(
            "ibv_modify_qp", ibv_modify_qp(pointer, &attributes, Int32(IBV_QP_STATE.rawValue)),
            "queue pair \(pointer.pointee.qp_num) to error")
    }

    /// ibv_query_qp(3).
    func state() throws(VerbsError) -> QueuePairState {
        var attributes = ibv_qp_attr()
        var initial = ibv_qp_init_attr()
        let mask =
            IBV_QP_STATE.rawValue | IBV_QP_DEST_QPN.rawValue | IBV_QP_PATH_MTU.rawValue
            | IBV_QP_TIMEOUT.rawValue | IBV_QP_RETRY_CNT.rawValue | IBV_QP_RNR_RETRY.rawValue
        try ErrorNumber.checkReturned(
            "ibv_query_qp", ibv_query_qp(pointer, &attributes, Int32(mask), &initial))
        return QueuePairState(attributes)
    }
}
