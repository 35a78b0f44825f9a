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

    /// The event as a JSON object, its fields in the order of a line.
    package var json: JSONValue {
        var all = [
            JSONObject.Field(name: "time", value: .nanoseconds(time)),
            JSONObject.Field(name: "partner", value: .string(partner?.rawValue ?? "")),
            JSONObject.Field(name: "incarnation", value: .string(incarnation)),
            JSONObject.Field(name: "event", value: .string(name.rawValue)),
        ]
        all += fields.fields
        return .object(JSONObject(fields: all))
    }

    /// The event as a line of a history, without its end.
    package var line: String { JSONText.compact(json) }
}
