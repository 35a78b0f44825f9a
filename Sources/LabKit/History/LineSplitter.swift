/// Cuts a stream of bytes into lines, however the bytes are dealt out.
struct LineSplitter {
    private var pending: [UInt8] = []
    /// Bytes of one line that are kept; what is longer is cut off, so that a stream without newlines cannot
    /// take all memory. One more than a valid line may have, so that the cut line is seen as too long.
    private let limit = EventLine.maxLength + 1

    /// The lines that are complete with these bytes.
    mutating func lines(of bytes: some Sequence<UInt8>) -> [[UInt8]] {
        var lines: [[UInt8]] = []
        for byte in bytes {
            if byte == UInt8(ascii: "\n") {
                lines.append(pending)
                pending.removeAll(keepingCapacity: true)
            } else if pending.count < limit {
                pending.append(byte)
            }
        }
        return lines
    }

    /// What stands behind the last newline when the stream has ended; empty when it ended with one.
    mutating func rest() -> [UInt8] {
        defer { pending.removeAll() }
        return pending
    }
}
