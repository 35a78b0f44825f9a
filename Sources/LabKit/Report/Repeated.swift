import ClusterConnection

/// A run that was done several times: how often it held, and how sure that makes one that it holds.
package struct Repeated: Hashable, Sendable {
    /// What the run is called: its scenario, and the sweep's value.
    package let title: String
    /// How often it came to what its scenario wants of it.
    package private(set) var held = 0
    package private(set) var broke = 0
    package private(set) var notRun = 0

    /// How a single run of it ended.
    enum End: Sendable { case held, broke, notRun }

    /// Those of all runs that were done more than once, in the order in which they came.
    static func all(of ends: [(title: String, end: End)]) -> [Repeated] {
        var repeated: [Repeated] = []
        var places: [String: Int] = [:]
        for (title, end) in ends {
            let place = places[title] ?? repeated.endIndex
            if place == repeated.endIndex { repeated.append(Repeated(title: title)) }
            places[title] = place
            switch end {
            case .held: repeated[place].held += 1
            case .broke: repeated[place].broke += 1
            case .notRun: repeated[place].notRun += 1
            }
        }
        return repeated.filter { $0.held + $0.broke + $0.notRun > 1 }
    }

    static func all(of runs: [RunResult]) -> [Repeated] {
        all(of: runs.map { ($0.variant.title, $0.judgement.result.end) })
    }

    /// Whether the same run came to one thing and to the other.
    package var isFlaky: Bool { held > 0 && broke > 0 }

    /// All of them in a word.
    package var word: String {
        if isFlaky { return "flaky" }
        return broke > 0 ? "BROKE" : held > 0 ? "held" : "not run"
    }

    /// Between which shares of all such runs the share that holds lies, 95 % sure; nil where none could be carried out.
    ///
    /// The score interval (Wilson, 1927): it says something sensible where all or none of a few runs held, too.
    package var share: ClosedRange<Double>? {
        let count = Double(held + broke)
        guard count > 0 else { return nil }
        // What a normal variable leaves 2.5 % above.
        let z = 1.959_963_984_540_054
        let part = Double(held) / count
        let scale = 1 + z * z / count
        let centre = (part + z * z / (2 * count)) / scale
        let half = z * (part * (1 - part) / count + z * z / (4 * count * count)).squareRoot() / scale
        // At either end the sum is 0 or 1 but for rounding.
        return (held == 0 ? 0 : max(0, centre - half))...(broke == 0 ? 1 : min(1, centre + half))
    }

    /// The share in words: `72.2-100 %`.
    var shareText: String {
        guard let share else { return "-" }
        func percent(_ part: Double) -> String {
            part == 0 || part == 1 ? "\(Int(part * 100))" : SpanText.fixed(part * 100, decimals: 1)
        }
        return "\(percent(share.lowerBound))-\(percent(share.upperBound)) %"
    }

    /// What the column with the shares says.
    static let legend = "holds: the share of such runs that hold lies there, 95 % sure (Wilson interval)"

    /// The names of the columns of a table, and the cells of a row of it.
    static let columns = ["repeated", "result", "held", "broke", "not run", "holds, 95 %"]
    var cells: [String] { [title, word, "\(held)", "\(broke)", "\(notRun)", shareText] }

    /// The block below the table of runs; empty where nothing was repeated.
    static func lines(_ runs: [RunResult]) -> [String] {
        let all = all(of: runs)
        guard !all.isEmpty else { return [] }
        let rows = ([columns] + all.map(\.cells)).map { cells in
            Table.left(cells[0], 33) + " " + Table.left(cells[1], 8) + Table.right(cells[2], 6)
                + Table.right(cells[3], 7) + Table.right(cells[4], 9) + Table.right(cells[5], 16)
        }
        return [""] + rows + [legend]
    }

    /// As `verdicts.json` holds it.
    var json: JSONValue {
        var fields: [(String, JSONValue)] = [
            ("run", .string(title)), ("result", .string(word.lowercased())), ("held", .integer(Int64(held))),
            ("broke", .integer(Int64(broke))), ("notRun", .integer(Int64(notRun))),
        ]
        if let share {
            let bounds = [("low", share.lowerBound), ("high", share.upperBound)]
            fields.append(
                (
                    "share",
                    .object(
                        JSONObject(
                            bounds.map { ($0.0, .number($0.1)) }
                                + [("confidence", .number(0.95)), ("method", .string("Wilson"))]))
                ))
        }
        return .object(JSONObject(fields))
    }
}

extension Judgement.Result {
    fileprivate var end: Repeated.End {
        switch self {
        case .held, .brokeAsExpected: .held
        case .broke: .broke
        case .notRun: .notRun
        }
    }
}
