/// Why bytes are not JSON.
package struct JSONProblem: Error, Hashable, Sendable, CustomStringConvertible {
    /// Where, in bytes from the start.
    package var offset: Int
    package var expected: String

    package var description: String { "not JSON at byte \(offset): expected \(expected)" }
}

/// Reads one JSON value (RFC 8259) from bytes that nobody vouches for: it never traps, and neither the depth
/// of nesting nor a number's length can exhaust anything.
package struct JSONReader {
    private let bytes: ArraySlice<UInt8>
    private var position: Int
    private static let maxDepth = 16

    private init(_ bytes: ArraySlice<UInt8>) {
        self.bytes = bytes
        position = bytes.startIndex
    }

    /// The one value that the bytes hold.
    package static func value(of bytes: ArraySlice<UInt8>) throws(JSONProblem) -> JSONValue {
        var reader = JSONReader(bytes)
        let value = try reader.value(depth: 0)
        reader.skipSpace()
        guard reader.position == bytes.endIndex else { throw reader.problem("the end of the text") }
        return value
    }

    private func problem(_ expected: String) -> JSONProblem {
        JSONProblem(offset: position - bytes.startIndex, expected: expected)
    }

    private var current: UInt8? { position < bytes.endIndex ? bytes[position] : nil }

    private mutating func skipSpace() {
        while let byte = current, byte == 0x20 || byte == 0x09 || byte == 0x0A || byte == 0x0D {
            position += 1
        }
    }

    private mutating func take(_ byte: UInt8, _ what: String) throws(JSONProblem) {
        guard current == byte else { throw problem(what) }
        position += 1
    }

    private mutating func value(depth: Int) throws(JSONProblem) -> JSONValue {
        guard depth < Self.maxDepth else { throw problem("at most \(Self.maxDepth) levels") }
        skipSpace()
        switch current {
        case UInt8(ascii: "{"): return .object(try object(depth: depth))
        case UInt8(ascii: "["): return .array(try array(depth: depth))
        case UInt8(ascii: "\""): return .string(try string())
        case UInt8(ascii: "t"): return try word("true", .bool(true))
        case UInt8(ascii: "f"): return try word("false", .bool(false))
        case UInt8(ascii: "n"): return try word("null", .null)
        default: return try number()
        }
    }

    private mutating func word(_ word: StaticString, _ value: JSONValue) throws(JSONProblem) -> JSONValue {
        let expected = "\(word)"
        for byte in expected.utf8 { try take(byte, expected) }
        return value
    }

    private mutating func object(depth: Int) throws(JSONProblem) -> JSONObject {
        try take(UInt8(ascii: "{"), "{")
        var fields: [(String, JSONValue)] = []
        skipSpace()
        if current == UInt8(ascii: "}") {
            position += 1
            return JSONObject()
        }
        while true {
            skipSpace()
            let name = try string()
            skipSpace()
            try take(UInt8(ascii: ":"), ":")
            fields.append((name, try value(depth: depth + 1)))
            skipSpace()
            if current == UInt8(ascii: ",") {
                position += 1
            } else {
                try take(UInt8(ascii: "}"), ", or }")
                return JSONObject(fields)
            }
        }
    }

    private mutating func array(depth: Int) throws(JSONProblem) -> [JSONValue] {
        try take(UInt8(ascii: "["), "[")
        var values: [JSONValue] = []
        skipSpace()
        if current == UInt8(ascii: "]") {
            position += 1
            return values
        }
        while true {
            values.append(try value(depth: depth + 1))
            skipSpace()
            if current == UInt8(ascii: ",") {
                position += 1
            } else {
                try take(UInt8(ascii: "]"), ", or ]")
                return values
            }
        }
    }

    private mutating func string() throws(JSONProblem) -> String {
        try take(UInt8(ascii: "\""), "a string")
        var text: [UInt8] = []
        while let byte = current {
            position += 1
            switch byte {
            case UInt8(ascii: "\""):
                guard let string = String(validating: text, as: UTF8.self) else { throw problem("UTF-8") }
                return string
            case UInt8(ascii: "\\"): try escape(into: &text)
            case 0..<0x20: throw problem("no control characters in a string")
            default: text.append(byte)
            }
        }
        throw problem("the end of a string")
    }

    private mutating func escape(into text: inout [UInt8]) throws(JSONProblem) {
        guard let byte = current else { throw problem("an escape") }
        position += 1
        switch byte {
        case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"): text.append(byte)
        case UInt8(ascii: "b"): text.append(0x08)
        case UInt8(ascii: "f"): text.append(0x0C)
        case UInt8(ascii: "n"): text.append(0x0A)
        case UInt8(ascii: "r"): text.append(0x0D)
        case UInt8(ascii: "t"): text.append(0x09)
        case UInt8(ascii: "u"): try unicode(into: &text)
        default: throw problem("an escape")
        }
    }

    private mutating func unicode(into text: inout [UInt8]) throws(JSONProblem) {
        let first = try fourHexDigits()
        var code = UInt32(first)
        if (0xD800...0xDBFF).contains(first) {
            try take(UInt8(ascii: "\\"), "the second half of a surrogate pair")
            try take(UInt8(ascii: "u"), "the second half of a surrogate pair")
            let second = try fourHexDigits()
            guard (0xDC00...0xDFFF).contains(second) else {
                throw problem("the second half of a surrogate pair")
            }
            code = 0x10000 + ((UInt32(first) - 0xD800) << 10) + (UInt32(second) - 0xDC00)
        }
        guard let scalar = Unicode.Scalar(code) else { throw problem("a Unicode scalar") }
        text.append(contentsOf: Array(String(Character(scalar)).utf8))
    }

    private mutating func fourHexDigits() throws(JSONProblem) -> UInt16 {
        var value: UInt16 = 0
        for _ in 0..<4 {
            guard let byte = current, let digit = Character(Unicode.Scalar(byte)).hexDigitValue else {
                throw problem("four hex digits")
            }
            value = value << 4 | UInt16(digit)
            position += 1
        }
        return value
    }

    private mutating func number() throws(JSONProblem) -> JSONValue {
        let start = position
        var whole = true
        if current == UInt8(ascii: "-") { position += 1 }
        while let byte = current {
            switch byte {
            case UInt8(ascii: "0")...UInt8(ascii: "9"): break
            case UInt8(ascii: "."), UInt8(ascii: "e"), UInt8(ascii: "E"), UInt8(ascii: "+"),
                UInt8(ascii: "-"):
                whole = false
            default:
                return try number(from: start, whole: whole)
            }
            position += 1
        }
        return try number(from: start, whole: whole)
    }

    private func number(from start: Int, whole: Bool) throws(JSONProblem) -> JSONValue {
        guard position > start, position - start <= 40 else { throw problem("a value") }
        let text = String(decoding: bytes[start..<position], as: UTF8.self)
        // Swift reads "+1", ".5" and "1." too, and JSON does not know leading zeros.
        let digits = text.hasPrefix("-") ? text.dropFirst() : Substring(text)
        guard let first = digits.utf8.first, (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(first),
            let last = digits.utf8.last, (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(last),
            !(whole && digits.utf8.count > 1 && first == UInt8(ascii: "0"))
        else { throw problem("a number") }
        if whole {
            if let value = Int64(text) { return .integer(value) }
            if let value = UInt64(text) { return .unsigned(value) }
        }
        guard let value = Double(text), value.isFinite else { throw problem("a number") }
        return .number(value)
    }
}
