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
            if pids.count == count { began = MonotonicClock.now }
            return nil
        case .ended(let reason): return isOver ? nil : reason
        }
    }

    /// Ends the load.
    ///
    /// - Returns: the history's line about it, and what is wrong when the loops did not get their share.
    mutating func end(at now: Instant, log: inout LabLog) -> (HistoryEvent, problem: String?) {
        let span = began.map { now - $0 } ?? .zero
        let least = pids.map { Self.processorTime(of: $0) }.min() ?? .zero
        isOver = true
        for pid in pids { kill(pid, SIGKILL) }
        let event = log.run(
            .loadEnded, at: now,
            [
                ("busyLoops", .integer(Int64(count))), ("forNs", .integer(Int64(clamping: span.nanoseconds))),
                ("cpuNs", .integer(Int64(clamping: least.nanoseconds))),
            ])
        let processors = max(1, sysconf(CInt(_SC_NPROCESSORS_ONLN)))
        return (event, Self.problem(least, of: span, count, processors: processors))
    }

    /// Why a load was none; nil when each loop had at least half of what it could have had.
    static func problem(_ least: TimeSpan, of span: TimeSpan, _ count: Int, processors: Int) -> String? {
        let share = min(1, Double(processors) / Double(max(1, count)))
        guard Double(least.nanoseconds) < Double(span.nanoseconds) * share / 2 else { return nil }
        return "the load did not take effect: of \(SpanText.rounded(span)) a busy loop had "
            + "\(SpanText.rounded(least)) of processor time"
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
