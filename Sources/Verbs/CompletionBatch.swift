import CRDMA

/// Room for the completions that one call of `CompletionQueue.poll(into:)` takes. Make it once, and fill it again
/// and again.
public struct CompletionBatch {
    /// How many completions it holds at most.
    public static let capacity = 16

    /// As C fills it. Only the first `count` mean anything.
    private var storage = InlineArray<16, ibv_wc>(repeating: ibv_wc())
    /// How many completions it holds.
    public private(set) var count = 0

    /// An empty batch.
    public init() {}

    /// The completion at `index`, the oldest first. Traps unless `index` is less than `count`.
    public subscript(index: Int) -> WorkCompletion {
        precondition(index >= 0 && index < count, "completion \(index) of \(count)")
        return WorkCompletion(storage[index])
    }

    /// Replaces what it holds by the next completions of `queue`.
    mutating func fill(from queue: UnsafeMutablePointer<ibv_cq>) throws(VerbsError) {
        count = 0
        var places = storage.mutableSpan
        let polled = places.withUnsafeMutableBufferPointer {
            ibv_poll_cq(queue, Int32($0.count), $0.baseAddress)
        }
        count = try CompletionQueue.checkPoll(polled)
    }
}
