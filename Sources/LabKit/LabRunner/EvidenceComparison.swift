import ClusterConnection

/// Whether two run folders hold the same bytes, run by run and file by file.
package struct EvidenceComparison: Sendable {
    /// The files of one name, of all runs.
    struct Kind: Sendable {
        var name: String
        var files = 0
        var bytes = 0
        var empty = 0
        /// The SHA-256 of them all; empty until it is known.
        var digest = ""
    }

    /// By kind, those that were the same; in the order of their names.
    private var kinds: [String: Kind] = [:]
    private var paths: [String: [String]] = [:]
    private var runs = 0
    /// The first thing that differs, in words; nil where nothing does.
    package private(set) var difference: String?

    /// Compares two run folders.
    ///
    /// - Throws: `LabError` for a folder that is none, and for runs that cannot be the same: of another kernel, other
    ///   programs, or a fabric on which nothing repeats.
    package init(_ one: String, _ other: String) async throws {
        try Self.checkAlike(one, other)
        let (first, second) = (try ReportedFolder.runNames(in: one), try ReportedFolder.runNames(in: other))
        if let alone = first.first(where: { !second.contains($0) }) {
            difference = "\(alone): only in \(one)"
        } else if let alone = second.first(where: { !first.contains($0) }) {
            difference = "\(alone): only in \(other)"
        }
        for run in first where second.contains(run) {
            try Task.checkCancellation()
            runs += 1
            try compare(run, in: one, with: other)
        }
        for name in kinds.keys {
            kinds[name]?.digest = try await Userland.digest(of: paths[name] ?? [])
        }
    }

    private mutating func compare(_ run: String, in one: String, with other: String) throws {
        let (left, right) = ("\(one)/\(run)", "\(other)/\(run)")
        let (ours, theirs) = (Self.files(in: left), Self.files(in: right))
        for name in Set(ours).symmetricDifference(theirs).sorted() {
            difference = difference ?? "\(run): only one of the two has \(name)"
        }
        for name in ours where theirs.contains(name) {
            guard let a = Files.bytes(of: "\(left)/\(name)", limit: .max),
                let b = Files.bytes(of: "\(right)/\(name)", limit: .max)
            else { throw LabError("cannot read \(name) in \(left) or in \(right)") }
            guard a == b else {
                difference = difference ?? "\(run): \(ByteDifference(name, a, b).sentence)"
                continue
            }
            let kind = Self.kind(of: name)
            kinds[kind, default: Kind(name: kind)].files += 1
            kinds[kind]?.bytes += a.count
            kinds[kind]?.empty += a.isEmpty ? 1 : 0
            paths[kind, default: []].append("\(left)/\(name)")
        }
    }

    /// The files of a run, in order.
    private static func files(in folder: String) -> [String] {
        Files.names(in: folder).filter { !Files.isFolder("\(folder)/\($0)") && $0 != HTMLReport.file }
    }

    /// `recording-b2.ccmrec` is one of the recordings.
    private static func kind(of name: String) -> String {
        guard let dash = name.firstIndex(of: "-"), let dot = name.lastIndex(of: "."), dash < dot else {
            return name
        }
        return name[...dash] + "*" + name[dot...]
    }

    private static func checkAlike(_ one: String, _ other: String) throws(LabError) {
        let (ours, theirs) = (try environment(of: one), try environment(of: other))
        for (folder, environment) in [(one, ours), (other, theirs)] {
            let fabric = environment["fabric"]?.string ?? "unknown"
            guard fabric == FabricKind.uml.rawValue || fabric.hasPrefix(FabricKind.sim.rawValue) else {
                throw LabError(
                    "\(folder) was run on \(fabric), where nothing repeats to the byte; compare runs on uml or sim"
                )
            }
        }
        for name in ["fabric", "kernelDigest", "userlandDigest"] {
            let (left, right) = (ours[name]?.plainText ?? "none", theirs[name]?.plainText ?? "none")
            guard left == right else {
                throw LabError(
                    "\(one) and \(other) cannot be the same: \(name) is \(left) in one and \(right) in the other; run "
                        + "both with the same kernel, programs and libraries")
            }
        }
    }

    private static func environment(of folder: String) throws(LabError) -> JSONObject {
        // A run of a larger folder shares what that knows.
        let above = (0...3).map { folder + String(repeating: "/..", count: $0) + "/environment.json" }
        guard let file = above.first(where: { Files.exists($0) }),
            let bytes = Files.bytes(of: file, limit: 1 << 20),
            case .object(let object)? = try? JSONReader.value(of: bytes[...])
        else { throw LabError("\(folder) has no environment.json that can be read: name a run folder") }
        return object
    }

    /// What was compared and what came of it, for a person: at most 80 columns.
    package var lines: [String] {
        func row(_ name: String, _ files: String, _ bytes: String, _ digest: String) -> String {
            Table.left(name, 22) + Table.right(files, 7) + Table.right(bytes, 13) + "  " + digest
        }
        var lines = [row("the same bytes", "files", "bytes", "SHA-256 of all (first 24 digits)")]
        for kind in kinds.values.sorted(by: { $0.name < $1.name }) {
            let empty = kind.empty > 0 ? " (\(kind.empty) empty)" : ""
            lines.append(
                row(kind.name, "\(kind.files)", "\(kind.bytes)", String(kind.digest.prefix(24)) + empty))
        }
        let files = kinds.values.reduce(0) { $0 + $1.files }
        lines.append("")
        if let difference {
            lines += Table.wrapped("not the same: \(difference)", indent: 0)
        } else {
            lines.append("the same to the byte: \(files) files of \(runs) \(runs == 1 ? "run" : "runs")")
        }
        return lines
    }
}
