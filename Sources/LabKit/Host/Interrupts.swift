import Dispatch
import Glibc
import Synchronization

/// SIGINT, SIGTERM and SIGHUP as the cancellation of a task.
package enum Interrupts {
    /// The exit status of what was interrupted.
    package static let status: Int32 = 130

    /// Whether nothing is to be cleaned up any more, and a signal ends the process.
    private static let endsAtOnce = Atomic<Bool>(false)

    /// Runs work that the first of these signals cancels. Further ones change nothing: the work then under way
    /// is the cleaning up.
    package static func cancelling<Result: Sendable>(
        _ work: @escaping @Sendable () async throws -> Result
    ) async throws -> Result {
        let (heard, isHearing) = AsyncStream<Void>.makeStream()
        let task = Task {
            // Before it, a signal would be lost.
            for await _ in heard {}
            return try await work()
        }
        let queue = DispatchQueue(label: "interrupts")
        var sources: [any DispatchSourceSignal] = []
        defer { for source in sources { source.cancel() } }
        for number in [SIGINT, SIGTERM, SIGHUP] {
            // The default action would end the process before the handler has a chance.
            signal(number, SIG_IGN)
            let source = DispatchSource.makeSignalSource(signal: number, queue: queue)
            source.setEventHandler {
                if endsAtOnce.load(ordering: .relaxed) { _exit(status) }
                task.cancel()
            }
            await withCheckedContinuation { continuation in
                source.setRegistrationHandler { continuation.resume() }
                source.resume()
            }
            sources.append(source)
        }
        isHearing.finish()
        return try await task.value
    }

    /// Runs what remains to be told after an interruption, when all is cleaned up: the next signal ends the process at
    /// once.
    package static func last(_ work: () async throws -> Void) async rethrows {
        endsAtOnce.store(true, ordering: .relaxed)
        defer { endsAtOnce.store(false, ordering: .relaxed) }
        try await work()
    }
}
