/// What a side made for a client: where the partner's queue pairs shall connect to, and the memory that they
/// reach (claim C3).
///
/// | byte | field |
/// | --- | --- |
/// | 0 | the client's number at the sender, 16 bits |
/// | 2 | the number of its counterpart at the receiver, 16 bits |
/// | 4 | number of ports, 32 bits |
/// | 8 | address of the memory |
/// | 16 | bytes of the memory |
/// | 24 | remote key of the memory, 32 bits |
/// | 28 | zero, 32 bits |
/// | 32 | ports: queue pair number, 32 bits; number of its first packet (PSN), 32 bits |
public struct PortTable: Hashable, Sendable {
    /// One end of a port.
    public struct Entry: Hashable, Sendable {
        /// The queue pair number, 24 bits.
        public var queuePair: UInt32
        /// The number of the first packet it will send (PSN), 24 bits.
        public var firstPacket: UInt32

        /// An end with this queue pair.
        public init(queuePair: UInt32, firstPacket: UInt32) {
            self.queuePair = queuePair
            self.firstPacket = firstPacket
        }
    }

    /// Whose ports these are.
    public var pair: ClientPair
    /// The ports, in the order in which both sides number them.
    public var ports: [Entry]
    /// Where the memory begins, as the partner's operations have to name it.
    public var memoryAddress: UInt64
    /// How much memory there is.
    public var memoryByteCount: UInt64
    /// What opens the memory; good for this connection only.
    public var memoryKey: UInt32

    /// A table of these ports.
    public init(
        pair: ClientPair, ports: [Entry], memoryAddress: UInt64, memoryByteCount: UInt64, memoryKey: UInt32
    ) {
        self.pair = pair
        self.ports = ports
        self.memoryAddress = memoryAddress
        self.memoryByteCount = memoryByteCount
        self.memoryKey = memoryKey
    }

    /// How many bytes the table of a client with so many ports takes.
    static func byteCount(ports: Int) -> Int { 32 + ports * 8 }
}

/// Tables that travel together: 16 bits of their number, 48 zero bits, the tables.
struct PortTables: Hashable, Sendable {
    var tables: [PortTable]

    static let headerByteCount = 8

    var payload: [UInt8] {
        var writer = MessageWriter()
        writer.append(UInt64(UInt16(truncatingIfNeeded: tables.count)))
        for table in tables {
            writer.append(table.pair.own.value)
            writer.append(table.pair.partner.value)
            writer.append(UInt32(truncatingIfNeeded: table.ports.count))
            writer.append(table.memoryAddress)
            writer.append(table.memoryByteCount)
            writer.append(table.memoryKey)
            writer.append(UInt32(0))
            for port in table.ports {
                writer.append(port.queuePair)
                writer.append(port.firstPacket)
            }
        }
        return writer.bytes
    }

    init(tables: [PortTable]) { self.tables = tables }

    /// Reads what a partner sent; trusts nothing of it. `pair.own` is the receiver's client.
    init(payload: [UInt8]) throws(WireError) {
        var reader = MessageReader(payload, 0..<payload.count)
        let count = Int(try reader.half())
        try reader.skip(Self.headerByteCount - 2)
        guard count <= ClientSet.limit else { throw .tooLong }
        tables = []
        for _ in 0..<count {
            let partner = ClientID(value: try reader.half())
            let own = ClientID(value: try reader.half())
            let ports = Int(try reader.word())
            let address = try reader.long()
            let byteCount = try reader.long()
            let key = try reader.word()
            try reader.skip(4)
            guard ports <= reader.remaining / 8 else { throw .tooShort }
            var table = PortTable(
                pair: ClientPair(own: own, partner: partner), ports: [], memoryAddress: address,
                memoryByteCount: byteCount, memoryKey: key)
            // The end of the memory is an address, too.
            guard !address.addingReportingOverflow(byteCount).overflow else { throw .badField }
            table.ports.reserveCapacity(ports)
            for _ in 0..<ports {
                let entry = PortTable.Entry(queuePair: try reader.word(), firstPacket: try reader.word())
                guard entry.queuePair <= 0xff_ffff, entry.firstPacket <= 0xff_ffff else { throw .badField }
                table.ports.append(entry)
            }
            tables.append(table)
        }
    }
}
