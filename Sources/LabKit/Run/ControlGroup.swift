import ClusterConnection
import Glibc

/// A control group of the kernel's (cgroup v2) for one partner, by which the lab limits what it gets.
struct ControlGroup: Sendable {
    let folder: String

    /// Makes the partner's group, with a controller of the kernel's that can limit it.
    ///
    /// - Throws: when the kernel cannot do it.
    static func make(of partner: PartnerID, with controller: String) throws -> ControlGroup {
        guard let root = root() else {
            throw LabError("cgroup v2 is not mounted; mount it (mount -t cgroup2 cgroup2 /sys/fs/cgroup)")
        }
        let controllers = Files.text(of: "\(root)/cgroup.controllers")?.trimmed.split(separator: " ") ?? []
        guard controllers.contains(Substring(controller)) else {
            throw LabError(
                "\(root) has no \(controller) controller: cgroup v1 may hold it, or the kernel has none")
        }
        try put("+\(controller)", into: "\(root)/cgroup.subtree_control")
        let folder = "\(root)/\(name(of: partner))"
        if mkdir(folder, 0o755) != 0, errno != EEXIST {
            throw LabError("\(folder) cannot be made: \(String(cString: strerror(errno)))")
        }
        return ControlGroup(folder: folder)
    }

    /// Takes the groups away. Their processes have ended.
    static func clear() throws {
        guard let root = root() else { return }
        for partner in PartnerID.allCases {
            let folder = "\(root)/\(name(of: partner))"
            if rmdir(folder) != 0, errno != ENOENT {
                throw LabError("\(folder) cannot be taken away: \(String(cString: strerror(errno)))")
            }
        }
    }

    /// Has a partner's process belong to the group, with all that it has started and left in its process group. What they
    /// start from then on belongs to it by itself.
    ///
    /// - Parameter leader: of the process group.
    /// - Returns: how many processes they are.
    /// - Throws: when one of them does not belong to it afterwards.
    func add(_ leader: pid_t) throws -> Int {
        var outside = ProcessPlace.members(of: leader)
        guard outside.contains(leader) else { throw LabError("process \(leader) is gone") }
        // While one is brought in, another that is still outside may start one more there.
        for _ in 0..<Self.mostRounds {
            for pid in outside.sorted() {
                do { try Self.put("\(pid)", into: "\(folder)/cgroup.procs") } catch {
                    // What has ended meanwhile needs nothing any more.
                    if ProcessPlace(of: pid).map({ !$0.hasEnded }) ?? false { throw error }
                }
            }
            let inside = Set(try text(of: "cgroup.procs").split(separator: "\n").compactMap { pid_t($0) })
            let members = ProcessPlace.members(of: leader)
            outside = members.subtracting(inside)
            if outside.isEmpty { return members.count }
        }
        throw LabError(
            "process \(outside.sorted()[0]), of those that \(leader) has started, is not in \(folder)")
    }

    /// How often processes may start others while they are brought in.
    private static let mostRounds = 100

    /// Sets a limit, and reads it back.
    ///
    /// - Parameter beginning: how the file begins then; nil for the limit as it was written.
    func set(_ file: String, to limit: String, readAs beginning: String? = nil) throws {
        try Self.put(limit, into: "\(folder)/\(file)")
        let found = try text(of: file)
        guard beginning.map({ found.hasPrefix($0) }) ?? (found.trimmed == limit) else {
            throw LabError("\(folder)/\(file) is “\(found.trimmed)” after “\(limit)” was written")
        }
    }

    func text(of file: String) throws -> String {
        guard let text = Files.text(of: "\(folder)/\(file)") else {
            throw LabError("\(folder)/\(file) cannot be read")
        }
        return text
    }

    /// What a file of counts holds, such as cpu.stat: a name and a number in each line.
    static func counts(in text: String) -> [Substring: UInt64] {
        var counts: [Substring: UInt64] = [:]
        for line in text.split(separator: "\n") {
            let words = line.split(separator: " ")
            if words.count == 2 { counts[words[0]] = UInt64(words[1]) }
        }
        return counts
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
