/// The first difference of two files that should hold the same bytes.
struct ByteDifference {
    private let name: String
    private let one: [UInt8]
    private let other: [UInt8]
    /// The first byte that differs, or at which one of them ends.
    private let place: Int

    init(_ name: String, _ one: [UInt8], _ other: [UInt8]) {
        self.name = name
        self.one = one
        self.other = other
        place =
            zip(one, other).enumerated().first { $0.element.0 != $0.element.1 }?.offset
            ?? min(one.count, other.count)
    }

    /// In words.
    var sentence: String {
        if name.hasSuffix(".jsonl") { return lines }
        if name.hasSuffix(".pcap"), let packet = Self.packet(at: place, in: one) {
            return "\(name): packet \(packet) differs, at byte \(place)"
        }
        return "\(name): byte \(place) differs (\(one.count) and \(other.count) bytes)"
    }

    /// The first line that differs, with its event and the fields that differ.
    private var lines: String {
        let number = one[..<place].count { $0 == UInt8(ascii: "\n") } + 1
        guard let left = Self.event(line: number, of: one), let right = Self.event(line: number, of: other)
        else { return "\(name): line \(number) differs, or only one of the two has it" }
        var words = "\(name), line \(number): "
        words += "\(left.partner.map { "\($0.rawValue) " } ?? "")\(left.name.rawValue)"
        if left.name != right.name || left.partner != right.partner {
            return words + ", and \(right.partner.map { "\($0.rawValue) " } ?? "")\(right.name.rawValue)"
        }
        if left.time != right.time {
            return words + " at \(left.time.nanoseconds) ns, and at \(right.time.nanoseconds) ns"
        }
        let fields = left.fields.fields.filter { right.fields[$0.name]?.plainText != $0.value.plainText }
        guard let field = fields.first else { return words + " differs" }
        return words
            + " has \(field.name) \(field.value.plainText), and \(right.fields[field.name]?.plainText ?? "none")"
    }

    private static func event(line: Int, of bytes: [UInt8]) -> HistoryEvent? {
        let lines = bytes.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false)
        guard lines.indices.contains(line - 1), let value = try? JSONReader.value(of: lines[line - 1]) else {
            return nil
        }
        return try? HistoryEvent(json: value)
    }

    /// The number, from 1, of the packet that holds this byte of a capture; nil for another file.
    private static func packet(at place: Int, in bytes: [UInt8]) -> Int? {
        // A header of 24 bytes, then for each packet 16, of which the third word is the length that was kept.
        var offset = 24
        var number = 0
        while offset + 16 <= bytes.count {
            number += 1
            let length = (0..<4).reduce(0) { $0 | Int(bytes[offset + 8 + $1]) << (8 * $1) }
            offset += 16 + length
            if place < offset { return number }
        }
        return nil
    }
}
