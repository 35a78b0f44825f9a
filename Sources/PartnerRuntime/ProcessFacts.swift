import CLinux
import ClusterConnection
import Glibc

/// What the kernel knows of this process.
enum ProcessFacts {
    static var identifier: pid_t { getpid() }

    /// Adds processor time, memory and page faults (getrusage(2)).
    static func describe(in line: inout JSONLine) {
        var usage = rusage()
        ccm_own_usage(&usage)
        line.field("cpuNs", nanoseconds(usage.ru_utime) &+ nanoseconds(usage.ru_stime))
        line.field("maxResidentKiB", UInt64(max(0, usage.ru_maxrss)))
        line.field("majorFaults", UInt64(max(0, usage.ru_majflt)))
        line.field("minorFaults", UInt64(max(0, usage.ru_minflt)))
        line.field("involuntarySwitches", UInt64(max(0, usage.ru_nivcsw)))
    }

    /// Dies as if from outside, at this very instruction.
    static func killSelf() -> Never {
        kill(getpid(), SIGKILL)
        // The signal is delivered before kill(2) returns to a process that signals itself.
        _exit(137)
    }

    /// Stands still as if from outside, at this very instruction, until somebody wakes it up.
    static func freezeSelf() { kill(getpid(), SIGSTOP) }

    /// Has the kernel kill or freeze this process after a while, whatever it does then.
    static func strikeSelf(_ act: Failpoint.Act, after delay: TimeSpan) {
        let signal = act == .kill ? SIGKILL : SIGSTOP
        // Without a timer of the kernel's the moment would be missed: the lab finds the process alive, and says so.
        _ = ccm_signal_self_after(signal, delay.nanoseconds)
    }

    private static func nanoseconds(_ time: timeval) -> UInt64 {
        UInt64(max(0, time.tv_sec)) &* 1_000_000_000 &+ UInt64(max(0, time.tv_usec)) &* 1_000
    }
}
