import ClusterConnection
import Glibc
import Subprocess

/// The load of a run: processes beside the partners that do nothing but take processor time.
struct BusyLoops {
    enum Report: Sendable {
        case started(pid_t)
        case ended(String)
    }

    let count: Int
    private var began: Instant?
    private var pids: [pid_t] = []
    private var before: (all: UInt64, idle: UInt64) = (0, 0)
    private var isOver = false

    init(count: Int) { self.count = count }

    /// Whether all loops are there.
    var isRunning: Bool { count > 0 && pids.count == count && !isOver }

    /// Runs one loop to its end. A cancelled task kills it.
    static func run(_ report: @escaping @Sendable (Report) -> Void) async {
        do {
            let result = try await Subprocess.run(
                .name("sh"), arguments: ["-c", "while :; do :; done"], environment: Tool.toolEnvironment,
                platformOptions: Tool.ownGroup, input: .none, output: .discarded, error: .sequence
            ) { execution in
                let pid = execution.processIdentifier.value
                // The lab is nice; its load is as important as any other work of the machine.
                setpriority(__priority_which_t(PRIO_PROCESS.rawValue), id_t(pid), 0)
                report(.started(pid))
                for try await _ in execution.standardError {}
            }
            report(.ended("a busy loop ended by itself with \(result.terminationStatus.text)"))
        } catch {
            report(.ended("a busy loop could not run: \(error)"))
        }
    }

    /// Takes a loop's report; says what keeps the load from being what it is to be.
    mutating func take(_ report: Report) -> String? {
        switch report {
        case .started(let pid):
            pids.append(pid)
            if pids.count == count {
                began = MonotonicClock.now
                before = Self.machineTimes
            }
            return nil
        case .ended(let reason): return isOver ? nil : reason
        }
    }

    /// Ends the load.
    ///
    /// - Returns: the history's line about it, and what is wrong when the processors were not busy.
    mutating func end(at now: Instant, log: inout LabLog) -> (HistoryEvent, problem: String?) {
        let span = began.map { now - $0 } ?? .zero
        let least = pids.map { Self.processorTime(of: $0) }.min() ?? .zero
        let busy = Self.busyPercent(from: before, to: Self.machineTimes)
        isOver = true
        for pid in pids { kill(pid, SIGKILL) }
        let event = log.run(
            .loadEnded, at: now,
            [
                ("busyLoops", .integer(Int64(count))), ("forNs", .integer(Int64(clamping: span.nanoseconds))),
                ("cpuNs", .integer(Int64(clamping: least.nanoseconds))),
                ("busyPercent", .integer(Int64(busy))),
            ])
        let processors = max(1, sysconf(CInt(_SC_NPROCESSORS_ONLN)))
        return (event, Self.problem(busyPercent: busy, least, loops: count, processors: processors))
    }

    /// Why a load was none; nil when every loop ran and, with as many loops as processors, none of those was idle.
    /// How much time a loop itself gets is for the partners and the kernel to leave it.
    static func problem(busyPercent: Int, _ least: TimeSpan, loops: Int, processors: Int) -> String? {
        let wanted = 90 * min(loops, processors) / max(1, processors)
        guard busyPercent < wanted || least == .zero else { return nil }
        return
            "the load did not take effect: the processors were busy for \(busyPercent) % of the time, and a "
            + "busy loop had \(SpanText.rounded(least)) of it; \(wanted) % are wanted"
    }

    /// The clock ticks of all processors since the machine's start, all and idle: proc_stat(5).
    private static var machineTimes: (all: UInt64, idle: UInt64) {
        times(in: Files.text(of: "/proc/stat") ?? "")
    }

    /// The same, for the text of /proc/stat.
    static func times(in text: String) -> (all: UInt64, idle: UInt64) {
        let line = text.split(separator: "\n").first { $0.hasPrefix("cpu ") } ?? ""
        // user, nice, system, idle, iowait, irq, softirq, steal; what follows is counted in user already.
        let ticks = line.split(separator: " ").dropFirst().prefix(8).compactMap { UInt64($0) }
        guard ticks.count == 8 else { return (0, 0) }
        return (ticks.reduce(0, +), ticks[3] + ticks[4])
    }

    /// The part of the time between two looks in which processors were busy.
    static func busyPercent(
        from before: (all: UInt64, idle: UInt64), to after: (all: UInt64, idle: UInt64)
    ) -> Int {
        guard after.all > before.all, after.idle >= before.idle else { return 0 }
        let all = after.all - before.all
        let idle = min(all, after.idle - before.idle)
        return Int((all - idle) * 100 / all)
    }

    /// What a process has had of the processors, from /proc/PID/stat.
    static func processorTime(of pid: pid_t) -> TimeSpan {
        guard let text = Files.text(of: "/proc/\(pid)/stat") else { return .zero }
        let ticks = ticks(in: text)
        let perSecond = UInt64(max(1, sysconf(CInt(_SC_CLK_TCK))))
        return TimeSpan(nanoseconds: ticks * (1_000_000_000 / perSecond))
    }

    /// The clock ticks in user and kernel mode: fields 14 and 15 of proc_pid_stat(5).
    static func ticks(in text: String) -> UInt64 {
        // The name in parentheses may hold anything; the state, field 3, follows the last one.
        guard let close = text.lastIndex(of: ")") else { return 0 }
        let fields = text[text.index(after: close)...].split(separator: " ")
        guard fields.count > 12, let user = UInt64(fields[11]), let kernel = UInt64(fields[12]) else {
            return 0
        }
        return user + kernel
    }
}
