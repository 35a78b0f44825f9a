/// Builds a payload field by field, little-endian.
package struct MessageWriter {
    package private(set) var bytes: [UInt8] = []

    /// Nothing yet, and room for so many bytes, each of them touched: none waits for the kernel later.
    package init(capacity: Int = 0) {
        bytes = Array(repeating: 0, count: capacity)
        removeAll()
    }

    package mutating func append(_ value: UInt8) { bytes.append(value) }

    package mutating func append(_ value: UInt16) { append(integer: value) }

    package mutating func append(_ value: UInt32) { append(integer: value) }

    package mutating func append(_ value: UInt64) { append(integer: value) }

    /// Bytes as they are.
    package mutating func append(_ some: UnsafeRawBufferPointer) { bytes.append(contentsOf: some) }

    /// A name, with zeros up to `capacity` bytes.
    package mutating func append(_ name: Name, capacity: Int) {
        for index in 0..<name.count { bytes.append(name[index]) }
        bytes.append(contentsOf: repeatElement(0, count: max(0, capacity - name.count)))
    }

    /// Puts a value in the place of four bytes that are there.
    package mutating func put(_ value: UInt32, at offset: Int) {
        for index in 0..<4 { bytes[offset + index] = UInt8(truncatingIfNeeded: value >> UInt32(index * 8)) }
    }

    /// Begins anew, in the memory that is there.
    package mutating func removeAll() { bytes.removeAll(keepingCapacity: true) }

    private mutating func append(integer value: some FixedWidthInteger) {
        withUnsafeBytes(of: value.littleEndian) { bytes.append(contentsOf: $0) }
    }
}
