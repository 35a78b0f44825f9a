import ClusterConnection
import Glibc

/// A process that gets a processor for a part of the time only.
///
/// A control group of its own limits what its threads get (cpu.max of cgroup v2). The kernel limits ordinary threads only, so
/// their real-time priority is taken away for as long.
struct StarvedProcess: Sendable {
    private let folder: String
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
            var values: [Substring: UInt64] = [:]
            for line in text.split(separator: "\n") {
                let words = line.split(separator: " ")
                if words.count == 2 { values[words[0]] = UInt64(words[1]) }
            }
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
        let folder = try group(of: partner)
        try put(ration.text, into: "\(folder)/cpu.max")
        let threads = try threads(of: pid)
        var ordinary = sched_param()
        for thread in threads.keys where sched_setscheduler(thread, SCHED_OTHER, &ordinary) != 0 {
            throw LabError("sched_setscheduler of thread \(thread): \(String(cString: strerror(errno)))")
        }
        try put("\(pid)", into: "\(folder)/cgroup.procs")
        guard Files.text(of: "\(folder)/cpu.max")?.trimmed == ration.text,
            Files.text(of: "\(folder)/cgroup.procs")?.split(separator: "\n").contains("\(pid)") ?? false
        else { throw LabError("process \(pid) is not limited in \(folder)") }
        return StarvedProcess(folder: folder, threads: threads, before: try throttling(in: folder))
    }

    /// Lets the process run as before.
    ///
    /// - Throws: when the limit is still there.
    func release() throws {
        try Self.put("max", into: "\(folder)/cpu.max")
        for (thread, scheduling) in threads {
            var parameters = sched_param()
            parameters.sched_priority = scheduling.priority
            if sched_setscheduler(thread, scheduling.policy, &parameters) != 0, errno != ESRCH {
                throw LabError("sched_setscheduler of thread \(thread): \(String(cString: strerror(errno)))")
            }
        }
        guard Files.text(of: "\(folder)/cpu.max")?.hasPrefix("max") ?? false else {
            throw LabError("\(folder) is still limited")
        }
    }

    /// Lets the process run as before.
    ///
    /// - Returns: what it had to do without meanwhile.
    /// - Throws: when it did not have to wait, or the limit is still there.
    func feed() throws -> Throttling {
        try release()
        var found = try Self.throttling(in: folder)
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

    /// Takes the control groups away. Their processes have ended.
    static func clear() throws {
        guard let root = root() else { return }
        for partner in PartnerID.allCases {
            let folder = "\(root)/\(name(of: partner))"
            if rmdir(folder) != 0, errno != ENOENT {
                throw LabError("\(folder) cannot be taken away: \(String(cString: strerror(errno)))")
            }
        }
    }

    private static func name(of partner: PartnerID) -> String { "ccm-lab-\(partner.rawValue)" }

    private static func root() -> String? { root(in: Files.text(of: "/proc/self/mounts") ?? "") }

    /// Where cgroup v2 is mounted, by /proc/self/mounts.
    static func root(in mounts: String) -> String? {
        for line in mounts.split(separator: "\n") {
            let words = line.split(separator: " ")
            if words.count > 2, words[2] == "cgroup2" { return String(words[1]) }
        }
        return nil
    }

    private static func group(of partner: PartnerID) throws -> String {
        guard let root = root() else {
            throw LabError("cgroup v2 is not mounted; mount it (mount -t cgroup2 cgroup2 /sys/fs/cgroup)")
        }
        let controllers = Files.text(of: "\(root)/cgroup.controllers")?.trimmed.split(separator: " ") ?? []
        guard controllers.contains("cpu") else {
            throw LabError("\(root) has no cpu controller: cgroup v1 may hold it, or the kernel has none")
        }
        try put("+cpu", into: "\(root)/cgroup.subtree_control")
        let folder = "\(root)/\(name(of: partner))"
        if mkdir(folder, 0o755) != 0, errno != EEXIST {
            throw LabError("\(folder) cannot be made: \(String(cString: strerror(errno)))")
        }
        return folder
    }

    private static func throttling(in folder: String) throws -> Throttling {
        guard let found = Files.text(of: "\(folder)/cpu.stat").flatMap({ Throttling($0) }) else {
            throw LabError("\(folder)/cpu.stat does not tell of throttling")
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

    /// Writes into a file of the kernel's, in one piece.
    private static func put(_ text: String, into file: String) throws {
        let descriptor = open(file, O_WRONLY | O_CLOEXEC)
        guard descriptor >= 0 else {
            throw LabError("\(file): \(String(cString: strerror(errno)))")
        }
        defer { close(descriptor) }
        guard write(descriptor, text, text.utf8.count) == text.utf8.count else {
            throw LabError("\(file) does not take “\(text)”: \(String(cString: strerror(errno)))")
        }
    }
}
