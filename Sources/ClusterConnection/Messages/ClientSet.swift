/// The information of all clients of a side, collected and sent as one set (claims C5 to C7).
///
/// | byte | field |
/// | --- | --- |
/// | 0 | number of the set, from 1, 32 bits; absent in version 1, which knows one set only |
/// | then | number of clients, 16 bits |
/// | then | bytes of an entry, 16 bits, 48 or more |
/// | then | entries |
///
/// | byte of an entry | field |
/// | --- | --- |
/// | 0 | the client's number at its side, 16 bits |
/// | 2 | `ClientRole`, 8 bits |
/// | 3 | length of the name, 8 bits |
/// | 4 | ports required, 32 bits |
/// | 8 | memory requested in bytes, 64 bits |
/// | 16 | name, 32 bytes, zeros behind it |
///
/// Bytes of an entry past 48, and bytes behind the entries, are a newer version's.
struct ClientSet: Hashable, Sendable {
    struct Entry: Hashable, Sendable {
        var client: ClientID
        var information: ClientInformation
    }

    /// The most clients a side may have.
    static let limit = 64
    private static let entryByteCount = 48

    /// Rises with every change of the set.
    var number: UInt32
    var entries: [Entry]

    func payload(version: UInt16) -> [UInt8] {
        var writer = MessageWriter()
        if version >= 2 { writer.append(number) }
        writer.append(UInt16(truncatingIfNeeded: entries.count))
        writer.append(UInt16(Self.entryByteCount))
        for entry in entries {
            writer.append(entry.client.value)
            writer.append(entry.information.role.rawValue)
            writer.append(UInt8(truncatingIfNeeded: entry.information.name.count))
            writer.append(entry.information.ports)
            writer.append(entry.information.memory)
            writer.append(entry.information.name, capacity: Name.capacity)
        }
        return writer.bytes
    }

    init(number: UInt32, entries: [Entry]) {
        self.number = number
        self.entries = entries
    }

    /// Reads what a partner sent; trusts nothing of it.
    init(payload: [UInt8], version: UInt16) throws(WireError) {
        var reader = MessageReader(payload, 0..<payload.count)
        number = version >= 2 ? try reader.word() : 1
        let count = Int(try reader.half())
        let entryByteCount = Int(try reader.half())
        guard count <= Self.limit else { throw .tooLong }
        guard entryByteCount >= Self.entryByteCount, number > 0 else { throw .badField }
        entries = []
        for _ in 0..<count {
            let client = ClientID(value: try reader.half())
            guard let role = ClientRole(rawValue: try reader.byte()) else { throw .badField }
            let length = try reader.byte()
            let ports = try reader.word()
            let memory = try reader.long()
            let name = try reader.name(length: length, capacity: Name.capacity)
            try reader.skip(entryByteCount - Self.entryByteCount)
            // They are few. A `Set` would have the runtime look for its type at the first use, in the middle of an exchange:
            // half of all instructions from established to ready went there.
            guard !entries.contains(where: { $0.client == client || $0.information.name == name }) else {
                throw .badField
            }
            entries.append(
                Entry(
                    client: client,
                    information: ClientInformation(name: name, role: role, ports: ports, memory: memory)))
        }
    }
}
