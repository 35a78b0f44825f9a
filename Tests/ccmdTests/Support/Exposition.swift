/// Metrics in Prometheus' text format 0.0.4, read strictly and byte by byte, as its own reader does.
///
/// Stricter than that: each family has its HELP and its TYPE, in this order and once, right ahead of its samples, and no
/// two samples have the same name and labels.
struct Exposition {
    struct Sample: Equatable {
        let name: String
        let labels: [String: String]
        let value: Double
    }

    struct Family: Equatable {
        let name: String
        let type: String
        var samples: [Sample] = []
    }

    /// What is wrong, and in which line.
    struct Problem: Error, CustomStringConvertible {
        let line: Int
        let text: String
        var description: String { "line \(line): \(text)" }
    }

    private(set) var families: [Family] = []
    private var help: String?
    private var seen: Set<[UInt8]> = []

    init(_ text: String) throws(Problem) {
        let lines = Array(text.utf8).split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false)
        guard lines.last?.isEmpty == true else {
            throw Problem(line: lines.count, text: "the last line has no end")
        }
        for (index, bytes) in lines.dropLast().enumerated() {
            var line = Line(bytes, number: index + 1)
            if line.skip("# ") { try takeComment(&line) } else { try takeSample(&line) }
        }
        if let help { throw Problem(line: lines.count, text: "\(help) has a HELP and nothing else") }
        if let empty = families.first(where: { $0.samples.isEmpty }) {
            throw Problem(line: lines.count, text: "\(empty.name) has no samples")
        }
    }

    private mutating func takeComment(_ line: inout Line) throws(Problem) {
        let word = try line.name(withColons: false)
        try line.expect(" ")
        let name = try line.name(withColons: true)
        try line.expect(" ")
        switch (word, help) {
        case ("HELP", nil):
            guard !families.contains(where: { $0.name == name }) else {
                throw line.problem("\(name) has a second HELP")
            }
            guard !line.rest.isEmpty, !line.rest.contains(UInt8(ascii: "\\")) else {
                throw line.problem("a HELP that says nothing, or with a backslash")
            }
            help = name
        case ("TYPE", name):
            let type = String(decoding: line.rest, as: UTF8.self)
            guard ["counter", "gauge", "histogram", "summary", "untyped"].contains(type) else {
                throw line.problem("there is no type “\(type)”")
            }
            families.append(Family(name: name, type: type))
            help = nil
        default: throw line.problem("\(word) of \(name) is out of place")
        }
    }

    private mutating func takeSample(_ line: inout Line) throws(Problem) {
        let name = try line.name(withColons: true)
        guard help == nil, let family = families.indices.last, families[family].name == name else {
            throw line.problem("a sample of \(name), which is not the family that was begun last")
        }
        var labels: [String: String] = [:]
        if line.skip("{") {
            while !line.skip("}") {
                let label = try line.name(withColons: false)
                try line.expect("=\"")
                guard labels.updateValue(try line.labelValue(), forKey: label) == nil else {
                    throw line.problem("\(label) stands twice")
                }
                if !line.skip(",") {
                    try line.expect("}")
                    break
                }
            }
        }
        try line.expect(" ")
        guard let value = Double(String(decoding: line.rest, as: UTF8.self)) else {
            throw line.problem("“\(String(decoding: line.rest, as: UTF8.self))” is no value")
        }
        // By its bytes: texts that are the same to a reader are not to a program.
        let key = labels.sorted { $0.key < $1.key }.reduce(into: Array(name.utf8)) { key, label in
            key += [0xFF] + Array(label.key.utf8) + [0xFF] + Array(label.value.utf8)
        }
        guard seen.insert(key).inserted else { throw line.problem("\(name) has these labels already") }
        families[family].samples.append(Sample(name: name, labels: labels, value: value))
    }
}

/// What is left of a line.
private struct Line {
    private(set) var rest: ArraySlice<UInt8>
    private let number: Int

    init(_ bytes: ArraySlice<UInt8>, number: Int) {
        rest = bytes
        self.number = number
    }

    func problem(_ text: String) -> Exposition.Problem { Exposition.Problem(line: number, text: text) }

    /// Takes a text away; says whether it was there.
    mutating func skip(_ text: String) -> Bool {
        guard rest.starts(with: text.utf8) else { return false }
        rest = rest.dropFirst(text.utf8.count)
        return true
    }

    mutating func expect(_ text: String) throws(Exposition.Problem) {
        guard skip(text) else {
            throw problem("expected “\(text)” at “\(String(decoding: rest, as: UTF8.self))”")
        }
    }

    /// The name of a metric, which may have colons, or of a label.
    mutating func name(withColons: Bool) throws(Exposition.Problem) -> String {
        let taken = rest.prefix { byte in
            switch byte {
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                UInt8(ascii: "_"):
                true
            case UInt8(ascii: "0")...UInt8(ascii: "9"): true
            case UInt8(ascii: ":"): withColons
            default: false
            }
        }
        guard let first = taken.first, !(UInt8(ascii: "0")...UInt8(ascii: "9")).contains(first) else {
            throw problem("no name at “\(String(decoding: rest, as: UTF8.self))”")
        }
        rest = rest.dropFirst(taken.count)
        return String(decoding: taken, as: UTF8.self)
    }

    /// The value of a label, with the quote that ends it.
    mutating func labelValue() throws(Exposition.Problem) -> String {
        var value: [UInt8] = []
        while let byte = rest.popFirst() {
            switch byte {
            case UInt8(ascii: "\""): return String(decoding: value, as: UTF8.self)
            case UInt8(ascii: "\\"):
                switch rest.popFirst() {
                case UInt8(ascii: "\\"): value.append(UInt8(ascii: "\\"))
                case UInt8(ascii: "\""): value.append(UInt8(ascii: "\""))
                case UInt8(ascii: "n"): value.append(UInt8(ascii: "\n"))
                default: throw problem("a backslash ahead of what needs none")
                }
            default: value.append(byte)
            }
        }
        throw problem("a label's value has no end")
    }
}
