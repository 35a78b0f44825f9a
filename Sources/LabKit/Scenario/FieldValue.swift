import ClusterConnection

/// What a field of an event is compared with.
package enum FieldValue: Hashable, Sendable, ExpressibleByStringLiteral {
    /// This text, to the letter.
    case text(String)
    /// A number to one side of this one.
    case number(Relation, UInt64)

    /// How numbers compare, as it is written.
    package enum Relation: String, CaseIterable, Sendable {
        // The longer ones first: each is tried in turn.
        case atLeast = ">="
        case atMost = "<="
        case above = ">"
        case below = "<"
    }

    /// What completes "expected ..." where a relation was begun.
    static let form = "a number or a duration behind >, >=, < or <=, as in “>= 250ms”"

    package init(stringLiteral text: String) { self = .text(text) }

    /// A value as a scenario writes it: a text, or a relation and a number; a duration stands for its nanoseconds. Nil for
    /// a relation to no number.
    init?(_ text: String) {
        guard let relation = Relation.allCases.first(where: { text.hasPrefix($0.rawValue) }) else {
            self = .text(text)
            return
        }
        let number = String(text.dropFirst(relation.rawValue.count)).trimmed
        guard let value = UInt64(number) ?? TimeSpan(text: number)?.nanoseconds else { return nil }
        self = .number(relation, value)
    }

    /// Whether the value of a field is one of those meant.
    func matches(_ value: JSONValue) -> Bool {
        switch self {
        case .text(let text): return value.plainText == text
        case .number(let relation, let bound):
            guard let number = value.unsignedInteger else { return false }
            return switch relation {
            case .atLeast: number >= bound
            case .atMost: number <= bound
            case .above: number > bound
            case .below: number < bound
            }
        }
    }
}

extension FieldValue: CustomStringConvertible {
    package var description: String {
        switch self {
        case .text(let text): text
        case .number(let relation, let bound): "\(relation.rawValue) \(bound)"
        }
    }
}
