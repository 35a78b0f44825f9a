import Verbs

/// What is left of a connection, or of a client's ports, after its end: nothing reaches memory through it any more, and
/// its queue pairs are still to be destroyed.
///
/// One thread has it at a time: the partner's, then the reaper's, then the partner's again.
final class Remains: @unchecked Sendable {
    private var identifier: ConnectionIdentifier?
    private var queuePair: DetachedQueuePair?
    private var queuePairs: [AnyObject] = []
    /// What the queue pairs were made from. A completion queue has to be released on the thread that takes its
    /// announcements, so it is held here until the remains are back there.
    private let foundations: [AnyObject]

    /// - Parameter identifier: one that is disconnected, or never was connected.
    init(of identifier: consuming ConnectionIdentifier) {
        foundations = identifier.foundations
        queuePair = identifier.detachQueuePair()
        self.identifier = consume identifier
    }

    /// - Parameters:
    ///   - queuePairs: their only owners. All of the queue pairs have failed.
    ///   - queues: owners of their completion queues.
    init(of queuePairs: [AnyObject], on queues: [AnyObject]) {
        self.queuePairs = queuePairs
        foundations = queues
    }

    /// Destroys the queue pairs: as long as that takes.
    func destroy() {
        queuePair = nil
        // Whatever a close may complain of, the identifier is gone afterwards.
        try? identifier.take()?.close()
        queuePairs.removeAll()
    }
}
