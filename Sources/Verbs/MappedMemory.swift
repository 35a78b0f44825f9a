import Glibc

/// Memory that outlives its registrations: a client's, say, whose bytes stay while connections come and go.
///
/// The device reaches it through a `RegisteredMemory` that shares it, and only as long as that lives.
public struct MappedMemory: ~Copyable, MemoryAccessing {
    private let requestedByteCount: Int
    private var mapping: MemoryMapping

    /// Maps `byteCount` bytes (mmap(2)).
    ///
    /// - Parameters:
    ///   - preset: the address the memory must have, a page boundary; `EEXIST` when something is there already.
    ///   - locked: keeps the pages from being swapped as mlock(2) does, registered or not.
    public init(byteCount: Int, at preset: UInt64? = nil, locked: Bool = false) throws(VerbsError) {
        mapping = try MemoryMapping(byteCount: byteCount, at: preset, locked: locked)
        requestedByteCount = byteCount
    }

    /// The bytes.
    public var storage: MemoryStorage { MemoryStorage(mapping: mapping, byteCount: requestedByteCount) }

    /// Unmaps it (munmap(2)). Throws `EBUSY` while it is registered: it is unmapped with the last registration.
    public consuming func close() throws(VerbsError) {
        guard isKnownUniquelyReferenced(&mapping) else {
            throw VerbsError(
                call: "munmap", errno: EBUSY,
                detail: "registrations of \(mapping.addressText) are not closed")
        }
        try mapping.release()
    }
}
