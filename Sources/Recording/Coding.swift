import ClusterConnection

// What all parts of a recording are made of.

extension MessageWriter {
    mutating func append(_ flag: Bool) { append(UInt8(flag ? 1 : 0)) }

    mutating func append(_ choice: some RawRepresentable<UInt8>) { append(choice.rawValue) }

    mutating func append<let count: Int>(_ words: InlineArray<count, UInt64>) {
        for index in words.indices { append(words[index]) }
    }

    mutating func append(_ span: TimeSpan) { append(span.nanoseconds) }

    mutating func append(_ instant: Instant) { append(instant.nanoseconds) }

    mutating func append(_ incarnation: Incarnation) { append(incarnation.value) }

    mutating func append(_ rail: RailID) { append(rail.index) }

    mutating func append(_ connection: ConnectionID) {
        append(connection.value)
        append(connection.rail)
    }

    mutating func append(_ request: RequestID) {
        append(request.value)
        append(request.rail)
    }

    mutating func append(_ client: ClientID) { append(client.value) }

    mutating func append(_ pair: ClientPair) {
        append(pair.own)
        append(pair.partner)
    }

    mutating func append(_ name: Name) {
        append(UInt8(truncatingIfNeeded: name.count))
        append(name, capacity: 0)
    }

    mutating func append(_ versions: VersionRange) {
        append(versions.lowest)
        append(versions.highest)
    }

    /// A text that stands in the program.
    mutating func append(_ text: StaticString) {
        text.withUTF8Buffer { append(text: UnsafeRawBufferPointer($0)) }
    }

    /// A text that stands in the program, as an enumeration's raw value.
    mutating func append(_ text: String) {
        var text = text
        text.withUTF8 { append(text: UnsafeRawBufferPointer($0)) }
    }

    private mutating func append(text: UnsafeRawBufferPointer) {
        let length = UInt16(clamping: text.count)
        append(length)
        append(UnsafeRawBufferPointer(rebasing: text.prefix(Int(length))))
    }

    mutating func append(_ bytes: [UInt8]) {
        append(UInt32(truncatingIfNeeded: bytes.count))
        bytes.withUnsafeBytes { append($0) }
    }

    /// A list: its count, then its elements.
    mutating func append<Element>(
        list: some Collection<Element>, _ append: (inout MessageWriter, Element) -> Void
    ) {
        self.append(UInt32(truncatingIfNeeded: list.count))
        for element in list { append(&self, element) }
    }

    mutating func append<Value>(optional value: Value?, _ append: (inout MessageWriter, Value) -> Void) {
        self.append(value != nil)
        if let value { append(&self, value) }
    }
}

extension MessageReader {
    mutating func flag() throws(WireError) -> Bool {
        switch try byte() {
        case 0: false
        case 1: true
        default: throw .badField
        }
    }

    mutating func choice<Choice: RawRepresentable<UInt8>>() throws(WireError) -> Choice {
        guard let choice = Choice(rawValue: try byte()) else { throw .badField }
        return choice
    }

    mutating func words<let count: Int>() throws(WireError) -> InlineArray<count, UInt64> {
        var words: InlineArray<count, UInt64> = InlineArray(repeating: 0)
        for index in words.indices { words[index] = try long() }
        return words
    }

    mutating func span() throws(WireError) -> TimeSpan { TimeSpan(nanoseconds: try long()) }

    mutating func instant() throws(WireError) -> Instant { Instant(nanoseconds: try long()) }

    mutating func incarnation() throws(WireError) -> Incarnation { Incarnation(value: try long()) }

    mutating func rail() throws(WireError) -> RailID { RailID(index: try byte()) }

    mutating func connection() throws(WireError) -> ConnectionID {
        ConnectionID(value: try word(), rail: try rail())
    }

    mutating func request() throws(WireError) -> RequestID {
        RequestID(value: try word(), rail: try rail())
    }

    mutating func client() throws(WireError) -> ClientID { ClientID(value: try half()) }

    mutating func pair() throws(WireError) -> ClientPair {
        ClientPair(own: try client(), partner: try client())
    }

    mutating func name() throws(WireError) -> Name {
        let length = try byte()
        return try name(length: length, capacity: Int(length))
    }

    mutating func versions() throws(WireError) -> VersionRange {
        guard let versions = VersionRange(lowest: try half(), highest: try half()) else { throw .badField }
        return versions
    }

    mutating func text() throws(WireError) -> String {
        let length = Int(try half())
        guard let text = String(validating: try bytes(length), as: UTF8.self) else { throw .badField }
        return text
    }

    mutating func bytes() throws(WireError) -> [UInt8] { try bytes(Int(try word())) }

    private mutating func bytes(_ count: Int) throws(WireError) -> [UInt8] {
        guard count <= remaining else { throw .tooShort }
        var bytes: [UInt8] = []
        bytes.reserveCapacity(count)
        for _ in 0..<count { bytes.append(try byte()) }
        return bytes
    }

    /// A list whose elements take at least one byte each.
    mutating func list<Element>(
        _ element: (inout MessageReader) throws(WireError) -> Element
    ) throws(WireError) -> [Element] {
        let count = Int(try word())
        guard count <= remaining else { throw .tooShort }
        var list: [Element] = []
        for _ in 0..<count { list.append(try element(&self)) }
        return list
    }

    mutating func optional<Value>(
        _ value: (inout MessageReader) throws(WireError) -> Value
    ) throws(WireError) -> Value? {
        try flag() ? try value(&self) : nil
    }
}
