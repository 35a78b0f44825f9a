import CRDMA
import Glibc

/// Memory that the device may read and write (ibv_reg_mr(3)): mapped, registered and owned as one.
///
/// Whole pages, zeroed, present from the start. No pointer into it leaves this type: look through the closures.
/// Memory that the partner writes, or that work in flight fills, changes under the hands of whoever looks: use
/// `loadWords` there, and a checksum inside.
public struct RegisteredMemory: ~Copyable {
    /// How many bytes are registered, as asked for.
    public let byteCount: Int
    /// What the partner and the device may do with it.
    public let access: MemoryAccess

    private let mapping: MemoryMapping
    private let region: UnsafeMutablePointer<ibv_mr>
    private let domain: ProtectionDomain.Handle
    private var isReleased = false

    /// Maps and registers `byteCount` bytes.
    ///
    /// - Parameters:
    ///   - preset: the address the memory must have, a page boundary; `EEXIST` when something is there already.
    ///   - locked: keeps the pages from being swapped as mlock(2) does, beyond what registration pins.
    public init(
        byteCount: Int, access: MemoryAccess, in domain: borrowing ProtectionDomain, at preset: UInt64? = nil,
        locked: Bool = false
    ) throws(VerbsError) {
        let mapping = try MemoryMapping(byteCount: byteCount, at: preset, locked: locked)
        try self.init(mapping, byteCount: byteCount, access: access, in: domain.handle)
    }

    /// Registers the same bytes in another domain: what several devices serve to the partner is one memory.
    /// The pages are unmapped with the last registration.
    public init(
        sharing other: borrowing RegisteredMemory, access: MemoryAccess, in domain: borrowing ProtectionDomain
    ) throws(VerbsError) {
        try self.init(other.mapping, byteCount: other.byteCount, access: access, in: domain.handle)
    }

    private init(
        _ mapping: MemoryMapping, byteCount: Int, access: MemoryAccess, in domain: ProtectionDomain.Handle
    ) throws(VerbsError) {
        var region: UnsafeMutablePointer<ibv_mr>?
        let result = ccm_reg_mr(domain.pointer, mapping.address, byteCount, access.rawValue, &region)
        guard result == 0, let region else {
            throw VerbsError(
                call: "ibv_reg_mr", errno: -result,
                detail: "\(byteCount) bytes at \(mapping.addressText) on \(domain.lease.deviceName)")
        }
        self.byteCount = byteCount
        self.access = access
        self.mapping = mapping
        self.region = region
        self.domain = domain
    }

    deinit {
        if !isReleased { _ = Self.release(region, mapping) }
    }

    /// Deregisters and unmaps. When deregistering fails, the pages stay mapped: the device may still use them.
    public consuming func close() throws(VerbsError) {
        isReleased = true
        let number = Self.release(region, mapping)
        try ErrorNumber.checkReturned(
            "ibv_dereg_mr", number, "\(mapping.addressText) on \(domain.lease.deviceName)")
    }

    private static func release(_ region: UnsafeMutablePointer<ibv_mr>, _ mapping: MemoryMapping) -> Int32 {
        let result = ibv_dereg_mr(region)
        if result != 0 { mapping.keepForever() }
        return result
    }

    /// Where it lies, in this process and for the partner.
    public var address: UInt64 { UInt64(UInt(bitPattern: mapping.address)) }
    /// What own work requests name it by.
    public var localKey: UInt32 { region.pointee.lkey }
    /// What the partner's work requests name it by. Another one after each registration.
    public var remoteKey: UInt32 { region.pointee.rkey }

    /// Lends the bytes to look at. Only while nothing else writes them.
    public borrowing func withBytes<Result, Failure: Error>(
        _ body: (RawSpan) throws(Failure) -> Result
    ) throws(Failure) -> Result {
        try body(UnsafeRawBufferPointer(start: mapping.address, count: byteCount).bytes)
    }

    /// Lends the bytes to change. Only while nothing else reads or writes them.
    public mutating func withMutableBytes<Result, Failure: Error>(
        _ body: (inout MutableRawSpan) throws(Failure) -> Result
    ) throws(Failure) -> Result {
        var span = UnsafeMutableRawBufferPointer(start: mapping.address, count: byteCount).mutableBytes
        return try body(&span)
    }

    /// Copies `bytes` to `offset` while the partner may be reading: in whole 8-byte words, the lowest address
    /// first, each after everything stored before it.
    ///
    /// The words are whole in memory. How the partner's device cuts a read of several words is not promised by
    /// anyone: a record longer than one word needs a checksum. Throws `EINVAL` unless offset and length are
    /// multiples of 8 within the memory.
    public borrowing func storeWords(_ bytes: RawSpan, at offset: Int) throws(VerbsError) {
        let target = try words(at: offset, byteCount: bytes.byteCount)
        bytes.withUnsafeBytes { source in
            guard let source = source.baseAddress else { return }
            ccm_store_words(target, source, bytes.byteCount / 8)
        }
    }

    /// Copies the bytes at `offset` to `bytes` while the partner or work in flight may be writing them: in
    /// whole 8-byte words, the lowest address first. The same caveat and errors as `storeWords`.
    public borrowing func loadWords(at offset: Int, into bytes: inout MutableRawSpan) throws(VerbsError) {
        let count = bytes.byteCount
        let source = try words(at: offset, byteCount: count)
        bytes.withUnsafeMutableBytes { target in
            guard let target = target.baseAddress else { return }
            ccm_load_words(source, target, count / 8)
        }
    }

    /// Stores one 8-byte word, such as a counter, so that the partner reads the old value or the new one.
    public borrowing func storeWord(_ value: UInt64, at offset: Int) throws(VerbsError) {
        let target = try words(at: offset, byteCount: 8)
        withUnsafeBytes(of: value) { source in
            guard let source = source.baseAddress else { return }
            ccm_store_words(target, source, 1)
        }
    }

    /// Loads one 8-byte word that the partner may be writing: the old value or the new one.
    public borrowing func loadWord(at offset: Int) throws(VerbsError) -> UInt64 {
        let source = try words(at: offset, byteCount: 8)
        var value: UInt64 = 0
        ccm_load_words(source, &value, 1)
        return value
    }

    /// The place of whole words within the memory.
    private borrowing func words(at offset: Int, byteCount count: Int) throws(VerbsError)
        -> UnsafeMutableRawPointer
    {
        guard contains(offset, count), offset % 8 == 0, count % 8 == 0 else {
            throw VerbsError(
                call: "ccm_store_words", errno: EINVAL,
                detail: "\(count) bytes at \(offset) of \(byteCount), expected multiples of 8 within")
        }
        return mapping.address + offset
    }

    /// A piece of the memory as work requests name it. Throws `EINVAL` for one that is not within.
    borrowing func piece(at offset: Int, byteCount count: Int, for call: StaticString) throws(VerbsError)
        -> ibv_sge
    {
        guard contains(offset, count), let length = UInt32(exactly: count) else {
            throw VerbsError(call: call, errno: EINVAL, detail: "\(count) bytes at \(offset) of \(byteCount)")
        }
        return ibv_sge(addr: address + UInt64(offset), length: length, lkey: localKey)
    }

    private borrowing func contains(_ offset: Int, _ count: Int) -> Bool {
        offset >= 0 && count >= 0 && offset <= byteCount && count <= byteCount - offset
    }
}
