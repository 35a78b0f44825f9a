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
        /// Two fields, `lowest` and `highest`: the versions that this side speaks.
        case ownVersions(VersionRange)
        /// Two fields, `partnerLowest` and `partnerHighest`.
        case partnerVersions(VersionRange)
    }

    /// A name with its value.
    public struct Field: Sendable {
        /// The name.
        public let name: StaticString
        /// The value.
        public let value: Value
    }

    /// How many fields there is room for.
    public static let capacity = 6

    /// What happened.
    public let event: EventName
    /// How many fields there are.
    public private(set) var count = 0
    /// The name that is part of it, under its label; at most one.
    public private(set) var name: (label: StaticString, name: Name)?
    /// The rail that it is of, if it says so.
    public private(set) var rail: RailID?
    private var storage: InlineArray<6, Field?> = InlineArray(repeating: nil)

    /// A record without fields.
    public init(_ event: EventName) { self.event = event }

    /// The same record with one field more; fields past the capacity are a programmer's error and left out.
    public consuming func with(_ name: StaticString, _ value: Value) -> HistoryRecord {
        assert(count < Self.capacity, "no room for field \(name) of \(event)")
        guard count < Self.capacity else { return self }
        storage[count] = Field(name: name, value: value)
        count += 1
        return self
    }

    /// The same record with a name.
    public consuming func with(_ label: StaticString, _ name: Name) -> HistoryRecord {
        self.name = (label, name)
        return self
    }

    /// The same record with the rail that it is of.
    consuming func with(_ rail: RailID) -> HistoryRecord {
        self.rail = rail
        return with("rail", .number(UInt64(rail.index)))
    }

    /// The same record with the versions of both sides.
    consuming func with(_ own: VersionRange, _ partner: VersionRange) -> HistoryRecord {
        with("versions", .ownVersions(own)).with("partnerVersions", .partnerVersions(partner))
    }

    /// The field at this place; nil past the last one.
    public subscript(index: Int) -> Field? {
        index >= 0 && index < count ? storage[index] : nil
    }
}
