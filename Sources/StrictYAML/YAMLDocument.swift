import Yams

/// A YAML file whose top is a mapping, read strictly: a field that nobody asks for is an error.
public struct YAMLDocument {
    /// Where it comes from, for messages.
    public let source: String
    private var root: Node.Mapping
    private var overridden: Set<String> = []

    /// Parses `text`.
    public init(text: String, source: String) throws(InputProblems) {
        self.source = source
        let node: Node?
        do {
            node = try Yams.compose(yaml: text, .basic)
        } catch {
            throw InputProblems([Self.problem(of: error, source: source)])
        }
        guard let mapping = node?.mapping else {
            throw InputProblems([
                InputProblem(
                    source: source, line: node?.mark?.line ?? 1, field: "",
                    text: "expected a mapping of fields (name: value) at the top of the file")
            ])
        }
        root = mapping
    }

    /// Puts `FIELD=VALUE`, with a dotted path for a field, in the place of what the file says.
    public mutating func override(_ assignment: String) throws(InputProblems) {
        guard let sign = assignment.firstIndex(of: "="), sign != assignment.startIndex else {
            throw InputProblems([
                InputProblem(
                    source: "command line", line: nil, field: assignment,
                    text: "expected FIELD=VALUE, for example heartbeat.interval=20ms")
            ])
        }
        let path = String(assignment[..<sign])
        let value = String(assignment[assignment.index(after: sign)...])
        Self.set(path.split(separator: ".").map(String.init)[...], to: value, in: &root)
        overridden.insert(path)
    }

    /// Reads the document through `read`, which asks for fields; throws all that was wrong at once.
    public func read<Result>(
        _ read: (YAMLFields) -> Result?
    ) throws(InputProblems) -> Result {
        let problems = ProblemList()
        let fields = YAMLFields(
            source: source, mapping: root, path: "", overridden: overridden, problems: problems)
        let result = read(fields)
        fields.refuseUnknown()
        guard problems.all.isEmpty, let result else {
            throw InputProblems(
                problems.all.isEmpty
                    ? [InputProblem(source: source, line: nil, field: "", text: "nothing could be read")]
                    : problems.all.sorted {
                        ($0.line ?? 0, $0.column ?? 0, $0.field) < ($1.line ?? 0, $1.column ?? 0, $1.field)
                    })
        }
        return result
    }

    private static func set(_ path: ArraySlice<String>, to value: String, in mapping: inout Node.Mapping) {
        guard let name = path.first else { return }
        guard path.count > 1 else {
            mapping[Node(name)] = Node(value)
            return
        }
        var inner = mapping[Node(name)]?.mapping ?? Node.Mapping([])
        set(path.dropFirst(), to: value, in: &inner)
        mapping[Node(name)] = Node.mapping(inner)
    }

    /// What is mostly behind what the parser says.
    private static func hint(about problem: String) -> String {
        if problem.contains("mapping values are not allowed") {
            return "; put a text that holds a colon and a space in quotes"
        }
        if problem.contains("cannot start any token") {
            return
                "; indent with spaces, not tabs, and put a text that begins with a special character in quotes"
        }
        return ""
    }

    private static func problem(of error: any Error, source: String) -> InputProblem {
        guard let error = error as? YamlError else {
            return InputProblem(source: source, line: nil, field: "", text: "not YAML: \(error)")
        }
        switch error {
        case .scanner(_, let problem, let mark, _), .parser(_, let problem, let mark, _),
            .composer(_, let problem, let mark, _):
            return InputProblem(
                source: source, line: mark.line, column: mark.column, field: "",
                text: "not YAML: \(problem)\(hint(about: problem))")
        case .duplicatedKeysInMapping(let duplicates, let context):
            return InputProblem(
                source: source, line: context.mark.line, column: context.mark.column, field: "",
                text: "a field stands twice: \(duplicates.joined(separator: ", "))")
        case .no, .memory, .reader, .writer, .emitter, .representer, .dataCouldNotBeDecoded:
            return InputProblem(source: source, line: nil, field: "", text: "not YAML: \(error)")
        }
    }
}

final class ProblemList {
    private(set) var all: [InputProblem] = []

    /// A section may be read more than once, for whoever it applies to; what is wrong in it is told once.
    func add(_ problem: InputProblem) {
        if !all.contains(problem) { all.append(problem) }
    }
}
