/// A JSON value. Objects keep the order of their fields, so that a line is written as it was read.
package enum JSONValue: Hashable, Sendable {
    case null
    case bool(Bool)
    /// A whole number that fits into 64 bits with a sign.
    case integer(Int64)
    /// A whole number above `Int64.max`.
    case unsigned(UInt64)
    case number(Double)
    case string(String)
    case array([JSONValue])
    case object(JSONObject)

    /// The text of a string, and of the other scalars as JSON has them; empty for arrays and objects.
    package var plainText: String {
        switch self {
        case .string(let text): text
        case .array, .object: ""
        case .null, .bool, .integer, .unsigned, .number: JSONText.compact(self)
        }
    }

    /// A whole number of at least zero; nil for everything else.
    package var unsignedInteger: UInt64? {
        switch self {
        case .integer(let value): UInt64(exactly: value)
        case .unsigned(let value): value
        case .null, .bool, .number, .string, .array, .object: nil
        }
    }

    /// The text of a string; nil for everything else.
    package var string: String? {
        if case .string(let text) = self { text } else { nil }
    }
}

/// The fields of a JSON object, in order. Few, so a search from the front is the fastest look-up.
package struct JSONObject: Hashable, Sendable {
    package struct Field: Hashable, Sendable {
        package var name: String
        package var value: JSONValue
    }

    package var fields: [Field]

    package init(fields: [Field]) { self.fields = fields }

    package init(_ fields: [(String, JSONValue)] = []) {
        self.fields = fields.map { Field(name: $0.0, value: $0.1) }
    }

    /// The value of the first field of a name.
    package subscript(_ name: String) -> JSONValue? {
        fields.first { $0.name == name }?.value
    }
}
