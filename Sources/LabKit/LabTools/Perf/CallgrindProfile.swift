/// What callgrind counted of one process: its instructions by function, in parts that end at the marks it has set.
///
/// The format: https://valgrind.org/docs/manual/cl-format.html, version 1, with compressed names.
struct CallgrindProfile: Hashable, Sendable {
    struct Part: Hashable, Sendable {
        /// The mark at which it ended; nil for the part up to the process's end.
        var mark: String?
        /// Instructions of each function itself, without those it called.
        var functions: [String: UInt64] = [:]
        /// How often each function was called.
        var calls: [String: UInt64] = [:]

        var instructions: UInt64 { functions.values.reduce(0, +) }
    }

    var parts: [Part] = []

    init(parts: [Part]) { self.parts = parts }

    /// Reads a file of `--combine-dumps=yes`.
    ///
    /// - Throws: `LabError`, with the line, for what is no such file.
    init(_ bytes: [UInt8], file: String) throws(LabError) {
        var reader = Reader(file: file)
        var number = 0
        for line in bytes.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false) {
            number += 1
            try reader.take(line, number)
        }
        parts = reader.parts
        guard !parts.isEmpty else { throw LabError("\(file) holds no counts: expected a file of callgrind") }
        for (index, total) in reader.totals.enumerated() where parts.indices.contains(index) {
            guard parts[index].instructions == total else {
                throw LabError(
                    "\(file): the functions of part \(index + 1) have \(parts[index].instructions) instructions together, "
                        + "and its total is \(total): the file is damaged")
            }
        }
        guard reader.totals.count == parts.count else {
            throw LabError("\(file) ends in the middle of part \(parts.count): the process was killed")
        }
    }

    private struct Reader {
        let file: String
        var parts: [Part] = []
        var totals: [UInt64] = []
        /// Functions by their numbers: a name is written out once.
        private var names: [UInt64: String] = [:]
        private var function: String?
        private var called: String?
        /// The cost that follows is that of a call, which the called function has already.
        private var isOfCall = false

        private static let markPrefix = "Trigger: Client Request: "

        init(file: String) { self.file = file }

        mutating func take(_ line: ArraySlice<UInt8>, _ number: Int) throws(LabError) {
            guard let first = line.first else { return }
            switch first {
            case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "+"), UInt8(ascii: "-"),
                UInt8(ascii: "*"):
                try takeCost(line, number)
            case UInt8(ascii: "f") where line.starts(with: "fn=".utf8):
                function = try name(line.dropFirst(3), number)
            case UInt8(ascii: "c") where line.starts(with: "cfn=".utf8):
                called = try name(line.dropFirst(4), number)
            case UInt8(ascii: "c") where line.starts(with: "calls=".utf8):
                let count = line.dropFirst(6).prefix { $0 != UInt8(ascii: " ") }
                guard let calls = Self.decimal(count), let called, !parts.isEmpty else {
                    throw malformed(number, "a call")
                }
                parts[parts.count - 1].calls[called, default: 0] += calls
                isOfCall = true
            case UInt8(ascii: "p") where line.starts(with: "part: ".utf8):
                parts.append(Part())
                function = nil
            case UInt8(ascii: "d") where line.starts(with: "desc: ".utf8):
                let text = String(decoding: line.dropFirst(6), as: UTF8.self)
                guard text.hasPrefix(Self.markPrefix), !parts.isEmpty else { return }
                parts[parts.count - 1].mark = String(text.dropFirst(Self.markPrefix.count))
            case UInt8(ascii: "t") where line.starts(with: "totals: ".utf8):
                guard let total = Self.decimal(line.dropFirst(8)) else {
                    throw malformed(number, "a total")
                }
                totals.append(total)
            // Files, objects, and what the header says besides.
            default: return
            }
        }

        private mutating func takeCost(_ line: ArraySlice<UInt8>, _ number: Int) throws(LabError) {
            let fields = line.split(separator: UInt8(ascii: " "))
            // A position without a cost is one of none.
            let cost = fields.count > 1 ? Self.decimal(fields[1]) : 0
            guard let cost else { throw malformed(number, "a cost") }
            guard !isOfCall else {
                isOfCall = false
                return
            }
            guard let function, !parts.isEmpty else { throw malformed(number, "a function before its cost") }
            parts[parts.count - 1].functions[function, default: 0] += cost
        }

        /// `(12) name` at first, later `(12)`.
        private mutating func name(_ text: ArraySlice<UInt8>, _ number: Int) throws(LabError) -> String {
            guard text.first == UInt8(ascii: "("), let end = text.firstIndex(of: UInt8(ascii: ")")),
                let key = Self.decimal(text[text.index(after: text.startIndex)..<end])
            else { throw malformed(number, "a function's number") }
            let rest = text[text.index(after: end)...].drop { $0 == UInt8(ascii: " ") }
            if !rest.isEmpty { names[key] = Self.plain(String(decoding: rest, as: UTF8.self)) }
            guard let name = names[key] else { throw malformed(number, "the name of function \(key)") }
            return name
        }

        /// A function without its place: callgrind numbers the depths of a recursion, and gives the address of what has no
        /// name, which another build has elsewhere.
        private static func plain(_ name: String) -> String {
            if name.hasPrefix("0x") { return "code without a name" }
            return name.split(separator: "'").first.map(String.init) ?? name
        }

        private func malformed(_ number: Int, _ expected: String) -> LabError {
            LabError("\(file):\(number): expected \(expected), as callgrind writes it")
        }

        private static func decimal(_ text: ArraySlice<UInt8>) -> UInt64? {
            guard !text.isEmpty else { return nil }
            var value: UInt64 = 0
            for byte in text {
                guard byte >= UInt8(ascii: "0"), byte <= UInt8(ascii: "9") else { return nil }
                let (product, overflow) = value.multipliedReportingOverflow(by: 10)
                let (sum, carry) = product.addingReportingOverflow(UInt64(byte - UInt8(ascii: "0")))
                guard !overflow, !carry else { return nil }
                value = sum
            }
            return value
        }
    }
}

extension CallgrindProfile {
    /// The parts behind the last mark `from` before a mark `to`, up to that one: what the process did between them.
    ///
    /// - Parameters:
    ///   - from: nil for the process's start.
    ///   - time: which of the marks `to`; those with no other between them count as one.
    ///   - isToLast: whether it goes to the last of those that count as one.
    /// - Returns: nil where the process has set no such marks, in this order.
    func between(_ from: String?, _ to: String, time: Int = 1, isToLast: Bool = false) -> [Part]? {
        var seen = 0
        var first: Int?
        for index in parts.indices where parts[index].mark == to {
            if index > 0, parts[index - 1].mark == to { continue }
            seen += 1
            if seen == time { first = index }
        }
        guard var end = first else { return nil }
        while isToLast, parts.indices.contains(end + 1), parts[end + 1].mark == to { end += 1 }
        guard let from else { return Array(parts[...end]) }
        guard let begin = parts[..<end].lastIndex(where: { $0.mark == from }) else { return nil }
        return Array(parts[(begin + 1)...end])
    }
}
