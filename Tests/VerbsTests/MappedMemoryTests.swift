import Glibc
import Testing

@testable import Verbs

@Suite("Memory that outlives its registrations")
struct MappedMemoryTests {
    @Test("Bytes are copied in and out at any place, and the rest stays as it was")
    func copies() throws {
        let memory = try MappedMemory(byteCount: 100)
        #expect(memory.byteCount == 100)
        let bytes = (1...13).map { UInt8($0) }
        try memory.write(bytes.span.bytes, at: 87)
        try memory.write([7].span.bytes, at: 3)
        #expect(try copy(memory, at: 86, count: 14) == [0] + bytes)
        #expect(try copy(memory, at: 2, count: 3) == [0, 7, 0])
        #expect(try copy(memory, at: 100, count: 0) == [])
        try memory.close()
    }

    @Test(
        "Copies that are not within the memory are refused, though its pages reach further",
        arguments: [(100, 1), (93, 8), (-1, 1), (.max, 8), (.min, 8), (0, 101)])
    func bounds(offset: Int, count: Int) throws {
        let memory = try MappedMemory(byteCount: 100)
        let bytes = [UInt8](repeating: 1, count: count)
        let refusedWrite = #expect(throws: VerbsError.self) { try memory.write(bytes.span.bytes, at: offset) }
        #expect(refusedWrite?.errno == EINVAL)
        #expect(refusedWrite?.detail == "\(count) bytes at \(offset) of 100")
        #expect(throws: VerbsError.self) { _ = try copy(memory, at: offset, count: count) }
        #expect(try copy(memory, at: 0, count: 100) == [UInt8](repeating: 0, count: 100))
    }

    @Test("Memory that others share is not unmapped under them, but with the last of them")
    func shared() throws {
        let memory = try MappedMemory(byteCount: 4096)
        let address = memory.address
        func keepFrom(_ memory: consuming MappedMemory) throws -> MemoryStorage {
            let storage = memory.storage
            do throws(VerbsError) {
                try memory.close()
                Issue.record("closed while it was shared")
            } catch {
                #expect(error.errno == EBUSY)
                #expect(error.description.contains("0x" + String(address, radix: 16)))
            }
            return storage
        }
        do {
            let storage = try keepFrom(memory)
            let taken = #expect(throws: VerbsError.self) {
                _ = try MappedMemory(byteCount: 4096, at: address)
            }
            #expect(taken?.errno == EEXIST)
            #expect(storage.byteCount == 4096)
        }
        try MappedMemory(byteCount: 4096, at: address).close()
    }

    private func copy(_ memory: borrowing MappedMemory, at offset: Int, count: Int) throws -> [UInt8] {
        var bytes = [UInt8](repeating: 0xee, count: count)
        var span = bytes.mutableSpan
        var raw = span.mutableBytes
        try memory.read(at: offset, into: &raw)
        return bytes
    }
}
