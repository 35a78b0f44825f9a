import Glibc
import Testing

@testable import LabKit

/// Each in a process of its own, which gets the signals.
struct InterruptsTests {
    @Test(arguments: [SIGINT, SIGTERM, SIGHUP])
    func theFirstSignalCancelsTheWorkAndMoreOfThemLeaveItTheCleaningUp(_ number: CInt) async {
        await #expect(processExitsWith: .exitCode(7)) { [number] in
            do {
                try await Interrupts.cancelling {
                    kill(getpid(), number)
                    try await Self.untilCancelled()
                    kill(getpid(), number)
                    throw CancellationError()
                }
            } catch is CancellationError {
                exit(7)
            }
        }
    }

    @Test(arguments: [SIGINT, SIGTERM, SIGHUP])
    func theNextSignalEndsWhatIsStillToldAfterAnInterruption(_ number: CInt) async {
        await #expect(processExitsWith: .exitCode(130)) { [number] in
            try await Interrupts.cancelling {
                kill(getpid(), number)
                try await Self.untilCancelled()
                try await Interrupts.last {
                    kill(getpid(), number)
                    try await Task { try await Self.untilCancelled() }.value
                }
            }
        }
    }

    /// Waits until this task is cancelled, and not for ever.
    private static func untilCancelled() async throws {
        let limit = ContinuousClock.now + .seconds(30)
        while !Task.isCancelled {
            try #require(ContinuousClock.now < limit, "the signal was not heard")
            await Task.yield()
        }
    }
}
