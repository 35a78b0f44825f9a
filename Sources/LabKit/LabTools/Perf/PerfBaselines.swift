import ClusterConnection

/// The records in Lab/baselines, one for each environment that anybody has counted in.
package struct PerfBaselines: Sendable {
    private let folder: String

    package init(_ checkout: Checkout) { folder = "\(checkout.root)/Lab/baselines" }

    private static let reasons = "REASONS.md"

    /// The record of an environment, whichever lab has made it; nil where there is none.
    ///
    /// - Throws: `LabError` for a file that is none.
    package func record(of environment: [String: String]) throws(LabError) -> PerfRecord? {
        let own = Self.withoutLab(environment)
        return try all().first { Self.withoutLab($0.environment) == own }
    }

    /// All records, by their files' names.
    package func all() throws(LabError) -> [PerfRecord] {
        var records: [PerfRecord] = []
        for name in Files.names(in: folder).sorted() where name.hasSuffix(".json") {
            records.append(try PerfRecord(file: "\(folder)/\(name)"))
        }
        return records
    }

    /// Puts a record in the place of that of its environment, and says why.
    ///
    /// - Returns: the file.
    package func replace(with record: PerfRecord, reason: String) throws -> String {
        try Files.makeFolder(folder)
        let file = "\(folder)/\(Self.name(of: record.environment)).json"
        try Files.write(JSONText.pretty(record.json), to: file)
        let reasons = "\(folder)/\(Self.reasons)"
        var text = Files.text(of: reasons) ?? "# Why the baselines were renewed\n\n"
        text +=
            "- `\(Self.name(of: record.environment))` at \(PerfRecorder.short(record.commit)): \(reason)\n"
        try Files.write(text, to: reasons)
        return file
    }

    private static func withoutLab(_ environment: [String: String]) -> [String: String] {
        environment.filter { $0.key != PerfComparison.lab }
    }

    /// `linux-7.3.4-1a2b3c4d`.
    private static func name(of environment: [String: String]) -> String {
        var digest = Digest()
        for (name, value) in withoutLab(environment).sorted(by: { $0.key < $1.key }) {
            digest.add(name)
            digest.add(value)
        }
        let number = String(digest.value, radix: 16)
        return
            "linux-\(environment["kernel"] ?? "unknown")-\(String(repeating: "0", count: max(0, 8 - number.count)))\(number.prefix(8))"
    }
}
