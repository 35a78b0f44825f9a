import ClusterConnection
import Glibc

/// A process that is short of memory, with all that it has started.
///
/// A control group of its own says how much more they may take before the kernel makes them wait for each page
/// (memory.high of cgroup v2). What they had before they came into it is not counted there, nor taken from them. A limit that
/// ends in the kernel's killing somebody (memory.max) is none to use here: that is a death, and `kill` is quicker.
struct SqueezedProcess: Sendable {
    private let group: ControlGroup
    private let before: Shortage
    /// How it was squeezed, for the history.
    let findings: [(String, JSONValue)]

    /// What the lack of memory did to the group's processes.
    struct Shortage: Hashable, Sendable {
        /// How often it had more than its room, and was held up for that.
        var times: UInt64

        /// What memory.events says.
        init?(_ text: String) {
            guard let times = ControlGroup.counts(in: text)["high"] else { return nil }
            self.times = times
        }
    }

    /// Squeezes a process.
    ///
    /// - Parameter room: bytes that it may still take, with all that it has started.
    /// - Throws: when the kernel cannot do it, or did not.
    static func squeeze(_ pid: pid_t, of partner: PartnerID, to room: UInt64) throws -> SqueezedProcess {
        let group = try ControlGroup.make(of: partner, with: "memory")
        let processes = try group.add(pid)
        let page = UInt64(getpagesize())
        // The kernel charges for pages ahead, which would be room that nobody gave: below a limit of none it takes them back.
        if room < pagesAhead * page { try group.set("memory.high", to: "0") }
        // From an earlier squeeze on, what it took is counted here.
        let used = try used(in: group)
        let limit = limit(leaving: room, beside: used, page: page)
        try group.set("memory.high", to: "\(limit)")
        // What it lacked below a limit of none is no sign that this one held it up.
        let before = try shortage(in: group)
        return SqueezedProcess(
            group: group, before: before,
            findings: [
                ("processes", .unsigned(UInt64(processes))), ("usedBytes", .unsigned(used)),
                ("limitBytes", .unsigned(limit)),
            ])
    }

    /// For how many pages the kernel charges at once (MEMCG_CHARGE_BATCH of Linux).
    private static let pagesAhead: UInt64 = 64

    private static func used(in group: ControlGroup) throws -> UInt64 {
        guard let used = UInt64(try group.text(of: "memory.current").trimmed) else {
            throw LabError("memory.current of \(group.folder) is not a count of bytes")
        }
        return used
    }

    /// What the group may hold: whole pages, as the kernel counts.
    static func limit(leaving room: UInt64, beside used: UInt64, page: UInt64) -> UInt64 {
        (used + room + page - 1) / page * page
    }

    /// Gives the process all the memory that there is.
    ///
    /// - Throws: when the limit is still there.
    func release() throws { try group.set("memory.high", to: "max") }

    /// Gives the process all the memory that there is.
    ///
    /// - Returns: what it had to do without meanwhile.
    /// - Throws: when it never needed more than its room, or the limit is still there.
    func relieve() throws -> Shortage {
        try release()
        var found = try Self.shortage(in: group)
        found.times -= min(found.times, before.times)
        guard found.times > 0 else {
            throw LabError(
                "the process never needed more than its room; expected less room, more time, or something to happen for which "
                    + "it needs memory, such as its partner's reboot")
        }
        return found
    }

    private static func shortage(in group: ControlGroup) throws -> Shortage {
        guard let found = Shortage(try group.text(of: "memory.events")) else {
            throw LabError("memory.events of \(group.folder) does not tell of a lack of memory")
        }
        return found
    }
}
