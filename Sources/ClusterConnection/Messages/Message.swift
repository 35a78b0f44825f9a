/// What two established CCMs send each other.
///
/// | byte | field |
/// | --- | --- |
/// | 0 | magic `CCMM` |
/// | 4 | `Kind`, 16 bits |
/// | 6 | protocol version, 16 bits |
/// | 8 | length of the payload, 32 bits |
/// | 12 | number of the message on its connection, from 1, 32 bits |
/// | 16 | the writer's incarnation |
/// | 24 | the reader's incarnation |
/// | 32 | payload |
/// | then | CRC-32C of all before it |
public struct Message: Hashable, Sendable {
    /// What a message says.
    public enum Kind: UInt16, CaseIterable, Sendable {
        /// `PeerInformation`: who speaks.
        case peerInformation = 1
        /// `ClientSet`: the collected information of the clients.
        case clientInformation = 2
        /// `PortTables`: queue pairs and memory that were made.
        case portInformation = 3
        /// `ReadyPairs`: whose ports can receive.
        case ready = 4
        /// `Refusal`: why this connection comes to nothing.
        case refusal = 5

        /// The name in event lines.
        public var name: StaticString {
            switch self {
            case .peerInformation: "peerInformation"
            case .clientInformation: "clientInformation"
            case .portInformation: "portInformation"
            case .ready: "ready"
            case .refusal: "refusal"
            }
        }
    }

    /// A kind with this bit is skipped by who does not know it; one without it is a violation.
    static let optionalKind: UInt16 = 0x8000

    /// The most a message may have, header and checksum included.
    public static let capacity = 16_384
    static let headerByteCount = 32
    static let trailerByteCount = 4
    /// The most a payload may have.
    static let payloadCapacity = capacity - headerByteCount - trailerByteCount
    static let magicNumber = magic("C", "C", "M", "M")

    /// The kind as it travels; may be one that this implementation does not know.
    let rawKind: UInt16
    /// The protocol version it is written in.
    let version: UInt16
    /// Its number on its connection.
    package let number: UInt32
    /// The incarnation that wrote it.
    let writer: Incarnation
    /// The incarnation it is meant for.
    let reader: Incarnation
    /// What it says.
    let payload: [UInt8]

    /// The kind, when it is a known one.
    package var kind: Kind? { Kind(rawValue: rawKind) }

    init(
        _ kind: Kind, version: UInt16, number: UInt32, writer: Incarnation, reader: Incarnation,
        payload: [UInt8]
    ) {
        rawKind = kind.rawValue
        self.version = version
        self.number = number
        self.writer = writer
        self.reader = reader
        self.payload = payload
    }

    /// The message as it travels, checksum included.
    public var bytes: [UInt8] {
        var writer = MessageWriter()
        writer.append(Self.magicNumber)
        writer.append(rawKind)
        writer.append(version)
        writer.append(UInt32(truncatingIfNeeded: payload.count))
        writer.append(number)
        writer.append(self.writer.value)
        writer.append(reader.value)
        var bytes = writer.bytes + payload
        var crc = CRC32C()
        crc.update(bytes.span.bytes)
        let sum = crc.checksum
        for shift in stride(from: UInt32(0), to: 32, by: 8) {
            bytes.append(UInt8(truncatingIfNeeded: sum >> shift))
        }
        return bytes
    }

    /// Reads what a partner sent; trusts nothing of it.
    package init(bytes: [UInt8]) throws(WireError) {
        guard bytes.count >= Self.headerByteCount + Self.trailerByteCount else { throw .tooShort }
        guard bytes.count <= Self.capacity else { throw .tooLong }
        var reader = MessageReader(bytes, 0..<bytes.count)
        guard try reader.word() == Self.magicNumber else { throw .badMagic }
        rawKind = try reader.half()
        version = try reader.half()
        let length = try reader.word()
        number = try reader.word()
        writer = Incarnation(value: try reader.long())
        self.reader = Incarnation(value: try reader.long())
        let end = bytes.count - Self.trailerByteCount
        guard Int(length) == end - Self.headerByteCount else { throw .tooShort }
        var crc = CRC32C()
        crc.update(bytes.span.extracting(..<end).bytes)
        try reader.skip(Int(length))
        guard try reader.word() == crc.checksum else { throw .badChecksum }
        payload = Array(bytes[Self.headerByteCount..<end])
    }
}
