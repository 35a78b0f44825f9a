import ClusterConnection
import Glibc

/// A run folder with all runs in it and below it, as the report needs them.
struct ReportedFolder {
    let path: String
    /// In the order of their scenarios' names, a sweep's in the order of its values.
    let runs: [ReportedRun]
    /// What `environment.json` holds, by field.
    let environment: [String: String]
    /// The command that made the folder; nil where it was not kept.
    let command: String?
    /// What of the whole run is missing or damaged.
    let problems: [String]

    /// Reads a folder.
    ///
    /// - Throws: `LabError` where there is none, or no run in it.
    init(_ path: String, captures: HTMLReport.Captures) async throws {
        let names = try Self.runNames(in: path)
        if captures == .few, names.count > HTMLReport.mostUnasked {
            throw LabError("\(names.count) runs take their time; “ccmlab report \(path)” makes it")
        }
        var problems: [String] = []
        var runs: [ReportedRun] = []
        var decoded = 0
        for name in names {
            try Task.checkCancellation()
            let folder = name.isEmpty ? path : "\(path)/\(name)"
            let isWanted = captures.isWanted(
                runs: names.count, decoded: decoded, broke: ReportedVerdict(in: folder).result == .broke)
            if isWanted { decoded += 1 }
            let capture =
                isWanted
                ? await PacketList(in: folder, most: max(60, min(PacketList.mostShown, 4_000 / names.count)))
                : PacketList(note: "not decoded, to be quick: “ccmlab report RUN” decodes every capture")
            runs.append(try ReportedRun(in: folder, named: name, capture: capture))
        }
        self.path = path
        self.runs = runs.sorted {
            ($0.scenarioName, $0.order, $0.verdict.repetition, $0.name)
                < ($1.scenarioName, $1.order, $1.verdict.repetition, $1.name)
        }
        // A run of a larger folder shares what that knows.
        let above = (0...3).map { path + String(repeating: "/..", count: $0) }
        environment = Self.environment(above.first { Files.exists("\($0)/environment.json") }, &problems)
        command = Files.text(of: "\(path)/\(HTMLReport.commandFile)")?.trimmed
        self.problems = problems
    }

    /// The runs in a folder and below it, by their paths below it; the folder itself is the empty one.
    ///
    /// - Throws: `LabError` where there is none.
    static func runNames(in path: String) throws(LabError) -> [String] {
        guard Files.exists(path) else { throw LabError("there is no \(path): name a run folder") }
        guard Files.isFolder(path) else { throw LabError("\(path) is a file: name a run folder") }
        let names = runs(in: path, named: "")
        guard !names.isEmpty else {
            throw LabError(
                "\(path) is no run folder, and there is none below it: expected one with events.jsonl or "
                    + "verdict.json, as “ccmlab run” and “ccmlab soak” leave them")
        }
        return names
    }

    private static func runs(in folder: String, named name: String) -> [String] {
        let names = Files.names(in: folder)
        if names.contains("events.jsonl") || names.contains("verdict.json") { return [name] }
        return names.flatMap { below -> [String] in
            let path = "\(folder)/\(below)"
            guard Files.isFolder(path), !isLink(path) else { return [] }
            return runs(in: path, named: name.isEmpty ? below : "\(name)/\(below)")
        }
    }

    private static func isLink(_ path: String) -> Bool {
        var status = stat()
        return lstat(path, &status) == 0 && status.st_mode & S_IFMT == S_IFLNK
    }

    private static func environment(_ folder: String?, _ problems: inout [String]) -> [String: String] {
        guard let folder else {
            problems.append("environment.json is missing: kernel, clock and commit are not known")
            return [:]
        }
        let bytes = Files.bytes(of: "\(folder)/environment.json", limit: 1 << 20) ?? []
        guard case .object(let object)? = try? JSONReader.value(of: bytes[...]) else {
            problems.append("environment.json is damaged: kernel, clock and commit are not known")
            return [:]
        }
        let fields = object.fields.map { ($0.name, $0.value.plainText) }
        return Dictionary(fields) { first, _ in first }
    }

    /// The options with which a run is done again where this one was.
    func fabricOptions(of run: ReportedRun) -> [String] {
        let told = run.events.first { $0.name == .runStarted }?.text("fabric")
        let fabric = (told ?? environment["fabric"]).flatMap { FabricKind(rawValue: $0) }
        guard let fabric, fabric == .sim || fabric == .uml else { return [] }
        // The kept scenario may have another name than its file; a repetition has a seed of its own.
        let seed = run.verdict.seed.map { ["--seed", "\($0)"] } ?? []
        let only = run.verdict.variant.isEmpty ? [] : ["--only", run.verdict.variant]
        return ["--fabric", fabric.rawValue] + seed + only
    }
}
