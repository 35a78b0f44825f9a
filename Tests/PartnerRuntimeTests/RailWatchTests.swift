import CLinux
import Glibc
import Testing

@testable import PartnerRuntime

@Suite("Watching for a rail")
struct RailWatchTests {
    /// A message of rtnetlink(7): its header and so many bytes after it.
    private static func message(_ type: Int, _ payload: Int = 8, length: UInt32? = nil) -> [UInt8] {
        var bytes = [UInt8](repeating: 0, count: (16 + payload + 3) & ~3)
        bytes.withUnsafeMutableBytes { buffer in
            buffer.storeBytes(of: length ?? UInt32(16 + payload), as: UInt32.self)
            buffer.storeBytes(of: UInt16(type), toByteOffset: 4, as: UInt16.self)
        }
        return bytes
    }

    private func changes(_ bytes: [UInt8]) -> RailWatch.Changes {
        bytes.withUnsafeBytes { RailWatch.changes(inRoute: $0) }
    }

    @Test("addresses and interfaces that come and go are told apart, wherever they stand in a datagram")
    func routeMessages() {
        #expect(changes(Self.message(Int(RTM_NEWADDR))) == .appeared)
        #expect(changes(Self.message(Int(RTM_NEWLINK))) == .appeared)
        #expect(changes(Self.message(Int(RTM_DELADDR))) == .vanished)
        #expect(changes(Self.message(Int(RTM_DELLINK))) == .vanished)
        #expect(changes(Self.message(Int(RTM_NEWROUTE))) == [])
        let both = Self.message(Int(RTM_NEWROUTE), 5) + Self.message(Int(RTM_DELADDR), 1)
        #expect(changes(both + Self.message(Int(RTM_NEWADDR))) == [.appeared, .vanished])
    }

    @Test("a datagram that is cut short or lies about its length ends the reading")
    func malformedRouteMessages() {
        #expect(changes([]) == [])
        #expect(changes([UInt8](repeating: 255, count: 15)) == [])
        for length: UInt32 in [0, 15, 17, 4_096, .max] {
            let bytes = Self.message(Int(RTM_NEWROUTE), 0, length: length) + Self.message(Int(RTM_DELADDR))
            #expect(changes(bytes) == [])
        }
    }

    @Test(
        "only announcements of RDMA devices count",
        arguments: [
            ("add@/devices/virtual/infiniband/rxe-b0\0ACTION=add\0", .appeared),
            ("add@/devices/virtual/infiniband_verbs/uverbs1\0", .appeared),
            ("add@/devices/virtual/misc/rdma_cm\0", .appeared),
            ("remove@/devices/pci0000:00/0000:00:02.0/infiniband/mlx5_0\0", .vanished),
            ("add@/devices/virtual/net/ccm-b0\0", []), ("libudev\0", []), ("", []), ("@", []),
        ] as [(String, RailWatch.Changes)])
    func kernelEvents(_ text: String, _ expected: RailWatch.Changes) {
        let found = Array(text.utf8).withUnsafeBytes { RailWatch.changes(inEvent: $0) }
        #expect(found == expected)
    }

    @Test("it needs no rights, and tells of the next look when that is due")
    func timer() throws {
        var watch = try RailWatch()
        let poller = try Poller()
        try watch.add(to: poller)
        watch.lookAgain()
        var changes: RailWatch.Changes = []
        // Other things may happen on this machine meanwhile.
        while !changes.contains(.due) {
            #expect(try poller.wait(blocks: true) == .railWatch)
            changes = watch.take()
        }
    }
}
