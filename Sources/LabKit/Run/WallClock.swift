import ClusterConnection
import Glibc

/// The machine's wall clock, which is not the clock that anything here goes by.
enum WallClock {
    /// How far it is ahead of the monotonic clock, in nanoseconds.
    static var lead: Int64 {
        var time = timespec()
        // Fails only for a clock that does not exist, and this one always does.
        clock_gettime(CLOCK_REALTIME, &time)
        return nanoseconds(time) - Int64(clamping: MonotonicClock.now.nanoseconds)
    }

    /// Between two looks at two clocks something may run.
    private static let tolerance: Int64 = 50_000_000

    /// Sets it so far forward, or back.
    ///
    /// - Throws: when it is not so afterwards.
    static func step(by span: Int64) throws {
        let (wanted, overflow) = lead.addingReportingOverflow(span)
        guard !overflow else { throw LabError("the wall clock cannot be set so far") }
        try setLead(wanted)
    }

    /// Sets it so far ahead of the monotonic clock.
    ///
    /// - Throws: when it is not so afterwards.
    static func setLead(_ wanted: Int64) throws {
        let (target, overflow) = wanted.addingReportingOverflow(
            Int64(clamping: MonotonicClock.now.nanoseconds))
        guard !overflow, target >= 0 else { throw LabError("the wall clock cannot be set to before 1970") }
        var time = timespec()
        time.tv_sec = time_t(target / 1_000_000_000)
        time.tv_nsec = Int(target % 1_000_000_000)
        guard clock_settime(CLOCK_REALTIME, &time) == 0 else {
            throw LabError("clock_settime: \(String(cString: strerror(errno)))")
        }
        guard abs(lead - wanted) < tolerance else {
            throw LabError("the wall clock was set and is not as it was set")
        }
    }

    private static func nanoseconds(_ time: timespec) -> Int64 {
        Int64(time.tv_sec) * 1_000_000_000 + Int64(time.tv_nsec)
    }
}
