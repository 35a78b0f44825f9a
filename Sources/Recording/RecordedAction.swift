import ClusterConnection

/// An action as a recording holds it: as it was, but for lines of history, whose names are texts of the program that
/// recorded them.
package enum RecordedAction: Sendable {
    case action(Action)
    case line(RecordedLine)

    /// What it says, in full.
    package var text: String {
        switch self {
        case .action(let action): action.text
        case .line(let line): line.text
        }
    }
}

/// A line of history, read from a recording.
package struct RecordedLine: Sendable {
    /// The name of the vocabulary.
    package var event: String
    /// The fields with their values as a person reads them.
    package var fields: [(name: String, value: String)] = []
    /// The rail that it is of.
    package var rail: RailID?

    /// What it says, in full.
    package var text: String {
        var parts = ["record \(event)"] + fields.map { "\($0.name): \($0.value)" }
        if let rail { parts.append("(of rail \(rail.index))") }
        return parts.joined(separator: " ")
    }
}
