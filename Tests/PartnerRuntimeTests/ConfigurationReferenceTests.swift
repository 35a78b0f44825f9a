import PartnerRuntime
import ReferenceSupport
import StrictYAML
import Testing

/// `docs/ccmd.md` is true of the configuration: its examples are read by the reader, its tables have the fields that the
/// reader knows, and the defaults that it writes out are the reader's.
@Suite("Configuration reference")
struct ConfigurationReferenceTests {
    private static let file = "docs/ccmd.md"
    private static let identity = """
        partner: a
        node: 1
        partnerNode: 2
        cluster: 0d9b6c1e-6d0a-4b8e-9c55-2a7f4f1c3b10

        """
    private static let rail = "rail: { address: 10.77.0.1, partnerAddress: 10.77.0.2 }\n"

    /// What an example that is a piece of a configuration lacks to be whole; nothing for a whole one.
    private static func head(of text: String) -> String {
        if text.hasPrefix("partner:") { return "" }
        return identity + (text.hasPrefix("rail") ? "" : rail)
    }

    private static func configuration(_ example: ReferencePage.Example) throws -> Configuration {
        try Configuration(yaml: example.whole(behind: head(of: example.text)), source: file)
    }

    /// The fields that the reader names when it meets one that it does not know, by the section that they are in. `fields` is a
    /// piece of a configuration that holds such a one.
    private static func known(where fields: String) -> [String: Set<String>] {
        do throws(InputProblems) {
            _ = try Configuration(yaml: head(of: fields) + fields, source: file)
            return [:]
        } catch {
            return error.problems.reduce(into: [:]) { known, problem in
                guard let names = problem.text.split(separator: "Fields: ").dropFirst().first else { return }
                let section = problem.field.prefix { $0 != "." && $0 != "[" }
                let isTop = section.count == problem.field.count
                known[isTop ? "configuration" : String(section), default: []]
                    .formUnion(names.split(separator: ", ").map(String.init))
            }
        }
    }

    /// Every field that the reader knows, by the section that it is in.
    private static func knownFields() throws -> [String: Set<String>] {
        var known = known(where: "nosuch: 0\n")
        for name in try #require(known["configuration"]) {
            for form in ["{ nosuch: 0 }", "[{ nosuch: 0 }]"] {
                known.merge(Self.known(where: "\(name): \(form)\n")) { $0.union($1) }
            }
        }
        for kind in Configuration.ClientEntry.Kind.allCases {
            known.merge(Self.known(where: "clients: [{ kind: \(kind.rawValue), nosuch: 0 }]\n")) {
                $0.union($1)
            }
        }
        return known
    }

    @Test("every example is a configuration, or a piece of one")
    func examples() throws {
        let examples = try ReferencePage(Self.file).examples
        try #require(examples.count > 8)
        for example in examples {
            #expect(throws: Never.self) { try Self.configuration(example) }
        }
    }

    @Test("its tables have the fields of the configuration and no others")
    func fields() throws {
        let tables = try ReferencePage(Self.file).tables
        let known = try Self.knownFields()
        try #require(known.count > 10)
        for (section, names) in known {
            let told = try #require(tables[section], "there is no table “\(section)”, with \(names.sorted())")
            #expect(names.subtracting(told) == [], "not told in the table “\(section)”")
            #expect(told.subtracting(names) == [], "no field, and told in the table “\(section)”")
        }
    }

    @Test("every field has an example")
    func keys() throws {
        let keys = try ReferencePage(Self.file).examples.reduce(into: Set<String>()) { $0.formUnion($1.keys) }
        let names = try Self.knownFields().values.reduce(into: Set<String>()) { $0.formUnion($1) }
        #expect(names.subtracting(keys) == [], "without an example")
    }

    @Test("a file with the defaults written out is the same as the smallest one, and leaves none out")
    func defaults() throws {
        let whole = try ReferencePage(Self.file).examples.filter { $0.text.hasPrefix("partner:") }
        try #require(whole.count == 2)
        #expect(try Self.configuration(whole[0]) == Self.configuration(whole[1]))
        var names = try Self.knownFields()
        // What is not there unless it is asked for, and the clients' own fields, have no default for all.
        for section in ["lab", "clients"] { names[section] = nil }
        names["configuration"]?.subtract(["control", "lab", "rail", "recording"])
        for (section, fields) in names {
            #expect(fields.subtracting(whole[1].keys) == [], "left out of “\(section)”")
        }
    }

    @Test("clients with their defaults written out are the same as without")
    func clients() throws {
        let lists = try ReferencePage(Self.file).examples.filter { $0.text.hasPrefix("clients:") }
        try #require(lists.count == 2)
        #expect(try Self.configuration(lists[0]).clients == Self.configuration(lists[1]).clients)
        #expect(lists[1].keys.count > lists[0].keys.count)
    }
}
