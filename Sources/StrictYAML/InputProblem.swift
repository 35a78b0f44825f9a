/// One thing that is wrong with what a person wrote: where, and what was expected there.
public struct InputProblem: Error, Hashable, Sendable {
    /// The file, or what stands for it (`command line`).
    public let source: String
    /// The line, counted from 1; nil where the problem has no line of its own.
    public let line: Int?
    /// The column in that line, counted from 1; nil where only the line is known.
    public let column: Int?
    /// The field, as a dotted path; empty for the whole document.
    public let field: String
    /// What is wrong and what was expected.
    public let text: String

    /// A problem with a field.
    public init(source: String, line: Int?, column: Int? = nil, field: String, text: String) {
        self.source = source
        self.line = line
        self.column = line == nil ? nil : column
        self.field = field
        self.text = text
    }
}

extension InputProblem: CustomStringConvertible {
    /// `FILE:LINE:COLUMN: FIELD: TEXT`.
    public var description: String {
        var place = source
        if let line { place += ":\(line)" }
        if let column { place += ":\(column)" }
        return field.isEmpty ? "\(place): \(text)" : "\(place): \(field): \(text)"
    }
}

/// All that is wrong with a document; never empty when thrown.
public struct InputProblems: Error, Hashable, Sendable {
    /// The problems, in the order of the document.
    public let problems: [InputProblem]

    /// These problems.
    public init(_ problems: [InputProblem]) { self.problems = problems }
}

extension InputProblems: CustomStringConvertible {
    /// One line for each problem.
    public var description: String { problems.map(\.description).joined(separator: "\n") }
}
