/// Writes JSON.
package enum JSONText {
    /// The value on one line.
    package static func compact(_ value: JSONValue) -> String {
        var text = ""
        write(value, indent: nil, into: &text)
        return text
    }

    /// The value over several lines, two spaces a level, with a newline at the end.
    package static func pretty(_ value: JSONValue) -> String {
        var text = ""
        write(value, indent: 0, into: &text)
        return text + "\n"
    }

    private static func write(_ value: JSONValue, indent: Int?, into text: inout String) {
        switch value {
        case .null: text += "null"
        case .bool(let value): text += value ? "true" : "false"
        case .integer(let value): text += String(value)
        case .unsigned(let value): text += String(value)
        case .number(let value): text += value.isFinite ? String(value) : "null"
        case .string(let value): text += quoted(value)
        case .array(let values):
            writeAll(values, "[", "]", indent: indent, into: &text) { value, inner, text in
                write(value, indent: inner, into: &text)
            }
        case .object(let object):
            writeAll(object.fields, "{", "}", indent: indent, into: &text) { field, inner, text in
                text += quoted(field.name) + (inner == nil ? ":" : ": ")
                write(field.value, indent: inner, into: &text)
            }
        }
    }

    private static func writeAll<Element>(
        _ elements: [Element], _ open: String, _ close: String, indent: Int?, into text: inout String,
        _ writeOne: (Element, Int?, inout String) -> Void
    ) {
        text += open
        for (index, element) in elements.enumerated() {
            if index > 0 { text += "," }
            if let indent { text += "\n" + String(repeating: "  ", count: indent + 1) }
            writeOne(element, indent.map { $0 + 1 }, &text)
        }
        if let indent, !elements.isEmpty { text += "\n" + String(repeating: "  ", count: indent) }
        text += close
    }

    /// A string with its quotation marks and escapes.
    package static func quoted(_ string: String) -> String {
        // Almost every text is plain, and goes in as it is.
        let isPlain = string.utf8.allSatisfy { byte in
            byte >= 0x20 && byte != UInt8(ascii: "\"") && byte != UInt8(ascii: "\\")
        }
        if isPlain { return "\"\(string)\"" }
        var text = "\""
        for scalar in string.unicodeScalars {
            switch scalar {
            case "\"": text += "\\\""
            case "\\": text += "\\\\"
            case "\n": text += "\\n"
            case "\r": text += "\\r"
            case "\t": text += "\\t"
            case "\u{0}"..<" ":
                let digits = String(scalar.value, radix: 16)
                text += "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
            default: text.unicodeScalars.append(scalar)
            }
        }
        return text + "\""
    }
}
