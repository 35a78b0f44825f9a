import Glibc

/// How a process stands, by /proc/PID/stat.
struct ProcessPlace {
    let isStopped: Bool
    /// It waits for somebody to take its exit status, or is not even that any more.
    let hasEnded: Bool
    /// Its process group.
    let group: pid_t

    /// - Returns: nil where there is no such process.
    init?(of pid: pid_t) {
        // The name in parentheses may hold anything; behind the last one are the state, the parent and the group.
        guard let text = Files.text(of: "/proc/\(pid)/stat"), let close = text.lastIndex(of: ")") else {
            return nil
        }
        let fields = text[text.index(after: close)...].split(separator: " ")
        guard fields.count > 2, let group = pid_t(fields[2]) else { return nil }
        isStopped = fields[0] == "T"
        hasEnded = ["Z", "X"].contains(fields[0])
        self.group = group
    }

    /// The processes of a group that have not ended, also those whose parent has.
    static func members(of group: pid_t) -> Set<pid_t> {
        Set(
            Files.names(in: "/proc").compactMap { pid_t($0) }.filter {
                ProcessPlace(of: $0).map { $0.group == group && !$0.hasEnded } ?? false
            })
    }
}
