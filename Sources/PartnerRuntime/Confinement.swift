import CCapability
import CLinux
import ClusterConnection
import Glibc

/// What a partner process got of the quiet it asked for, and what rights it kept.
struct Confinement {
    /// How it is scheduled.
    let scheduling: String
    /// The capabilities that are left to it.
    let capabilities: String

    /// The lowest real-time priority that still goes before every ordinary process.
    private static let priority: Int32 = 1

    /// Locks memory and quietens scheduling, as far as the rights allow, then gives those rights up for good.
    ///
    /// CAP_IPC_LOCK is kept where the limit on locked memory could not be lifted; registering memory needs
    /// one or the other. MUST come before an RDMA device is opened.
    static func confine() throws(RuntimeError) -> Confinement {
        let needsMemoryLockRight = try lockMemory()
        let scheduling = quietenScheduling()
        let capabilities = try dropCapabilities(keepingMemoryLock: needsMemoryLockRight)
        return Confinement(scheduling: scheduling, capabilities: capabilities)
    }

    /// Locks every page as it is touched (mlockall(2)), so that no heartbeat waits for the disk.
    ///
    /// Pages that are never touched stay out, or the locked size would be that of the whole program.
    ///
    /// - Returns: whether CAP_IPC_LOCK is still needed, because the limit could not be raised.
    private static func lockMemory() throws(RuntimeError) -> Bool {
        let isLifted = ccm_lift_memory_lock_limit() == 0
        let limit = ccm_memory_lock_limit()
        let result = ccm_lock_memory_on_fault()
        guard result == 0 else {
            throw RuntimeError(
                call: "mlockall", subject: "with a memory lock limit of \(limit / 1024) KiB", errno: -result,
                advice: "raise it (LimitMEMLOCK=infinity in the unit, or ulimit -l unlimited)"
                    + " or give the process CAP_IPC_LOCK")
        }
        return !isLifted && limit != .max
    }

    /// Runs before ordinary processes (sched(7), SCHED_FIFO), or at the best nice value, or as it is.
    private static func quietenScheduling() -> String {
        // Timers fire when they are due, not when it suits the kernel to gather them.
        _ = ccm_set_timer_slack(1)
        var parameters = sched_param()
        parameters.sched_priority = priority
        if sched_setscheduler(0, SCHED_FIFO, &parameters) == 0 { return "fifo \(priority)" }
        if ccm_set_nice(-20) == 0 { return "nice -20" }
        return "ordinary"
    }

    /// Runs as any ordinary process from here on (sched(7), SCHED_OTHER), which needs no right.
    static func stepBack() {
        var parameters = sched_param()
        // Fails only for a bad argument; and then the end merely keeps others waiting.
        sched_setscheduler(0, SCHED_OTHER, &parameters)
    }

    private static func dropCapabilities(keepingMemoryLock: Bool) throws(RuntimeError) -> String {
        // Before the capabilities themselves: the bounding set can only be lowered while CAP_SETPCAP lasts.
        for capability in 0...cap_max_bits() where capability != CAP_IPC_LOCK || !keepingMemoryLock {
            cap_drop_bound(cap_value_t(capability))
        }
        let refused = ccm_set_no_new_privileges()
        guard refused == 0 else {
            throw RuntimeError(call: "prctl", subject: "PR_SET_NO_NEW_PRIVS", errno: -refused)
        }
        guard let left = cap_init() else {
            throw RuntimeError(call: "cap_init", subject: "for the least capabilities", errno: errno)
        }
        defer { cap_free(UnsafeMutableRawPointer(left)) }
        var kept = "none"
        if keepingMemoryLock, hasMemoryLockCapability() {
            var lock = cap_value_t(CAP_IPC_LOCK)
            cap_set_flag(left, CAP_PERMITTED, 1, &lock, CAP_SET)
            cap_set_flag(left, CAP_EFFECTIVE, 1, &lock, CAP_SET)
            kept = "ipc_lock"
        }
        guard cap_set_proc(left) == 0 else {
            throw RuntimeError(call: "cap_set_proc", subject: "to keep \(kept)", errno: errno)
        }
        return kept
    }

    private static func hasMemoryLockCapability() -> Bool {
        guard let current = cap_get_proc() else { return false }
        defer { cap_free(UnsafeMutableRawPointer(current)) }
        var value = CAP_CLEAR
        cap_get_flag(current, cap_value_t(CAP_IPC_LOCK), CAP_PERMITTED, &value)
        return value == CAP_SET
    }
}
