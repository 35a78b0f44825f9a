import ClusterConnection
import Glibc

/// What a run may leave behind: counted before it and after it.
struct Surroundings: Hashable {
    /// RDMA objects of the fabric's devices, by device and kind: `rxe-a0 qp`.
    var objects: [String: UInt64] = [:]
    /// Network namespaces.
    var namespaces: Set<String> = []
    /// Processes in the partners' namespaces: `1234 (ccmd) in ccm-a`.
    var processes: Set<String> = []
    /// The lab's own open file descriptors.
    var descriptors = 0

    /// Counts now.
    static func now() async throws -> Surroundings {
        var surroundings = Surroundings()
        let outcome = try await Tool.run("rdma", ["-j", "resource", "show"])
        surroundings.objects = objects(of: outcome.output)
        surroundings.namespaces = Set(Files.names(in: "/run/netns"))
        surroundings.processes = processesInNamespaces()
        surroundings.descriptors = Files.names(in: "/proc/self/fd").count
        return surroundings
    }

    /// The counts in what `rdma -j resource show` prints.
    static func objects(of text: String) -> [String: UInt64] {
        guard case .array(let devices)? = try? JSONReader.value(of: Array(text.utf8)[...]) else { return [:] }
        let ours = Set(FabricNames.devices)
        var counts: [String: UInt64] = [:]
        for case .object(let device) in devices {
            guard let name = device["ifname"]?.string, ours.contains(name) else { continue }
            for kind in ["qp", "cq", "mr", "pd", "cm_id", "ctx"] {
                counts["\(name) \(kind)"] = device[kind]?.unsignedInteger ?? 0
            }
        }
        return counts
    }

    private static func processesInNamespaces() -> Set<String> {
        var inodes: [UInt64: String] = [:]
        for partner in PartnerID.allCases {
            var status = stat()
            let name = FabricNames.namespace(of: partner)
            if stat("/run/netns/\(name)", &status) == 0 { inodes[UInt64(status.st_ino)] = name }
        }
        guard !inodes.isEmpty else { return [] }
        var found: Set<String> = []
        for name in Files.names(in: "/proc") where name.first?.isNumber == true {
            var status = stat()
            guard stat("/proc/\(name)/ns/net", &status) == 0, let namespace = inodes[UInt64(status.st_ino)]
            else {
                continue
            }
            let command =
                Files.text(of: "/proc/\(name)/comm").map { $0.split(separator: "\n").first ?? "" } ?? ""
            found.insert("\(name) (\(command)) in \(namespace)")
        }
        return found
    }

    /// What is there now and was not before, in words; empty when everything is back to the start.
    ///
    /// Descriptors may grow with the first processes that are started, so they are not compared here.
    func leaks(since before: Surroundings) -> [String] {
        var leaks: [String] = []
        for (name, count) in objects.sorted(by: { $0.key < $1.key }) {
            let earlier = before.objects[name] ?? 0
            if count > earlier { leaks.append("\(count - earlier) more \(name) than before the run") }
        }
        leaks += namespaces.subtracting(before.namespaces).sorted().map {
            "namespace \($0) was not there before"
        }
        leaks += processes.subtracting(before.processes).sorted().map { "process \($0) still runs" }
        return leaks
    }

    /// What stays behind, after the kernel has had time to take down asynchronously what ended.
    static func leaks(since before: Surroundings, patience: TimeSpan) async throws -> [String] {
        let limit = MonotonicClock.now + patience
        while true {
            let leaks = try await now().leaks(since: before)
            if leaks.isEmpty || MonotonicClock.now >= limit { return leaks }
            try await Task.sleep(for: .milliseconds(20))
        }
    }
}
