import Dispatch
import Glibc

/// SIGINT, SIGTERM and SIGHUP as the cancellation of a task.
package enum Interrupts {
    /// Runs work that the first of these signals cancels. Further ones change nothing: the work then under way
    /// is the cleaning up.
    package static func cancelling<Result: Sendable>(
        _ work: @escaping @Sendable () async throws -> Result
    ) async throws -> Result {
        let task = Task { try await work() }
        let queue = DispatchQueue(label: "interrupts")
        let sources = [SIGINT, SIGTERM, SIGHUP].map { number in
            // The default action would end the process before the handler has a chance.
            signal(number, SIG_IGN)
            let source = DispatchSource.makeSignalSource(signal: number, queue: queue)
            source.setEventHandler { task.cancel() }
            source.resume()
            return source
        }
        defer { for source in sources { source.cancel() } }
        return try await task.value
    }
}
