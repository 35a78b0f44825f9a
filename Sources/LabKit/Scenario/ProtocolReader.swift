import ClusterConnection
import StrictYAML

/// Reads what a scenario has a partner speak: `protocol`.
struct ProtocolReader {
    private let fields: YAMLFields

    private static let mostCapabilities = PeerInformation.capabilityLimit

    init(_ fields: YAMLFields) { self.fields = fields }

    /// Changes what the scenario changes.
    func apply(to speech: inout ProtocolSettings) {
        let supported = VersionRange.supported
        let versions = UInt64(supported.lowest)...UInt64(supported.highest)
        speech.lowest = fields.count("lowest", versions, "a version") ?? speech.lowest
        speech.highest = fields.count("highest", versions, "a version") ?? speech.highest
        if speech.highest < speech.lowest {
            let stray = fields.names.contains("highest") ? "highest" : "lowest"
            fields.refuse(
                stray,
                "the versions \(speech.lowest) to \(speech.highest) are none: expected a highest "
                    + "version that is not below the lowest")
        }
        speech.offers = capabilities("offers") ?? speech.offers
        speech.requires = capabilities("requires") ?? speech.requires
        if let both = speech.requires.first(where: { speech.offers.contains($0) }) {
            let stray = fields.names.contains("requires") ? "requires" : "offers"
            fields.refuse(stray, "“\(both)” is both offered and required; expected it in one of the two")
        }
        if speech.offers.count + speech.requires.count > Self.mostCapabilities {
            let stray = fields.names.contains("requires") ? "requires" : "offers"
            fields.refuse(
                stray, "expected at most \(Self.mostCapabilities) capabilities, offered and required")
        }
    }

    private func capabilities(_ name: String) -> [String]? {
        let names = fields.values(name, expected: Name.form) { Name($0)?.text }
        guard let names else { return nil }
        if Set(names).count < names.count { fields.refuse(name, "names the same capability twice") }
        return names
    }
}

extension Name {
    /// What a name must look like; completes "expected ...".
    static let form = "1 to \(capacity) of the characters A-Z, a-z, 0-9, '.', '-' and '_'"
}

extension YAMLFields {
    /// A whole number within a range.
    func count(_ name: String, _ range: ClosedRange<UInt64>, _ what: String = "a number") -> UInt64? {
        value(name, expected: "\(what) from \(range.lowerBound) to \(range.upperBound)") { text in
            UInt64(text).flatMap { range.contains($0) ? $0 : nil }
        }
    }
}
