import CRDMA

/// A queue pair that was an identifier's, and is there to be destroyed and for nothing else.
///
/// The foundations of the identifier MUST outlive it.
public struct DetachedQueuePair: ~Copyable {
    let pointer: UnsafeMutablePointer<ibv_qp>

    /// Destroys it (ibv_destroy_qp(3)), which may take as long as a packet of its waits for its neighbour. What the
    /// kernel may complain of, nobody could mend.
    deinit { _ = ibv_destroy_qp(pointer) }
}
