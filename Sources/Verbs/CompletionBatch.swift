import CRDMA

/// Room for the completions that one call of `CompletionQueue.poll(into:)` takes. Make it once, which allocates,
/// and fill it again and again, which does not.
public struct CompletionBatch: ~Copyable {
    /// How many completions it holds at most.
    public let capacity: Int
    /// How many completions it holds.
    public private(set) var count = 0

    /// As C fills it. Only the first `count` mean anything. Not an inline array, which Swift would copy as a
    /// whole to look at one element.
    private let storage: UnsafeMutablePointer<ibv_wc>

    /// An empty batch for `capacity` completions, at least 1.
    public init(capacity: Int = 16) {
        precondition((1...Int(Int32.max)).contains(capacity), "a batch of \(capacity) completions")
        self.capacity = capacity
        storage = .allocate(capacity: capacity)
        storage.initialize(repeating: ibv_wc(), count: capacity)
    }

    deinit { storage.deallocate() }

    /// The completion at `index`, the oldest first. Traps unless `index` is less than `count`.
    public subscript(index: Int) -> WorkCompletion {
        precondition(index >= 0 && index < count, "completion \(index) of \(count)")
        return WorkCompletion(storage[index])
    }

    /// Replaces what it holds by the next completions of `queue`.
    mutating func fill(from queue: UnsafeMutablePointer<ibv_cq>) throws(VerbsError) {
        count = 0
        count = try CompletionQueue.checkPoll(ibv_poll_cq(queue, Int32(capacity), storage))
    }
}
