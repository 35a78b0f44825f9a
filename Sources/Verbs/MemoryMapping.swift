import Glibc

/// Zeroed pages of this process, at an address of the kernel's choice or a preset one (mmap(2)).
enum MemoryMapping {
    /// `count` rounded up to whole pages; nil when that does not fit, or when `count` is not positive.
    static func pages(for count: Int) -> Int? {
        let page = Int(getpagesize())
        let (sum, overflow) = count.addingReportingOverflow(page - 1)
        return count > 0 && !overflow ? sum / page * page : nil
    }

    /// Maps `byteCount` bytes, whole pages, all present; exactly at `preset` when one is given.
    ///
    /// Throws `EEXIST` when something is mapped at the preset address, `EINVAL` when it is no page boundary.
    static func map(byteCount: Int, at preset: UInt64?, locked: Bool) throws(VerbsError)
        -> UnsafeMutableRawPointer
    {
        let detail = "\(byteCount) bytes" + (preset.map { " at 0x" + String($0, radix: 16) } ?? "")
        let page = UInt64(getpagesize())
        if let preset, preset == 0 || preset % page != 0 {
            throw VerbsError(
                call: "mmap", errno: EINVAL,
                detail: "\(detail), expected a multiple of 0x\(String(page, radix: 16))")
        }
        // Shared, so that a fork cannot leave the device with the child's copy of a page.
        var flags = MAP_SHARED | MAP_ANONYMOUS | Int32(MAP_POPULATE)
        if preset != nil { flags |= Int32(MAP_FIXED_NOREPLACE) }
        let wanted = preset.flatMap { UnsafeMutableRawPointer(bitPattern: UInt($0)) }
        guard let address = mmap(wanted, byteCount, PROT_READ | PROT_WRITE, flags, -1, 0),
            address != MAP_FAILED
        else {
            let number = ErrorNumber.last
            throw VerbsError(call: "mmap", errno: number, detail: detail)
        }
        // A kernel that does not know MAP_FIXED_NOREPLACE takes the address for a hint.
        if let wanted, wanted != address {
            munmap(address, byteCount)
            throw VerbsError(call: "mmap", errno: EEXIST, detail: detail)
        }
        if locked && mlock(address, byteCount) != 0 {
            let number = ErrorNumber.last
            munmap(address, byteCount)
            throw VerbsError(call: "mlock", errno: number, detail: detail)
        }
        return address
    }
}
