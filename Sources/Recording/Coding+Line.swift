import ClusterConnection

// A line of history. Its names are texts of the program that wrote it, and are recorded as such: what counts is what a
// reader of the history would have read.

/// What the value of a field is.
private enum ValueKind: UInt8 {
    case number = 1
    case incarnation = 2
    case hexadecimal = 3
    case text = 4
    case ownVersions = 5
    case partnerVersions = 6
}

extension MessageWriter {
    mutating func append(_ record: HistoryRecord) {
        append(record.event.rawValue)
        append(optional: record.name) { writer, name in
            writer.append(name.label)
            writer.append(name.name)
        }
        append(optional: record.rail) { $0.append($1) }
        append(UInt8(truncatingIfNeeded: record.count))
        for index in 0..<record.count {
            guard let field = record[index] else { break }
            append(field.name)
            append(field.value)
        }
    }

    private mutating func append(_ value: HistoryRecord.Value) {
        switch value {
        case .number(let number):
            append(ValueKind.number)
            append(number)
        case .incarnation(let incarnation):
            append(ValueKind.incarnation)
            append(incarnation)
        case .hexadecimal(let number):
            append(ValueKind.hexadecimal)
            append(number)
        case .text(let text):
            append(ValueKind.text)
            append(text)
        case .ownVersions(let versions):
            append(ValueKind.ownVersions)
            append(versions)
        case .partnerVersions(let versions):
            append(ValueKind.partnerVersions)
            append(versions)
        }
    }
}

extension MessageReader {
    mutating func recordedLine() throws(WireError) -> RecordedLine {
        var line = RecordedLine(event: try text())
        if try flag() { line.fields.append((try text(), try name().text)) }
        if try flag() { line.rail = try rail() }
        for _ in 0..<(try byte()) { line.fields.append((try text(), try valueText())) }
        return line
    }

    private mutating func valueText() throws(WireError) -> String {
        let kind: ValueKind = try choice()
        switch kind {
        case .number: return HistoryRecord.Value.number(try long()).text
        case .incarnation: return HistoryRecord.Value.incarnation(try incarnation()).text
        case .hexadecimal: return HistoryRecord.Value.hexadecimal(try long()).text
        case .text: return try text()
        case .ownVersions: return HistoryRecord.Value.ownVersions(try versions()).text
        case .partnerVersions: return HistoryRecord.Value.partnerVersions(try versions()).text
        }
    }
}
