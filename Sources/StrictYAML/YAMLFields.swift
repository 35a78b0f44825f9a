import Yams

/// The fields of a mapping, asked for one by one; keeps count of which, so that the others can be refused.
public final class YAMLFields {
    /// The dotted path of the mapping; empty at the top.
    public let path: String
    private let source: String
    private let mapping: Node.Mapping
    private let overridden: Set<String>
    private let problems: ProblemList
    private var known: [String] = []
    private var sections: [YAMLFields] = []
    private var strangers: [String: String] = [:]

    init(
        source: String, mapping: Node.Mapping, path: String, overridden: Set<String>, problems: ProblemList
    ) {
        self.source = source
        self.mapping = mapping
        self.path = path
        self.overridden = overridden
        self.problems = problems
    }

    /// The names of the fields that are there.
    public var names: [String] { mapping.keys.compactMap(\.string) }

    /// The line the mapping begins on.
    public var line: Int? { mapping.mark?.line }

    /// The value of a field, nil when it is absent or wrong; `expected` completes "expected ...".
    public func value<Value>(
        _ name: String, expected: String, _ parse: (String) -> Value?
    ) -> Value? {
        guard let node = node(name) else { return nil }
        guard let text = node.scalar?.string else {
            report(name, node, "expected \(expected), found a \(node.kind)")
            return nil
        }
        guard let value = parse(text) else {
            report(name, node, "expected \(expected), found “\(text)”")
            return nil
        }
        return value
    }

    /// The value of a field that has to be there.
    public func required<Value>(
        _ name: String, expected: String, _ parse: (String) -> Value?
    ) -> Value? {
        guard node(name) != nil else {
            report(name, nil, "is missing: expected \(expected)")
            return nil
        }
        return value(name, expected: expected, parse)
    }

    /// Whether a field is a mapping, of whatever.
    public func isMapping(_ name: String) -> Bool { node(name)?.mapping != nil }

    /// How many items a field has that is a list, of whatever; nil where it is none.
    public func listCount(_ name: String) -> Int? { node(name)?.sequence?.count }

    /// The fields of a nested mapping, nil when it is absent or no mapping.
    public func section(_ name: String) -> YAMLFields? {
        guard let node = node(name) else { return nil }
        guard let inner = node.mapping else {
            report(name, node, "expected a mapping of fields, found a \(node.kind)")
            return nil
        }
        return nested(inner, full(name))
    }

    /// The fields of each mapping in a list; nil when the list is absent or no list of mappings.
    public func list(_ name: String) -> [YAMLFields]? {
        guard let node = node(name) else { return nil }
        guard let sequence = node.sequence else {
            report(name, node, "expected a list, found a \(node.kind)")
            return nil
        }
        var items: [YAMLFields] = []
        for (index, item) in sequence.enumerated() {
            guard let inner = item.mapping else {
                report("\(name)[\(index)]", item, "expected a mapping of fields, found a \(item.kind)")
                continue
            }
            items.append(nested(inner, full("\(name)[\(index)]")))
        }
        return items
    }

    /// The values of a list of scalars, nil when it is absent; the wrong ones are reported and left out.
    public func values<Value>(
        _ name: String, expected: String, _ parse: (String) -> Value?
    ) -> [Value]? {
        guard let node = node(name) else { return nil }
        guard let sequence = node.sequence else {
            report(name, node, "expected a list, each \(expected); found a \(node.kind)")
            return nil
        }
        var values: [Value] = []
        for (index, item) in sequence.enumerated() {
            guard let text = item.scalar?.string, let value = parse(text) else {
                report("\(name)[\(index)]", item, "expected \(expected), found \(item.kind)")
                continue
            }
            values.append(value)
        }
        return values
    }

    /// Every field with its text, for mappings whose names the reader does not know beforehand.
    public func scalars(expected: String) -> [(name: String, text: String)] {
        names.compactMap { name in
            value(name, expected: expected) { $0 }.map { (name, $0) }
        }
    }

    /// Reports that a field that is there cannot stand with the others.
    public func refuse(_ name: String, _ text: String) { report(name, node(name), text) }

    /// Leaves fields alone that may or may not belong here.
    public func ignore(_ names: [String]) { for name in names { _ = node(name) } }

    /// What is to be said of fields that stand elsewhere, if they are met here.
    public func hint(_ names: [String], _ text: String) {
        for name in names { strangers[name] = text }
    }

    /// Reports every field that nobody asked for, here and below.
    func refuseUnknown() {
        for (key, _) in mapping {
            let name = key.string ?? "?"
            guard !known.contains(name) else { continue }
            if let hint = strangers[name] {
                report(name, key, "is no field here: \(hint)")
                continue
            }
            let hint = nearestName(to: name, among: known).map { "; did you mean “\($0)”?" } ?? "."
            report(name, key, "is no field here\(hint) Fields: \(known.joined(separator: ", "))")
        }
        for section in sections { section.refuseUnknown() }
    }

    private func nested(_ mapping: Node.Mapping, _ path: String) -> YAMLFields {
        let fields = YAMLFields(
            source: source, mapping: mapping, path: path, overridden: overridden, problems: problems)
        sections.append(fields)
        return fields
    }

    private func node(_ name: String) -> Node? {
        if !known.contains(name) { known.append(name) }
        return mapping[Node(name)]
    }

    private func full(_ name: String) -> String { path.isEmpty ? name : "\(path).\(name)" }

    private func report(_ name: String, _ node: Node?, _ text: String) {
        let fromCommandLine = overridden.contains(full(name))
        let mark = fromCommandLine ? nil : node?.mark ?? mapping.mark
        problems.add(
            InputProblem(
                source: fromCommandLine ? "command line" : source, line: mark?.line, column: mark?.column,
                field: full(name), text: text))
    }
}

extension Node {
    fileprivate var kind: String {
        switch self {
        case .scalar(let scalar): "value “\(scalar.string)”"
        case .mapping: "mapping"
        case .sequence: "list"
        case .alias: "alias"
        }
    }
}
