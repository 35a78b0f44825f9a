import ClusterConnection

/// One line of a history, from a partner or from the laboratory itself.
package struct HistoryEvent: Hashable, Sendable {
    package var time: Instant
    /// Whose line it is, or whom a line of the laboratory is about; nil for what is about the run or the rail.
    package var partner: PartnerID?
    /// 16 hex digits; empty where the laboratory does not know it.
    package var incarnation: String
    package var name: EventName
    /// Everything else that the line holds.
    package var fields: JSONObject

    package init(
        time: Instant, partner: PartnerID?, incarnation: String = "", name: EventName,
        fields: JSONObject = JSONObject()
    ) {
        self.time = time
        self.partner = partner
        self.incarnation = incarnation
        self.name = name
        self.fields = fields
    }

    /// The text of a field; nil when it is absent.
    package func text(_ field: String) -> String? { fields[field]?.plainText }

    /// A whole number of at least zero; nil when it is absent or something else.
    package func number(_ field: String) -> UInt64? { fields[field]?.unsignedInteger }

    /// The incarnation of the partner that the line names.
    package var partnerIncarnation: String? { fields["partnerIncarnation"]?.string }

    /// The line as JSON.
    package var line: String {
        var all: [(String, JSONValue)] = [
            (
                "time",
                time.nanoseconds <= UInt64(Int64.max)
                    ? .integer(Int64(time.nanoseconds)) : .unsigned(time.nanoseconds)
            )
        ]
        all.append(("partner", .string(partner?.rawValue ?? "")))
        all.append(("incarnation", .string(incarnation)))
        all.append(("event", .string(name.rawValue)))
        all += fields.fields.map { ($0.name, $0.value) }
        return JSONText.compact(.object(JSONObject(all)))
    }
}
