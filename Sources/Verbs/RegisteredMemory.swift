import CRDMA
import Glibc

/// Memory that the device may read and write (ibv_reg_mr(3)): either mapped, registered and owned as one, or a
/// registration of memory that lives longer.
///
/// The keys are this registration's alone: once it is closed they open nothing any more, whatever becomes of
/// the bytes.
public struct RegisteredMemory: ~Copyable, MemoryAccessing {
    /// What the partner and the device may do with it.
    public let access: MemoryAccess
    /// The bytes, all of which are registered.
    public let storage: MemoryStorage

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
        try self.init(
            MemoryStorage(mapping: mapping, byteCount: byteCount), access: access, in: domain.handle)
    }

    /// Registers bytes that others own or have registered too, all of them, under keys of its own.
    ///
    /// Registered again after an earlier registration was closed, they are the same bytes under another key:
    /// who still has the old key is kept out. Registered in the domains of several devices, one memory is served
    /// over all of them. The pages are unmapped with the last registration and owner.
    ///
    /// - Parameter byteCount: only so many bytes, from the first on; all of them unless given. Throws `EINVAL`
    ///   for more than there are.
    public init(
        sharing other: borrowing some MemoryAccessing & ~Copyable, byteCount: Int? = nil,
        access: MemoryAccess, in domain: borrowing ProtectionDomain
    ) throws(VerbsError) {
        let count = byteCount ?? other.byteCount
        guard count > 0, other.contains(0, count) else {
            throw VerbsError(
                call: "ibv_reg_mr", errno: EINVAL, detail: "\(count) bytes of \(other.byteCount)")
        }
        try self.init(
            MemoryStorage(mapping: other.storage.mapping, byteCount: count), access: access,
            in: domain.handle)
    }

    private init(
        _ storage: MemoryStorage, access: MemoryAccess, in domain: ProtectionDomain.Handle
    ) throws(VerbsError) {
        let mapping = storage.mapping
        var region: UnsafeMutablePointer<ibv_mr>?
        let result = ccm_reg_mr(
            domain.pointer, mapping.address, storage.byteCount, access.rawValue, &region)
        guard result == 0, let region else {
            throw VerbsError(
                call: "ibv_reg_mr", errno: -result,
                detail: "\(storage.byteCount) bytes at \(mapping.addressText) on \(domain.lease.deviceName)")
        }
        self.access = access
        self.storage = storage
        self.region = region
        self.domain = domain
    }

    deinit {
        if !isReleased { _ = Self.release(region, storage.mapping) }
    }

    /// Deregisters (ibv_dereg_mr(3)), and unmaps unless the bytes are shared. When deregistering fails, the
    /// pages stay mapped: the device may still use them.
    public consuming func close() throws(VerbsError) {
        isReleased = true
        let number = Self.release(region, storage.mapping)
        try ErrorNumber.checkReturned(
            "ibv_dereg_mr", number, "\(storage.mapping.addressText) on \(domain.lease.deviceName)")
    }

    private static func release(_ region: UnsafeMutablePointer<ibv_mr>, _ mapping: MemoryMapping) -> Int32 {
        let result = ibv_dereg_mr(region)
        if result != 0 { mapping.keepForever() }
        return result
    }

    /// What own work requests name it by.
    public var localKey: UInt32 { region.pointee.lkey }
    /// What the partner's work requests name it by. Another one after each registration.
    public var remoteKey: UInt32 { region.pointee.rkey }

    /// A piece of the memory as work requests name it. Throws `EINVAL` for one that is not within.
    borrowing func piece(at offset: Int, byteCount count: Int, for call: StaticString) throws(VerbsError)
        -> ibv_sge
    {
        guard contains(offset, count), let length = UInt32(exactly: count) else {
            throw VerbsError(call: call, errno: EINVAL, detail: "\(count) bytes at \(offset) of \(byteCount)")
        }
        return ibv_sge(addr: address + UInt64(offset), length: length, lkey: localKey)
    }
}
