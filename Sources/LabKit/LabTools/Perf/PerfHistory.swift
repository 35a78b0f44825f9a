/// Records of several commits, in the order in which these were made.
package struct PerfHistory: Sendable {
    /// A figure over the commits.
    package struct Line: Sendable {
        package var name: String
        /// Nil where a record lacks the figure.
        package var values: [Double?]
        /// The records at which it changed by more than the threshold, each by its place.
        package var changes: [Int]
    }

    package let records: [PerfRecord]
    private let threshold: Double

    /// Reads all records of a folder.
    ///
    /// - Parameter order: the commits, oldest first; records of others are left out.
    /// - Throws: `LabError` for a file that is none, for records of different environments, and for an empty folder.
    package init(folder: String, order: [String]) throws(LabError) {
        guard Files.isFolder(folder) else {
            throw LabError("there is no folder \(folder): expected one with records of “ccmlab perf record”")
        }
        var records: [PerfRecord] = []
        for name in Files.names(in: folder).sorted() where name.hasSuffix(".json") {
            records.append(try PerfRecord(file: "\(folder)/\(name)"))
        }
        guard let first = records.first else {
            throw LabError("\(folder) holds no *.json: expected records of “ccmlab perf record”")
        }
        var threshold = PerfComparison.sameLabThreshold
        for record in records.dropFirst() {
            threshold = max(threshold, try PerfComparison(first, record).threshold)
        }
        self.threshold = threshold
        let places = Dictionary(order.enumerated().map { ($1, $0) }, uniquingKeysWith: { first, _ in first })
        self.records = records.filter { places[$0.commit] != nil }
            .sorted { (places[$0.commit] ?? 0) < (places[$1.commit] ?? 0) }
        guard !self.records.isEmpty else {
            throw LabError("no record in \(folder) is of a commit that leads to this one")
        }
    }

    /// Each figure. Counts have no noise: a change is where two neighbours differ by more than the threshold.
    package var lines: [Line] {
        var names: [String] = []
        for record in records {
            for figure in record.figures where !names.contains(figure.name) { names.append(figure.name) }
        }
        return names.map { name in
            let values = records.map { record in record.figures.first { $0.name == name }?.value }
            let changes = values.indices.dropFirst().filter { place in
                guard let old = values[place - 1], let new = values[place] else { return false }
                return abs(new - old) > abs(old) * threshold
            }
            return Line(name: name, values: values, changes: changes)
        }
    }
}
