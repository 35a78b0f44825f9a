import Glibc
import Testing

@testable import Verbs

@Suite("Memory at a preset address")
struct MemoryMappingTests {
    @Test("The pages are at the preset address, zeroed and writable")
    func preset() throws {
        let free = try freeAddress(pages: 2)
        let pages = try MemoryMapping.map(byteCount: 8192, at: free, locked: true)
        defer { munmap(pages, 8192) }
        #expect(UInt64(UInt(bitPattern: pages)) == free)
        #expect(UnsafeRawBufferPointer(start: pages, count: 8192).allSatisfy { $0 == 0 })
        pages.storeBytes(of: 7, toByteOffset: 8184, as: UInt64.self)
    }

    @Test("An address that is taken is refused, named, and left as it was")
    func taken() throws {
        let first = try MemoryMapping.map(byteCount: 8192, at: nil, locked: false)
        defer { munmap(first, 8192) }
        first.storeBytes(of: 4711, toByteOffset: 4096, as: UInt64.self)
        let second = UInt64(UInt(bitPattern: first)) + 4096
        let error = #expect(throws: VerbsError.self) {
            try MemoryMapping.map(byteCount: 4096, at: second, locked: false)
        }
        #expect(error?.errno == EEXIST)
        #expect(error?.description.contains("0x" + String(second, radix: 16)) == true)
        #expect(first.load(fromByteOffset: 4096, as: UInt64.self) == 4711)
    }

    @Test("An address that is no page boundary is refused", arguments: [0, 1, 0x5000_0000_0008] as [UInt64])
    func misaligned(address: UInt64) {
        let error = #expect(throws: VerbsError.self) {
            try MemoryMapping.map(byteCount: 4096, at: address, locked: false)
        }
        #expect(error?.errno == EINVAL)
        #expect(error?.description.contains("expected a multiple of 0x1000") == true)
    }

    @Test("Sizes are rounded up to pages, and nonsense is refused")
    func rounding() {
        #expect(MemoryMapping.pages(for: 1) == 4096)
        #expect(MemoryMapping.pages(for: 4096) == 4096)
        #expect(MemoryMapping.pages(for: 4097) == 8192)
        #expect(MemoryMapping.pages(for: 0) == nil)
        #expect(MemoryMapping.pages(for: -1) == nil)
        #expect(MemoryMapping.pages(for: .max) == nil)
    }

    /// Where so many pages were free a moment ago.
    private func freeAddress(pages count: Int) throws -> UInt64 {
        let pages = try MemoryMapping.map(byteCount: count * 4096, at: nil, locked: false)
        munmap(pages, count * 4096)
        return UInt64(UInt(bitPattern: pages))
    }
}
