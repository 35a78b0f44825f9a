/// One JSON object, built byte by byte in a buffer that is used again: no line takes memory from the heap
/// once the buffer has grown to the longest (RFC 8259).
struct JSONLine {
    private(set) var bytes: [UInt8] = []
    private var isFirst = true

    init() { bytes.reserveCapacity(1_024) }

    mutating func begin() {
        bytes.removeAll(keepingCapacity: true)
        bytes.append(UInt8(ascii: "{"))
        isFirst = true
    }

    mutating func end() {
        bytes.append(UInt8(ascii: "}"))
        bytes.append(UInt8(ascii: "\n"))
    }

    mutating func field(_ name: StaticString, _ value: UInt64) {
        self.name(name)
        decimal(value)
    }

    mutating func field(_ name: StaticString, _ value: Bool) {
        self.name(name)
        append(value ? "true" : "false")
    }

    mutating func field(_ name: StaticString, hexadecimal value: UInt64) {
        self.name(name)
        append("\"0x")
        let digits = max(1, (64 - value.leadingZeroBitCount + 3) / 4)
        hexadecimal(value, digits: digits)
        bytes.append(UInt8(ascii: "\""))
    }

    mutating func field(_ name: StaticString, sixteenDigits value: UInt64) {
        self.name(name)
        bytes.append(UInt8(ascii: "\""))
        hexadecimal(value, digits: 16)
        bytes.append(UInt8(ascii: "\""))
    }

    mutating func field(_ name: StaticString, name value: StaticString) {
        self.name(name)
        bytes.append(UInt8(ascii: "\""))
        append(value)
        bytes.append(UInt8(ascii: "\""))
    }

    mutating func field(_ name: StaticString, text: String) {
        self.name(name)
        bytes.append(UInt8(ascii: "\""))
        for byte in text.utf8 {
            switch byte {
            case UInt8(ascii: "\""), UInt8(ascii: "\\"):
                bytes.append(UInt8(ascii: "\\"))
                bytes.append(byte)
            case 0..<0x20:
                append("\\u00")
                hexadecimal(UInt64(byte), digits: 2)
            default:
                bytes.append(byte)
            }
        }
        bytes.append(UInt8(ascii: "\""))
    }

    /// A field whose value is an object, built by `fields`.
    mutating func field(_ name: StaticString, object fields: (inout JSONLine) -> Void) {
        self.name(name)
        nest(UInt8(ascii: "{"), UInt8(ascii: "}"), fields)
    }

    /// A field whose value is a list of objects, each built by `fields`.
    mutating func field<Element>(
        _ name: StaticString, list elements: [Element], _ fields: (inout JSONLine, Element) -> Void
    ) {
        self.name(name)
        nest(UInt8(ascii: "["), UInt8(ascii: "]")) { line in
            for element in elements {
                if !line.isFirst { line.bytes.append(UInt8(ascii: ",")) }
                line.nest(UInt8(ascii: "{"), UInt8(ascii: "}")) { fields(&$0, element) }
            }
        }
    }

    private mutating func nest(_ opening: UInt8, _ closing: UInt8, _ body: (inout JSONLine) -> Void) {
        bytes.append(opening)
        isFirst = true
        body(&self)
        bytes.append(closing)
        isFirst = false
    }

    private mutating func name(_ name: StaticString) {
        if !isFirst { bytes.append(UInt8(ascii: ",")) }
        isFirst = false
        bytes.append(UInt8(ascii: "\""))
        append(name)
        append("\":")
    }

    private mutating func append(_ text: StaticString) {
        text.withUTF8Buffer { bytes.append(contentsOf: $0) }
    }

    private mutating func hexadecimal(_ value: UInt64, digits: Int) {
        for digit in stride(from: digits - 1, through: 0, by: -1) {
            let nibble = UInt8(truncatingIfNeeded: value >> UInt64(digit * 4)) & 0xf
            bytes.append(nibble < 10 ? UInt8(ascii: "0") + nibble : UInt8(ascii: "a") + nibble - 10)
        }
    }

    private mutating func decimal(_ value: UInt64) {
        var divisor: UInt64 = 1
        while value / divisor >= 10 { divisor *= 10 }
        while divisor > 0 {
            bytes.append(UInt8(ascii: "0") + UInt8(value / divisor % 10))
            divisor /= 10
        }
    }
}
