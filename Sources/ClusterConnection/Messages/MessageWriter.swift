/// Builds a payload field by field, little-endian.
struct MessageWriter {
    private(set) var bytes: [UInt8] = []

    mutating func append(_ value: UInt8) { bytes.append(value) }

    mutating func append(_ value: UInt16) { append(UInt64(value), byteCount: 2) }

    mutating func append(_ value: UInt32) { append(UInt64(value), byteCount: 4) }

    mutating func append(_ value: UInt64) { append(value, byteCount: 8) }

    /// A name, with zeros up to `capacity` bytes.
    mutating func append(_ name: Name, capacity: Int) {
        for index in 0..<name.count { bytes.append(name[index]) }
        bytes.append(contentsOf: repeatElement(0, count: max(0, capacity - name.count)))
    }

    private mutating func append(_ value: UInt64, byteCount: Int) {
        for index in 0..<byteCount {
            bytes.append(UInt8(truncatingIfNeeded: value >> UInt64(index * 8)))
        }
    }
}
