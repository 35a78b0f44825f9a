import ClusterConnection

/// What a partner speaks: protocol versions, and what it can do besides.
package struct ProtocolSettings: Hashable, Sendable {
    package var lowest = UInt64(VersionRange.supported.lowest)
    package var highest = UInt64(VersionRange.supported.highest)
    /// Capabilities that a partner may do without.
    package var offers: [String] = []
    /// Capabilities that a partner has to know.
    package var requires: [String] = []

    /// What `ccmd` speaks unless it is told otherwise.
    package init() {}

    /// The section of the configuration of `ccmd`; empty where nothing differs from the default.
    var configuration: String {
        let standard = ProtocolSettings()
        var fields: [(String, String)] = []
        if lowest != standard.lowest { fields.append(("lowest", "\(lowest)")) }
        if highest != standard.highest { fields.append(("highest", "\(highest)")) }
        // In quotes, because a name such as 1.5 or no would be read as something else than a word elsewhere.
        func list(_ names: [String]) -> String {
            "[\(names.map { "\"\($0)\"" }.joined(separator: ", "))]"
        }
        if !offers.isEmpty { fields.append(("offers", list(offers))) }
        if !requires.isEmpty { fields.append(("requires", list(requires))) }
        return ConfigurationText.section("protocol", fields)
    }
}

extension ProtocolSettings {
    /// The version that two partners use; nil when they have none in common.
    func version(with other: ProtocolSettings) -> UInt64? {
        let common = min(highest, other.highest)
        return common >= max(lowest, other.lowest) ? common : nil
    }

    /// A capability that `other` requires and this side does not know.
    func unknown(of other: ProtocolSettings) -> String? {
        other.requires.first { !offers.contains($0) && !requires.contains($0) }
    }

    /// Why two partners cannot work with each other, in words; nil when they can.
    func discord(with other: ProtocolSettings) -> String? {
        if version(with: other) == nil {
            return
                "versions \(lowest) to \(highest) and \(other.lowest) to \(other.highest) have none in common"
        }
        return (unknown(of: other) ?? other.unknown(of: self)).map {
            "capability “\($0)” is not known to both"
        }
    }
}

extension Scenario {
    /// Why its partners cannot work with each other; nil when they can.
    var discord: String? {
        guard let a = partners[.a]?.settings.speech, let b = partners[.b]?.settings.speech else { return nil }
        return a.discord(with: b)
    }
}

/// Pieces of the configuration of `ccmd`.
enum ConfigurationText {
    /// A section with its fields; empty without any.
    static func section(_ name: String, _ fields: [(String, String)]) -> String {
        guard !fields.isEmpty else { return "" }
        return fields.reduce("\(name):\n") { $0 + "  \($1.0): \($1.1)\n" }
    }

    /// A text that may hold anything but the end of a line (YAML 1.2, single-quoted style).
    static func quoted(_ text: String) -> String {
        "'" + text.split(separator: "'", omittingEmptySubsequences: false).joined(separator: "''") + "'"
    }
}
