/// A line of history before anybody gave it a time and a form: a name of the vocabulary and its fields.
///
/// Has room for a fixed number of fields, so that recording takes no memory from the heap. A name that a
/// configuration or the partner gave has a place of its own, so that the fields stay plain bytes, which are quickly
/// copied.
public struct HistoryRecord: Sendable {
    /// The value of a field.
    public enum Value: Sendable {
        /// A count, an identifier or a span.
        case number(UInt64)
        /// An incarnation: 16 hexadecimal digits.
        case incarnation(Incarnation)
        /// An address or a key: hexadecimal.
        case hexadecimal(UInt64)
        /// A name of the vocabulary.
        case text(StaticString)
    }

    /// A name with its value.
    public struct Field: Sendable {
        /// The name.
        public let name: StaticString
        /// The value.
        public let value: Value
    }

    /// How many fields there is room for.
    public static let capacity = 8

    /// What happened.
    public let event: EventName
    /// How many fields there are.
    public private(set) var count = 0
    /// The name that is part of it, under its label; at most one.
    public private(set) var name: (label: StaticString, name: Name)?
    private var storage: InlineArray<8, Field?> = InlineArray(repeating: nil)

    /// A record without fields.
    public init(_ event: EventName) { self.event = event }

    /// The same record with one field more; fields past the capacity are a programmer's error and left out.
    public func with(_ name: StaticString, _ value: Value) -> HistoryRecord {
        assert(count < Self.capacity, "no room for field \(name) of \(event)")
        guard count < Self.capacity else { return self }
        var record = self
        record.storage[count] = Field(name: name, value: value)
        record.count += 1
        return record
    }

    /// The same record with a name.
    public func with(_ label: StaticString, _ name: Name) -> HistoryRecord {
        var record = self
        record.name = (label, name)
        return record
    }

    /// The same record with the versions of both sides: `lowest`, `highest`, `partnerLowest`,
    /// `partnerHighest`.
    func with(_ own: VersionRange, _ partner: VersionRange) -> HistoryRecord {
        with("lowest", .number(UInt64(own.lowest))).with("highest", .number(UInt64(own.highest)))
            .with("partnerLowest", .number(UInt64(partner.lowest)))
            .with("partnerHighest", .number(UInt64(partner.highest)))
    }

    /// The field at this place; nil past the last one.
    public subscript(index: Int) -> Field? {
        index >= 0 && index < count ? storage[index] : nil
    }
}
