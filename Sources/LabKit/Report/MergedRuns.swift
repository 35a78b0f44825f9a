import ClusterConnection

/// Run folders that several machines made, each of its part of the runs (`Shard`), put together into one.
package struct MergedRuns: Sendable {
    /// The results of all of them: by the scenario's name, then in the order of the sweep's values and of repetitions.
    package let results: [RunResult]
    /// Of each, what `verdict.json` says.
    private let verdicts: [JSONValue]
    private let places: [String]
    /// Of scenarios with instants, the kept histories of their probes, each below its run folder.
    private let probes: [(folder: String, path: String)]
    /// What could not be run where they were made.
    private let leftOut: [LeftOut]
    private let environment: JSONObject

    /// Reads the folders.
    ///
    /// - Throws: `LabError` for a folder that is none of a whole run, for parts that were not run alike, and for a run that two
    ///   of them hold.
    ///
    /// - Parameter acrossFabrics: whether they may have been run on different fabrics.
    package init(_ folders: [String], acrossFabrics: Bool = false) throws {
        var environment: (folder: String, fields: JSONObject)?
        var runs: [FinishedRun] = []
        var leftOut: Set<LeftOut> = []
        var probes: [(folder: String, path: String)] = []
        for folder in folders {
            let own = try Self.object("environment.json", in: folder)
            if let first = environment {
                if acrossFabrics {
                    let fabric = own["fabric"]?.string ?? "other"
                    environment?.fields = JSONObject(
                        fields: first.fields.fields + [.init(name: "on \(fabric)", value: .object(own))])
                } else {
                    try Self.checkAlike(first.fields, of: first.folder, own, of: folder)
                }
            } else {
                environment = (folder, own)
            }
            let verdicts = try Self.object("verdicts.json", in: folder)
            guard case .array(let all)? = verdicts["runs"] else {
                throw LabError("\(folder)/verdicts.json is damaged: it has no list “runs”")
            }
            let ofFolder = try all.map { try FinishedRun($0, in: folder) }
            runs += ofFolder
            for name in Set(ofFolder.map(\.result.variant.scenario.name)).sorted() {
                let path = LabRun.probeFile(of: name)
                if Files.exists("\(folder)/\(path)") { probes.append((folder, path)) }
            }
            if case .array(let all)? = verdicts["leftOut"] {
                for scenario in all { leftOut.insert(try LeftOut(scenario, in: folder)) }
            }
        }
        runs.sort { $0.rank < $1.rank }
        for (one, other) in zip(runs, runs.dropFirst()) where one.rank == other.rank {
            throw LabError(
                "\(one.place) and \(other.place) are the same run: expected parts that have none in common, as "
                    + "“ccmlab run --shard” makes them")
        }
        results = runs.map(\.result)
        verdicts = runs.map(\.verdict)
        places = runs.map(\.place)
        self.probes = probes
        self.environment = environment?.fields ?? JSONObject([])
        self.leftOut = leftOut.sorted { $0.scenario < $1.scenario }
    }

    /// Leaves a run folder with all runs, as if they had been done by one machine.
    package func write(to folder: String) throws {
        for (place, result) in zip(places, results) where place != "\(folder)/\(result.folder)" {
            try Files.makeFolder("\(folder)/\(result.folder)")
            try Files.copyAll(below: place, to: "\(folder)/\(result.folder)")
        }
        for probe in probes where !Files.exists("\(folder)/\(probe.path)") {
            try Files.copy("\(probe.folder)/\(probe.path)", to: "\(folder)/\(probe.path)")
        }
        var measurements = Measurements()
        for run in results { measurements.add(run.judgement.measurements) }
        try Files.write(JSONText.pretty(.object(environment)), to: "\(folder)/environment.json")
        try Files.write(
            JSONText.pretty(VerdictsJSON.document(verdicts, of: results, leftOut: leftOut)),
            to: "\(folder)/verdicts.json")
        try Files.write(JSONText.pretty(measurements.json), to: "\(folder)/measurements.json")
        try Files.write(JUnit.xml(results, leftOut: leftOut), to: "\(folder)/junit.xml")
        try Files.write(KTAP.text(results, leftOut: leftOut), to: "\(folder)/verdicts.ktap")
    }

    /// Where the part of a run folder is that another fabric has made, until it is put together with the rest.
    package static let part = ".part"

    /// How many held.
    package var inWords: String { results.inWords("runs") + LeftOut.inWords(leftOut) }

    /// The table of the runs, what broke, and how many held.
    package func lines(_ table: Table, folder: String) -> [String] {
        var lines = [table.header]
        var rest = results[...]
        while let first = rest.first {
            let name = first.variant.scenario.name
            let same = rest.prefix { $0.variant.scenario.name == name }
            lines += [table.row(Array(same))] + table.map(Array(same))
            rest = rest.dropFirst(same.count)
        }
        for run in results where !run.judgement.result.isWanted {
            lines += [""] + table.failures(of: run, folder: "\(folder)/\(run.folder)")
        }
        return lines + Repeated.lines(results) + [
            "", inWords, "run folder: \(folder)",
        ]
    }

    /// What they ran on, by its name in `environment.json`.
    func told(_ name: String) -> String { environment[name]?.string ?? "unknown" }

    /// What must be the same for runs to be parts of one.
    private static func checkAlike(
        _ first: JSONObject, of firstFolder: String, _ other: JSONObject, of otherFolder: String
    ) throws {
        for field in first.fields where other[field.name]?.plainText != field.value.plainText {
            throw LabError(
                "\(firstFolder) and \(otherFolder) were not run alike: \(field.name) is \(field.value.plainText) and "
                    + "\(other[field.name]?.plainText ?? "missing"); expected parts of one run")
        }
    }

    private static func object(_ name: String, in folder: String) throws -> JSONObject {
        guard Files.isFolder(folder) else { throw LabError("there is no folder \(folder): name run folders") }
        guard let bytes = Files.bytes(of: "\(folder)/\(name)", limit: 1 << 30) else {
            throw LabError(
                "\(folder) has no \(name): expected the folder of a whole run, as “ccmlab run” and “ccmlab soak” leave it"
            )
        }
        let value: JSONValue
        do throws(JSONProblem) {
            value = try JSONReader.value(of: bytes[...])
        } catch {
            throw LabError("\(folder)/\(name) is damaged: \(error)")
        }
        guard case .object(let object) = value else {
            throw LabError("\(folder)/\(name) is damaged: not a JSON object")
        }
        return object
    }
}

extension LeftOut {
    fileprivate init(_ value: JSONValue, in folder: String) throws {
        guard case .object(let object) = value, let scenario = object["scenario"]?.string,
            let why = object["why"]?.string
        else {
            throw LabError("\(folder)/verdicts.json is damaged: what is left out has no name or no reason")
        }
        self.init(scenario: scenario, why: why)
    }
}
