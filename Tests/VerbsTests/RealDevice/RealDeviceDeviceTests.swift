import Glibc
import Testing

import Verbs

extension RealDevice {
    @Suite("Devices and their events, for real")
    struct RealDeviceDeviceTests {
        @Test("The device is listed with its port, packet size and address")
        func list() throws {
            let device = try #require(try Device.list().first { $0.name == TestDevice.name })
            #expect(device.failure == nil)
            #expect(device.nodeGUID.count == 19)
            #expect(device.nodeGUID != "0000:0000:0000:0000")
            let port = try #require(device.ports.first)
            #expect(device.ports.count == 1)
            #expect(port.number == 1)
            #expect(port.state == .active)
            #expect(port.isEthernet)
            #expect(port.activeMTU == 4096)
            #expect(port.largestMTU == 4096)
            let address = try #require(port.identifiers.first { $0.identifier.isMappedIPv4 })
            #expect(address.identifier.description == "::ffff:\(TestDevice.host)")
            #expect(address.kind == .roceVersion2)
            #expect(address.networkInterface == TestDevice.interface)
        }

        @Test("An interface that goes down and up again is a port event each time")
        func portEvents() throws {
            let rig = try Rig()
            let events = try DeviceEvents(in: rig.domain)
            while try events.nextEvent() != nil {}
            defer {
                // An interface that goes down loses its IPv6 addresses.
                _ = try? run(
                    """
                    ip link set \(TestDevice.interface) up &&
                    ip address replace \(TestDevice.host6)/64 dev \(TestDevice.interface) nodad
                    """)
                try? TestDevice.waitForDevice()
            }
            try run("ip link set \(TestDevice.interface) down")
            #expect(try events.await(.portError).port == 1)
            try run("ip link set \(TestDevice.interface) up")
            #expect(try events.await(.portActive).description == "port active, port 1")
        }

        @Test(
            "A device that is removed under its owners is announced, replaced, and every owner can be closed")
        func removal() throws {
            let rig = try Rig()
            let memory = try rig.memory()
            let connection = try rig.connection()
            let near = try rig.queuePair()
            let far = try rig.queuePair()
            try near.bringUp(over: try connection.initiator.pathToPartner(), to: far)
            let events = try DeviceEvents(in: rig.domain)
            while try events.nextEvent() != nil {}
            try run("rdma link delete \(TestDevice.name)")
            do {
                defer {
                    _ = try? run("rdma link add \(TestDevice.name) type rxe netdev \(TestDevice.interface)")
                }
                var removals: Set<UInt64> = []
                while removals.count < 2 {
                    let event = SeenEvent(try rig.acceptorChannel.awaitEvent())
                    if event.kind == .deviceRemoval { removals.insert(event.context) }
                }
                #expect(removals == [Rig.listenerContext, Rig.acceptorContext])
                #expect(try events.await(.deviceFatal).kind == .deviceFatal)
                let error = #expect(throws: VerbsError.self) { _ = try Rig() }
                #expect(error?.errno == ENODEV)
            }
            // A connection over the new device makes librdmacm notice that the old one is gone: it then frees
            // its context with the last identifier on it. Closing those first is the worst order.
            try TestDevice.waitForDevice()
            let next = try Rig()
            try next.connection().close()
            try connection.close()
            #expect(throws: VerbsError.self) { try near.fail() }
            try near.close()
            try far.close()
            try rig.closeIdentifiersFirst(memory: memory)
            try next.close()
        }
    }
}

extension Rig {
    /// Closes the identifiers before what was made on their device.
    consuming func closeIdentifiersFirst(memory: consuming RegisteredMemory) throws {
        try listener.close()
        try memory.close()
        try queue.close()
        try completionChannel.close()
        try domain.close()
        try initiatorChannel.close()
        try acceptorChannel.close()
    }
}
