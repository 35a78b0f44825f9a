/// Whose work, and which, a completion tells the end of, in the 64 bits of a work request's number.
///
/// | bits | |
/// | --- | --- |
/// | 0 to 31 | the slot: of a receive, or among the work that the port has under way |
/// | 32 to 47 | the port |
/// | 48 to 50 | the kind |
/// | 51 to 63 | the port set's serial number |
struct PortWork {
    enum Kind: UInt8 {
        case send
        case write
        case read
        case receive

        /// As the client is told of it; nil for a receive, of which it is told as a message.
        var finished: FinishedWork.Kind? {
            switch self {
            case .send: .send
            case .write: .write
            case .read: .read
            case .receive: nil
            }
        }
    }

    var kind: Kind
    var serial: UInt16
    var port: UInt16
    var value: UInt32

    static let serialLimit: UInt16 = 1 << 13

    var number: UInt64 {
        UInt64(value) | UInt64(port) << 32 | UInt64(kind.rawValue) << 48 | UInt64(serial) << 51
    }

    init(_ kind: Kind, serial: UInt16, port: Int, value: UInt32) {
        self.kind = kind
        self.serial = serial
        self.port = UInt16(truncatingIfNeeded: port)
        self.value = value
    }

    init?(number: UInt64) {
        guard let kind = Kind(rawValue: UInt8(truncatingIfNeeded: number >> 48) & 7) else { return nil }
        self.kind = kind
        serial = UInt16(truncatingIfNeeded: number >> 51)
        port = UInt16(truncatingIfNeeded: number >> 32)
        value = UInt32(truncatingIfNeeded: number)
    }
}
