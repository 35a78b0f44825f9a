import ClusterConnection

// The bytes of docs/protocol.md, written and read by hand: a second implementation, which can write what the first
// one cannot.

/// Little-endian fields, one behind the other.
struct Bytes {
    var all: [UInt8] = []

    func adding(_ value: some FixedWidthInteger) -> Bytes {
        var bytes = self
        for shift in stride(from: 0, to: value.bitWidth, by: 8) {
            bytes.all.append(UInt8(truncatingIfNeeded: value >> shift))
        }
        return bytes
    }

    func adding(_ text: String, capacity: Int = 0) -> Bytes {
        var bytes = self
        bytes.all += Array(text.utf8)
        bytes.all += [UInt8](repeating: 0, count: max(0, capacity - text.utf8.count))
        return bytes
    }

    /// With the CRC-32C of all of it behind.
    var sealed: [UInt8] {
        var crc = CRC32C()
        crc.update(all.span.bytes)
        return adding(crc.checksum).all
    }
}

/// Fields of bytes that came, by their place; zero where there are none.
struct Fields {
    let bytes: [UInt8]

    func number(_ place: Int, _ byteCount: Int) -> UInt64 {
        var value: UInt64 = 0
        for index in (0..<byteCount).reversed() where place + index < bytes.count {
            value = value << 8 | UInt64(bytes[place + index])
        }
        return value
    }
}

/// A client of the partner's, as its set tells.
struct PartnerClient {
    var number: UInt16
    var name: String
    var ports: UInt32
    var memory: UInt64
}

/// What the partner made for one of its clients.
struct PartnerTable {
    var own: UInt16
    var theirs: UInt16
    var address: UInt64
    var byteCount: UInt64
    var key: UInt32
    var ports: [(number: UInt32, firstPacket: UInt32)]
}

enum Payload {
    static func clients(of payload: [UInt8]) -> [PartnerClient] {
        let fields = Fields(bytes: payload)
        let size = Int(fields.number(6, 2))
        return (0..<Int(fields.number(4, 2))).map { index in
            let place = 8 + index * size
            let name = (0..<Int(fields.number(place + 3, 1))).map {
                Unicode.Scalar(UInt8(truncatingIfNeeded: fields.number(place + 16 + $0, 1)))
            }
            return PartnerClient(
                number: UInt16(fields.number(place, 2)), name: name.map { String($0) }.joined(),
                ports: UInt32(fields.number(place + 4, 4)), memory: fields.number(place + 8, 8))
        }
    }

    static func tables(of payload: [UInt8]) -> [PartnerTable] {
        let fields = Fields(bytes: payload)
        var place = 8
        return (0..<Int(fields.number(0, 2))).map { _ in
            let count = Int(fields.number(place + 4, 4))
            let table = PartnerTable(
                own: UInt16(fields.number(place + 2, 2)), theirs: UInt16(fields.number(place, 2)),
                address: fields.number(place + 8, 8), byteCount: fields.number(place + 16, 8),
                key: UInt32(fields.number(place + 24, 4)),
                ports: (0..<count).map {
                    (
                        UInt32(fields.number(place + 32 + $0 * 8, 4)),
                        UInt32(fields.number(place + 36 + $0 * 8, 4))
                    )
                })
            place += 32 + count * 8
            return table
        }
    }

    static func entry(
        _ number: UInt16, _ name: String, ports: UInt32, memory: UInt64, length: UInt8? = nil
    ) -> [UInt8] {
        Bytes().adding(number).adding(UInt8(0)).adding(length ?? UInt8(name.utf8.count)).adding(ports)
            .adding(memory).adding(name, capacity: 32).all
    }

    static func set(_ number: UInt32, count: UInt16? = nil, _ entries: [[UInt8]]) -> [UInt8] {
        Bytes().adding(number).adding(count ?? UInt16(entries.count)).adding(UInt16(48)).all
            + entries.joined()
    }

    static func peerInformation(
        lowest: UInt16 = 1, highest: UInt16 = 2, role: UInt8 = 1, required: String? = nil
    ) -> [UInt8] {
        let bytes = Bytes().adding(lowest).adding(highest).adding(role).adding(UInt8(0))
        guard let required else { return bytes.adding(UInt16(0)).all }
        return bytes.adding(UInt16(1)).adding(UInt8(1)).adding(UInt8(required.utf8.count)).adding(required)
            .all
    }

    static func refusal(_ reason: UInt16, capability: String = "") -> [UInt8] {
        Bytes().adding(reason).adding(UInt8(0)).adding(UInt8(capability.utf8.count)).adding(UInt16(1))
            .adding(UInt16(2)).adding(capability).all
    }

    static func ready(_ pairs: [(own: UInt16, theirs: UInt16)], count: UInt16? = nil) -> [UInt8] {
        pairs.reduce(Bytes().adding(count ?? UInt16(pairs.count)).adding(UInt16(0))) {
            $0.adding($1.own).adding($1.theirs)
        }.all
    }
}
