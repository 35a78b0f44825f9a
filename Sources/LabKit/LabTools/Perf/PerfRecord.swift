/// What one record of `ccmlab perf` holds: the figures of one commit, in one environment.
package struct PerfRecord: Hashable, Sendable {
    /// The commit that was counted.
    package var commit: String
    /// Whether the program was built of something else than that commit.
    package var isChanged: Bool
    /// What all chance in it came from; nil for each scenario's own.
    package var seed: UInt64?
    /// What counts can depend on besides the commit, by name. Records of different ones are never compared.
    package var environment: [String: String]
    package var figures: [PerfFigure]

    package init(
        commit: String, isChanged: Bool, seed: UInt64?, environment: [String: String], figures: [PerfFigure]
    ) {
        self.commit = commit
        self.isChanged = isChanged
        self.seed = seed
        self.environment = environment
        self.figures = figures
    }

    /// The form of the file: `docs/perf-record.schema.json`.
    static let schema = "ccm-lab.perf-record/1"
    /// Functions with less than this share of a figure are left out of the file, and of the blame.
    static let leastShare = 0.000_05
}

// MARK: - The file

extension PerfRecord {
    package var json: JSONValue {
        .object(
            JSONObject([
                ("schema", .string(Self.schema)), ("commit", .string(commit)), ("changed", .bool(isChanged)),
                ("seed", seed.map { .unsigned($0) } ?? .null),
                (
                    "environment",
                    .object(
                        JSONObject(
                            environment.sorted { $0.key < $1.key }.map { ($0.key, .string($0.value)) }))
                ), ("figures", .array(figures.map(\.json))),
            ]))
    }

    /// Reads a record.
    ///
    /// - Throws: `LabError`, with the field, for what is none.
    package init(file: String) throws(LabError) {
        guard let bytes = Files.bytes(of: file, limit: 256 << 20) else {
            throw LabError("there is no file \(file): expected a record of “ccmlab perf record”, or a commit")
        }
        let value: JSONValue
        do throws(JSONProblem) { value = try JSONReader.value(of: bytes[...]) } catch {
            throw LabError("\(file) is no record of “ccmlab perf record”: \(error)")
        }
        guard case .object(let object) = value else {
            throw LabError("\(file) is no record of “ccmlab perf record”: expected a JSON object")
        }
        guard object["schema"]?.string == Self.schema else {
            throw LabError(
                "\(file) has the schema “\(object["schema"]?.plainText ?? "none")”, and this lab reads “\(Self.schema)”; "
                    + "record the commit again with “ccmlab perf record”")
        }
        func missing(_ field: String) -> LabError {
            LabError("\(file) is damaged: the field “\(field)” is missing or of the wrong kind")
        }
        guard let commit = object["commit"]?.string else { throw missing("commit") }
        guard case .bool(let isChanged)? = object["changed"] else { throw missing("changed") }
        guard case .object(let environment)? = object["environment"] else { throw missing("environment") }
        guard case .array(let figures)? = object["figures"] else { throw missing("figures") }
        self.init(
            commit: commit, isChanged: isChanged, seed: object["seed"]?.unsignedInteger,
            environment: Dictionary(
                environment.fields.map { ($0.name, $0.value.plainText) },
                uniquingKeysWith: { first, _ in first }),
            figures: [])
        for (index, figure) in figures.enumerated() {
            guard let figure = PerfFigure(figure) else { throw missing("figures[\(index)]") }
            self.figures.append(figure)
        }
    }
}

extension PerfFigure {
    fileprivate var json: JSONValue {
        let least = abs(value) * PerfRecord.leastShare
        let kept = functions.filter { abs($0.value) >= least }.sorted {
            ($1.value, $0.key) < ($0.value, $1.key)
        }
        return .object(
            JSONObject([
                ("name", .string(name)), ("unit", .string(unit.rawValue)), ("clock", .string("counted")),
                ("value", .number(value)), ("floor", floor.map { .number($0) } ?? .null),
                (
                    "parts",
                    .array(
                        parts.map {
                            .object(JSONObject([("to", .string($0.name)), ("value", .number($0.value))]))
                        })
                ), ("functions", .object(JSONObject(kept.map { ($0.key, .number($0.value)) }))),
            ]))
    }

    fileprivate init?(_ value: JSONValue) {
        guard case .object(let object) = value, let name = object["name"]?.string,
            let unit = object["unit"]?.string.flatMap(Unit.init(rawValue:)),
            let number = object["value"]?.double, case .array(let parts)? = object["parts"],
            case .object(let functions)? = object["functions"]
        else { return nil }
        self.init(name: name, unit: unit, value: number, floor: object["floor"]?.double)
        for part in parts {
            guard case .object(let part) = part, let to = part["to"]?.string,
                let value = part["value"]?.double
            else { return nil }
            self.parts.append(Part(name: to, value: value))
        }
        for field in functions.fields {
            guard let value = field.value.double else { return nil }
            self.functions[field.name] = value
        }
    }
}

extension JSONValue {
    /// A number of any kind; nil for everything else.
    fileprivate var double: Double? {
        switch self {
        case .integer(let value): Double(value)
        case .unsigned(let value): Double(value)
        case .number(let value): value
        case .null, .bool, .string, .array, .object: nil
        }
    }
}
