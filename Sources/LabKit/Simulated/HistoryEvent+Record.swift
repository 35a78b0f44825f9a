import ClusterConnection

extension HistoryEvent {
    /// The line that `ccmd` writes of a record.
    init(_ record: HistoryRecord, at time: Instant, of partner: PartnerID, _ incarnation: Incarnation) {
        var fields: [(String, JSONValue)] = []
        if let name = record.name { fields.append(("\(name.label)", .string(name.name.text))) }
        for index in 0..<record.count {
            guard let field = record[index] else { break }
            let name = "\(field.name)"
            switch field.value {
            case .number(let value): fields.append((name, Self.number(value)))
            case .incarnation(let value): fields.append((name, .string(Self.digits(value.value))))
            case .hexadecimal(let value): fields.append((name, .string("0x" + String(value, radix: 16))))
            case .text(let value): fields.append((name, .string("\(value)")))
            case .ownVersions(let range):
                fields.append(("lowest", .integer(Int64(range.lowest))))
                fields.append(("highest", .integer(Int64(range.highest))))
            case .partnerVersions(let range):
                fields.append(("partnerLowest", .integer(Int64(range.lowest))))
                fields.append(("partnerHighest", .integer(Int64(range.highest))))
            }
        }
        self.init(
            time: time, partner: partner, incarnation: Self.digits(incarnation.value), name: record.event,
            fields: JSONObject(fields))
    }

    /// The same line with more fields.
    func with(_ more: [(String, JSONValue)]) -> HistoryEvent {
        var event = self
        event.fields = JSONObject(fields.fields.map { ($0.name, $0.value) } + more)
        return event
    }

    private static func number(_ value: UInt64) -> JSONValue {
        Int64(exactly: value).map { .integer($0) } ?? .unsigned(value)
    }

    /// An incarnation as histories hold it.
    static func digits(_ value: UInt64) -> String {
        let digits = String(value, radix: 16)
        return String(repeating: "0", count: 16 - digits.count) + digits
    }
}
