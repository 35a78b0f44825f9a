import Glibc

/// What a partner process holds of the system at a moment.
struct Census: Sendable {
    var partner: PartnerID
    var pid: pid_t
    /// By kind; what is not named is not there.
    var counts: [String: UInt64]

    /// The kinds of RDMA objects, as rdma-resource(8) calls them.
    private static let objects = ["qp", "cq", "mr", "pd", "cm_id", "srq"]
    /// Everything that is counted.
    static let kinds = ["descriptors"] + objects

    /// Counts what these processes hold.
    ///
    /// - Throws: when the kernel cannot be asked.
    static func take(of processes: [PartnerID: pid_t]) async throws -> [Census] {
        var counts: [pid_t: [String: UInt64]] = [:]
        for kind in objects {
            let outcome = try await Tool.run("rdma", ["-j", "resource", "show", kind])
            guard outcome.status.isSuccess else {
                throw LabError("rdma resource show \(kind): \(outcome.reason)")
            }
            for pid in owners(in: outcome.output) { counts[pid, default: [:]][kind, default: 0] += 1 }
        }
        return processes.sorted { $0.key < $1.key }.map { partner, pid in
            var own = counts[pid] ?? [:]
            own["descriptors"] = UInt64(Files.names(in: "/proc/\(pid)/fd").count)
            return Census(partner: partner, pid: pid, counts: own)
        }
    }

    /// Whose the objects are in what `rdma -j resource show KIND` prints: an entry for each object of a process.
    static func owners(in text: String) -> [pid_t] {
        guard case .array(let objects)? = try? JSONReader.value(of: Array(text.utf8)[...]) else { return [] }
        return objects.compactMap { object in
            guard case .object(let fields) = object, let pid = fields["pid"]?.unsignedInteger else {
                return nil
            }
            return pid_t(exactly: pid)
        }
    }
}
