/// Writes markup that is well-formed as HTML and as XML alike. Whatever is not written in this program is escaped.
struct Markup {
    typealias Attribute = (name: StaticString, value: String)

    private(set) var text = ""

    /// An element with what stands in it.
    mutating func element(
        _ name: StaticString, _ attributes: [Attribute] = [], _ content: (inout Markup) -> Void
    ) {
        open(name, attributes)
        text += ">"
        content(&self)
        text += "</\(name)>"
    }

    /// An element that holds only text.
    mutating func element(_ name: StaticString, _ attributes: [Attribute] = [], text content: String) {
        element(name, attributes) { $0.write(content) }
    }

    /// An element that holds nothing.
    mutating func void(_ name: StaticString, _ attributes: [Attribute] = []) {
        open(name, attributes)
        text += "/>"
    }

    /// Text, escaped.
    mutating func write(_ content: String) { text += XMLText.escaped(content) }

    /// What other markup holds.
    mutating func append(_ other: Markup) { text += other.text }

    /// A part of this program that is markup, style or script.
    mutating func literal(_ part: StaticString) { text += "\(part)" }

    private mutating func open(_ name: StaticString, _ attributes: [Attribute]) {
        text += "<\(name)"
        for attribute in attributes { text += " \(attribute.name)=\"\(XMLText.escaped(attribute.value))\"" }
    }
}

extension Markup {
    /// The head of a page for a browser, with the report's style and what `style` adds to it.
    mutating func pageHead(_ title: String, _ style: StaticString = "") {
        element("head") { markup in
            markup.void("meta", [("charset", "utf-8")])
            markup.void("meta", [("name", "viewport"), ("content", "width=device-width, initial-scale=1")])
            markup.void("meta", [("name", "color-scheme"), ("content", "light dark")])
            markup.element("title", text: title)
            markup.element("style") { markup in
                markup.literal(ReportStyle.sheet)
                markup.literal(style)
            }
        }
    }
}

/// A number as a coordinate: with at most four decimals, and no more of them than it needs.
func coordinate(_ value: Double) -> String {
    guard value.isFinite, abs(value) < 1e9 else { return "0" }
    let scaled = Int64((value * 10_000).rounded())
    let (whole, rest) = abs(scaled).quotientAndRemainder(dividingBy: 10_000)
    let sign = scaled < 0 ? "-" : ""
    if rest == 0 { return "\(sign)\(whole)" }
    var digits = String(rest + 10_000).dropFirst()
    while digits.last == "0" { digits = digits.dropLast() }
    return "\(sign)\(whole).\(digits)"
}

/// A share of the drawing's width.
func percent(_ share: Double) -> String { coordinate(share * 100) + "%" }
