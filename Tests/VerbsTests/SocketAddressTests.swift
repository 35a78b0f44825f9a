import CRDMA
import Glibc
import Testing

@testable import Verbs

@Suite("Hardware addresses as C sees them")
struct SocketAddressTests {
    @Test("Family, port and address bytes stand where the kernel looks for them")
    func layoutVersion4() throws {
        let bytes = try HardwareAddress("10.77.0.1", port: 17320).withSocketAddress { pointer in
            Array(UnsafeRawBufferPointer(start: pointer, count: MemoryLayout<sockaddr_in>.size))
        }
        // AF_INET in host order, 17320 = 0x43a8 and the address in network order, padding.
        #expect(bytes == [2, 0, 0x43, 0xa8, 10, 77, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0])
    }

    @Test("An IPv6 address too, with its scope last")
    func layoutVersion6() throws {
        let bytes = try HardwareAddress("fe80::2%lo", port: 17320).withSocketAddress { pointer in
            Array(UnsafeRawBufferPointer(start: pointer, count: MemoryLayout<sockaddr_in6>.size))
        }
        let loopback = UInt8(if_nametoindex("lo"))
        #expect(
            bytes == [10, 0, 0x43, 0xa8, 0, 0, 0, 0] + [0xfe, 0x80] + Array(repeating: 0, count: 13) + [2]
                + [loopback, 0, 0, 0])
    }

    @Test("What C holds reads back as the same address", arguments: ["10.77.0.1", "fd00::17", "fe80::1%lo"])
    func readBack(text: String) throws {
        let address = try HardwareAddress(text, port: 4711)
        #expect(address.withSocketAddress { HardwareAddress(UnsafePointer($0)) } == address)
    }

    @Test("An address of another family is none")
    func otherFamily() {
        var other = sockaddr()
        other.sa_family = sa_family_t(AF_UNIX)
        #expect(HardwareAddress(&other) == nil)
    }
}
