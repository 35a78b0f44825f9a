import ClusterConnection
import Glibc

/// A process that gets a processor for a part of the time only.
///
/// A control group of its own limits what its threads get (cpu.max of cgroup v2). The kernel limits ordinary threads only, so
/// their real-time priority is taken away for as long.
struct StarvedProcess: Sendable {
    private let group: ControlGroup
    /// How each thread was scheduled before.
    private let threads: [pid_t: Scheduling]
    private let before: Throttling

    private struct Scheduling: Sendable {
        var policy: CInt
        var priority: CInt
    }

    /// What the control group's threads had to do without.
    struct Throttling: Hashable, Sendable {
        /// Periods in which they were stopped, and for how long in all.
        var periods: UInt64
        var span: TimeSpan

        /// What cpu.stat says.
        init?(_ text: String) {
            let values = ControlGroup.counts(in: text)
            guard let periods = values["nr_throttled"], let micros = values["throttled_usec"] else {
                return nil
            }
            self.periods = periods
            span = .microseconds(micros)
        }
    }

    /// Starves a process.
    ///
    /// - Throws: when the kernel cannot do it, or did not.
    static func starve(_ pid: pid_t, of partner: PartnerID, to ration: Ration) throws -> StarvedProcess {
        let group = try ControlGroup.make(of: partner, with: "cpu")
        try group.set("cpu.max", to: ration.text)
        let threads = try threads(of: pid)
        var ordinary = sched_param()
        for thread in threads.keys where sched_setscheduler(thread, SCHED_OTHER, &ordinary) != 0 {
            throw LabError("sched_setscheduler of thread \(thread): \(String(cString: strerror(errno)))")
        }
        _ = try group.add(pid)
        return StarvedProcess(group: group, threads: threads, before: try throttling(in: group))
    }

    /// Lets the process run as before.
    ///
    /// - Throws: when the limit is still there.
    func release() throws {
        try group.set("cpu.max", to: "max", readAs: "max ")
        for (thread, scheduling) in threads {
            var parameters = sched_param()
            parameters.sched_priority = scheduling.priority
            if sched_setscheduler(thread, scheduling.policy, &parameters) != 0, errno != ESRCH {
                throw LabError("sched_setscheduler of thread \(thread): \(String(cString: strerror(errno)))")
            }
        }
    }

    /// Lets the process run as before.
    ///
    /// - Returns: what it had to do without meanwhile.
    /// - Throws: when it did not have to wait, or the limit is still there.
    func feed() throws -> Throttling {
        try release()
        var found = try Self.throttling(in: group)
        found.periods -= min(found.periods, before.periods)
        found.span = .nanoseconds(
            found.span.nanoseconds - min(found.span.nanoseconds, before.span.nanoseconds))
        guard found.periods > 0, found.span > .zero else {
            throw LabError(
                "the process never had to wait for a processor: it needs less than its quota; expected a smaller quota, "
                    + "a longer period or more time")
        }
        return found
    }

    private static func throttling(in group: ControlGroup) throws -> Throttling {
        guard let found = Throttling(try group.text(of: "cpu.stat")) else {
            throw LabError("cpu.stat of \(group.folder) does not tell of throttling")
        }
        return found
    }

    private static func threads(of pid: pid_t) throws -> [pid_t: Scheduling] {
        var threads: [pid_t: Scheduling] = [:]
        for thread in Files.names(in: "/proc/\(pid)/task").compactMap({ pid_t($0) }) {
            var parameters = sched_param()
            let policy = sched_getscheduler(thread)
            guard policy >= 0, sched_getparam(thread, &parameters) == 0 else { continue }
            threads[thread] = Scheduling(policy: policy, priority: parameters.sched_priority)
        }
        guard !threads.isEmpty else { throw LabError("process \(pid) is gone") }
        return threads
    }
}
