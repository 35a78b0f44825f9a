import CLinux
import Glibc

/// SIGTERM and SIGINT as something to wait for (signalfd(2)) instead of an interruption.
struct TerminationSignals: ~Copyable {
    private let descriptor: OwnedDescriptor

    init() throws(RuntimeError) {
        var set = sigset_t()
        sigemptyset(&set)
        sigaddset(&set, SIGTERM)
        sigaddset(&set, SIGINT)
        sigprocmask(SIG_BLOCK, &set, nil)
        // A reader of the history or of a status that goes away is its own problem.
        signal(SIGPIPE, SIG_IGN)
        descriptor = try OwnedDescriptor(
            signalfd(-1, &set, Int32(SFD_NONBLOCK) | Int32(SFD_CLOEXEC)), call: "signalfd",
            subject: "for SIGTERM and SIGINT")
    }

    var fileDescriptor: Int32 { descriptor.number }

    /// Takes a signal that arrived; false when none did.
    func take() -> Bool {
        var info = signalfd_siginfo()
        return read(descriptor.number, &info, MemoryLayout<signalfd_siginfo>.size)
            == MemoryLayout<signalfd_siginfo>.size
    }
}
