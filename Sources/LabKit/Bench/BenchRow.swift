/// One figure of the product beside a reference that was measured in the same run.
package struct BenchRow: Hashable, Sendable {
    /// What the ratio of figure to reference should be.
    package enum Limit: Hashable, Sendable {
        case atMost(Double)
        case atLeast(Double)

        package var text: String {
            switch self {
            case .atMost(let ratio): "<= " + SpanText.fixed(ratio, decimals: 2)
            case .atLeast(let ratio): ">= " + SpanText.fixed(ratio, decimals: 2)
            }
        }
    }

    /// The bench that the row is of, as `--only` takes it.
    package var bench: String
    /// What was measured.
    package var name: String
    /// What it is measured against, and how, in words that a table wraps.
    package var comparison: String
    package var figure: Quantity
    package var reference: Quantity
    /// Nil where the row is only for information.
    package var limit: Limit?

    package init(
        bench: String, name: String, comparison: String, figure: Quantity, reference: Quantity,
        limit: Limit? = nil
    ) {
        self.bench = bench
        self.name = name
        self.comparison = comparison
        self.figure = figure
        self.reference = reference
        self.limit = limit
    }

    /// Figure to reference; nil where the reference is nothing to divide by.
    package var ratio: Double? { reference.value > 0 ? figure.value / reference.value : nil }

    /// Whether the limit holds; nil for a row that has none.
    package var holds: Bool? {
        limit.map { limit in
            guard let ratio else { return false }
            return switch limit {
            case .atMost(let most): ratio <= most
            case .atLeast(let least): ratio >= least
            }
        }
    }

    /// As `bench.json` holds it.
    package var json: JSONValue {
        var fields: [(String, JSONValue)] = [
            ("bench", .string(bench)), ("name", .string(name)), ("comparison", .string(comparison)),
            ("figure", figure.json), ("reference", reference.json),
            ("ratio", ratio.map { .number($0) } ?? .null),
        ]
        switch limit {
        case .atMost(let ratio): fields.append(("atMost", .number(ratio)))
        case .atLeast(let ratio): fields.append(("atLeast", .number(ratio)))
        case nil: break
        }
        if let holds { fields.append(("holds", .bool(holds))) }
        return .object(JSONObject(fields))
    }
}
