import Glibc

/// Zeroed pages of this process, at an address of the kernel's choice or a preset one (mmap(2)). Unmapped with
/// the last reference, which the registrations of the memory share.
final class MemoryMapping {
    let address: UnsafeMutableRawPointer
    /// Whole pages.
    let byteCount: Int
    private var isReleased = false

    /// Maps at least `byteCount` bytes, all present; exactly at `preset` when one is given.
    ///
    /// Throws `EEXIST` when something is mapped at the preset address, `EINVAL` when it is no page boundary, or
    /// when there is no such number of pages.
    init(byteCount: Int, at preset: UInt64?, locked: Bool) throws(VerbsError) {
        let detail = "\(byteCount) bytes" + (preset.map { " at 0x" + String($0, radix: 16) } ?? "")
        let page = Int(getpagesize())
        let (sum, overflow) = byteCount.addingReportingOverflow(page - 1)
        guard byteCount > 0, !overflow else { throw VerbsError(call: "mmap", errno: EINVAL, detail: detail) }
        let rounded = sum / page * page
        if let preset, preset == 0 || preset % UInt64(page) != 0 {
            throw VerbsError(
                call: "mmap", errno: EINVAL,
                detail: "\(detail), expected a multiple of 0x\(String(page, radix: 16))")
        }
        // Shared, so that a fork cannot leave the device with the child's copy of a page.
        var flags = MAP_SHARED | MAP_ANONYMOUS | Int32(MAP_POPULATE)
        if preset != nil { flags |= Int32(MAP_FIXED_NOREPLACE) }
        let wanted = preset.flatMap { UnsafeMutableRawPointer(bitPattern: UInt($0)) }
        guard let mapped = mmap(wanted, rounded, PROT_READ | PROT_WRITE, flags, -1, 0), mapped != MAP_FAILED
        else {
            let number = ErrorNumber.last
            throw VerbsError(call: "mmap", errno: number, detail: detail)
        }
        // From here on the owner unmaps, whatever is thrown.
        address = mapped
        self.byteCount = rounded
        // A kernel that does not know MAP_FIXED_NOREPLACE takes the address for a hint.
        if let wanted, wanted != mapped {
            throw VerbsError(call: "mmap", errno: EEXIST, detail: detail)
        }
        if locked { try ErrorNumber.check("mlock", mlock(mapped, rounded), detail) }
    }

    deinit { if !isReleased { munmap(address, byteCount) } }

    /// Unmaps, and says what went wrong. Nobody may use the address afterwards.
    func release() throws(VerbsError) {
        isReleased = true
        try ErrorNumber.check("munmap", munmap(address, byteCount), "\(byteCount) bytes at \(addressText)")
    }

    /// Leaves the pages mapped until the process ends.
    func keepForever() { _ = Unmanaged.passRetained(self) }

    /// For error messages.
    var addressText: String { "0x" + String(UInt(bitPattern: address), radix: 16) }
}
