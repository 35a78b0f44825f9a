/// Whose ports can receive at the sender: all of them so far, each time (claim C3).
///
/// | byte | field |
/// | --- | --- |
/// | 0 | number of pairs, 16 bits |
/// | 2 | zero, 16 bits |
/// | 4 | pairs: the client's number at the sender, 16 bits; its counterpart's at the receiver, 16 bits |
struct ReadyPairs: Hashable, Sendable {
    var pairs: [ClientPair]

    var payload: [UInt8] {
        var writer = MessageWriter()
        writer.append(UInt16(truncatingIfNeeded: pairs.count))
        writer.append(UInt16(0))
        for pair in pairs {
            writer.append(pair.own.value)
            writer.append(pair.partner.value)
        }
        return writer.bytes
    }

    init(pairs: [ClientPair]) { self.pairs = pairs }

    /// Reads what a partner sent; trusts nothing of it. `own` is the receiver's client in each pair.
    init(payload: [UInt8]) throws(WireError) {
        var reader = MessageReader(payload, 0..<payload.count)
        let count = Int(try reader.half())
        try reader.skip(2)
        guard count <= ClientSet.limit else { throw .tooLong }
        pairs = []
        for _ in 0..<count {
            let partner = ClientID(value: try reader.half())
            pairs.append(ClientPair(own: ClientID(value: try reader.half()), partner: partner))
        }
    }
}
