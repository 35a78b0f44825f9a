import StrictYAML

extension YAMLFields {
    /// One of a set of names; a name that is not in it is reported with the nearest one that is.
    func choice<Value>(_ field: String, _ values: [(name: String, value: Value)], what: String) -> Value? {
        guard let text = value(field, expected: what, { $0 }) else { return nil }
        return choice(field, text, values, what: what)
    }

    /// One of a set of names, for the text of a field that was read already.
    func choice<Value>(
        _ field: String, _ text: String, _ values: [(name: String, value: Value)], what: String
    ) -> Value? {
        if let match = values.first(where: { $0.name == text }) { return match.value }
        let names = values.map(\.name)
        let hint =
            names.isEmpty
            ? "there is none"
            : nearestName(to: text, among: names).map { "did you mean “\($0)”?" }
                ?? "expected one of \(names.joined(separator: ", "))"
        refuse(field, "“\(text)” is not \(what); \(hint)")
        return nil
    }

    /// A partner of the pair.
    func partner() -> PartnerID? {
        choice("partner", PartnerID.allCases.map { ($0.rawValue, $0) }, what: "a partner")
    }
}
