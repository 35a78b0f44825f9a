import Glibc
import Testing

@testable import Verbs

@Suite("Memory at a preset address")
struct MemoryMappingTests {
    @Test("The pages are at the preset address, whole, zeroed and writable")
    func preset() throws {
        let free = try freeAddress(byteCount: 8192)
        let mapping = try MemoryMapping(byteCount: 4097, at: free, locked: true)
        #expect(UInt64(UInt(bitPattern: mapping.address)) == free)
        #expect(mapping.byteCount == 8192)
        #expect(UnsafeRawBufferPointer(start: mapping.address, count: 8192).allSatisfy { $0 == 0 })
        mapping.address.storeBytes(of: 7, toByteOffset: 8184, as: UInt64.self)
    }

    @Test("An address that is taken is refused, named, and left as it was")
    func taken() throws {
        let first = try MemoryMapping(byteCount: 8192, at: nil, locked: false)
        first.address.storeBytes(of: 4711, toByteOffset: 4096, as: UInt64.self)
        let second = UInt64(UInt(bitPattern: first.address)) + 4096
        let error = #expect(throws: VerbsError.self) {
            try MemoryMapping(byteCount: 4096, at: second, locked: false)
        }
        #expect(error?.errno == EEXIST)
        #expect(error?.description.contains("0x" + String(second, radix: 16)) == true)
        #expect(first.address.load(fromByteOffset: 4096, as: UInt64.self) == 4711)
    }

    @Test("The address is free again when the mapping is gone")
    func released() throws {
        let free = try freeAddress(byteCount: 4096)
        for _ in 0..<3 {
            #expect(throws: Never.self) { try MemoryMapping(byteCount: 4096, at: free, locked: false) }
        }
    }

    @Test("An address that is no page boundary is refused", arguments: [0, 1, 0x5000_0000_0008] as [UInt64])
    func misaligned(address: UInt64) {
        let error = #expect(throws: VerbsError.self) {
            try MemoryMapping(byteCount: 4096, at: address, locked: false)
        }
        #expect(error?.errno == EINVAL)
        #expect(error?.description.contains("expected a multiple of 0x1000") == true)
    }

    @Test("A size that is none is refused", arguments: [0, -1, .min, .max])
    func nonsense(byteCount: Int) {
        let error = #expect(throws: VerbsError.self) {
            try MemoryMapping(byteCount: byteCount, at: nil, locked: false)
        }
        #expect(error?.errno == EINVAL)
        #expect(error?.detail == "\(byteCount) bytes")
    }

    @Test("More memory than there is is an error, not a crash")
    func tooMuch() {
        let error = #expect(throws: VerbsError.self) {
            try MemoryMapping(byteCount: 1 << 50, at: nil, locked: false)
        }
        #expect(error?.errno == ENOMEM)
    }

    /// Where so many bytes were free a moment ago.
    private func freeAddress(byteCount: Int) throws -> UInt64 {
        let mapping = try MemoryMapping(byteCount: byteCount, at: nil, locked: false)
        return UInt64(UInt(bitPattern: mapping.address))
    }
}
