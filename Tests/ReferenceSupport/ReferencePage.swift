import Foundation

/// A page of `docs` that is a reference: its examples in YAML and its tables of fields, for tests that hold both to the code.
public struct ReferencePage {
    /// What stands between two fences of YAML.
    public struct Example {
        /// How many lines of the page are ahead of it.
        public let linesAhead: Int
        /// Its lines, each with its end.
        public let text: String

        /// The example behind `head`, with as many lines ahead of it as on the page, so that a problem is told where it stands.
        public func whole(behind head: String) -> String {
            let count = linesAhead - head.count { $0 == "\n" }
            return String(repeating: "\n", count: max(0, count)) + head + text
        }
    }

    /// The lines of the page, without their ends.
    public let lines: [String]

    /// The page at a path below the project's folder.
    public init(_ path: String) throws {
        let project = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "../..")
        lines = try String(contentsOf: project.appending(path: path), encoding: .utf8)
            .components(separatedBy: "\n")
    }

    /// All of it.
    public var text: String { lines.joined(separator: "\n") }

    /// The examples, in their order.
    public var examples: [Example] {
        lines.indices.filter { lines[$0] == "```yaml" }.map { fence in
            let body = lines[(fence + 1)...].prefix { $0 != "```" }
            return Example(linesAhead: body.startIndex, text: body.map { $0 + "\n" }.joined())
        }
    }

    /// The words in the first column of each table, by those in the head of that column.
    public var tables: [String: Set<String>] {
        var tables: [String: Set<String>] = [:]
        var heads: [String] = []
        for line in lines {
            guard line.hasPrefix("| "), let cell = line.dropFirst(2).split(separator: " | ").first else {
                heads = []
                continue
            }
            if heads.isEmpty {
                heads = Self.words(cell)
            } else if !cell.hasPrefix("---") {
                for head in heads { tables[head, default: []].formUnion(Self.words(cell)) }
            }
        }
        return tables
    }

    /// The words in backticks; a cell without any is a word itself.
    private static func words(_ cell: Substring) -> [String] {
        let parts = cell.split(separator: "`", omittingEmptySubsequences: false).enumerated()
        let quoted = parts.filter { !$0.offset.isMultiple(of: 2) }.map { String($0.element) }
        return quoted.isEmpty ? [cell.trimmingCharacters(in: .whitespaces)] : quoted
    }
}

extension ReferencePage.Example {
    /// The names that stand as a field's in it.
    public var keys: Set<String> {
        Set(text.matches(of: /(?:^|[\s{,])([A-Za-z]+):(?=\s)/).map { String($0.output.1) })
    }
}
