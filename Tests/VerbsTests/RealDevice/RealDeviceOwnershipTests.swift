import Glibc
import Testing

import Verbs

extension RealDevice {
    @Suite("Owners on a real device")
    struct RealDeviceOwnershipTests {
        @Test("An owner that is closed too early says so, and its object goes with the last that needs it")
        func closedTooEarly() throws {
            let before = try resourcesBefore()
            do {
                let rig = try Rig()
                let memory = try rig.memory()
                let connection = try rig.connection()
                try rig.closeTooEarly()
                // Everything beneath still works.
                try memory.storeWord(77, at: 0)
                try connection.initiator.postWrite(
                    from: memory, offset: 0, byteCount: 8, remoteAddress: memory.address + 8,
                    remoteKey: memory.remoteKey, workRequest: 1)
                for _ in 0..<1_000 where try memory.loadWord(at: 8) != 77 { poll(nil, 0, 1) }
                #expect(try memory.loadWord(at: 8) == 77)
            }
            let after = try Inventory().resources
            #expect(after == before)
        }

        @Test("A sequence that an error cuts short releases what it had made")
        func cutShort() throws {
            let before = try resourcesBefore()
            func sequence() throws(VerbsError) {
                let channel = try ConnectionChannel()
                let listener = try ConnectionIdentifier(channel: channel, context: 1)
                try listener.bind(to: try HardwareAddress(TestDevice.host, port: 0))
                let domain = try ProtectionDomain(deviceOf: listener)
                let memory = try RegisteredMemory(byteCount: 64, access: [.remoteRead], in: domain)
                let completionChannel = try CompletionChannel(in: domain)
                _ = try CompletionQueue(in: domain, channel: completionChannel, capacity: 0)
                _ = memory.address
            }
            #expect(throws: VerbsError.self) { try sequence() }
            let after = try Inventory().resources
            #expect(after == before)
        }

        /// The kernel's count of RDMA objects, with what the first use of a device leaves for good: librdmacm
        /// keeps the device open.
        private func resourcesBefore() throws -> String {
            try Rig().close()
            return try Inventory().resources
        }

        @Test("Memory is released for the next owner of its preset address, and refused while taken")
        func presetAddressAgain() throws {
            let rig = try Rig()
            let first = try rig.memory(at: 0x5cc0_0003_0000)
            let error = #expect(throws: VerbsError.self) { _ = try rig.memory(at: 0x5cc0_0003_0000) }
            #expect(error?.errno == EEXIST)
            #expect(error?.description.contains("0x5cc000030000") == true)
            try first.close()
            try rig.memory(at: 0x5cc0_0003_0000).close()
        }

        @Test("Memory that the device refuses to register is unmapped again")
        func registrationRefused() throws {
            let rig = try Rig()
            // A partner's right to write without one's own is no combination that verbs know.
            let error = #expect(throws: VerbsError.self) {
                _ = try RegisteredMemory(
                    byteCount: 64, access: [.remoteWrite], in: rig.domain, at: 0x5cc0_0004_0000)
            }
            #expect(error?.call.description == "ibv_reg_mr")
            #expect(error?.errno == EINVAL)
            #expect(error?.description.contains(TestDevice.name) == true)
            try rig.memory(at: 0x5cc0_0004_0000).close()
        }

        @Test("A domain outlives the identifier it was made from")
        func domainOutlives() throws {
            let channel = try ConnectionChannel()
            let identifier = try ConnectionIdentifier(channel: channel, context: 1)
            try identifier.bind(to: try HardwareAddress(TestDevice.host, port: 0))
            let domain = try ProtectionDomain(deviceOf: identifier)
            try identifier.close()
            try channel.close()
            #expect(domain.deviceName == TestDevice.name)
            try RegisteredMemory(byteCount: 64, access: [.remoteRead], in: domain).close()
            try domain.close()
        }
    }
}

extension Rig {
    /// Closes everything while it is still in use; each must say so. Without connections nobody needs the
    /// channels but the listener.
    consuming func closeTooEarly(withConnections: Bool = true) throws {
        do throws(VerbsError) {
            try queue.close()
            Issue.record("the queue closed under its queue pairs")
        } catch { #expect(error.errno == EBUSY) }
        do throws(VerbsError) {
            try completionChannel.close()
            Issue.record("the completion channel closed under its queue")
        } catch { #expect(error.errno == EBUSY) }
        do throws(VerbsError) {
            try domain.close()
            Issue.record("the domain closed under its memory")
        } catch { #expect(error.errno == EBUSY) }
        try listener.close()
        guard withConnections else { return }
        do throws(VerbsError) {
            try initiatorChannel.close()
            Issue.record("the channel closed under its identifiers")
        } catch { #expect(error.errno == EBUSY) }
        do throws(VerbsError) {
            try acceptorChannel.close()
            Issue.record("the channel closed under its identifiers")
        } catch { #expect(error.errno == EBUSY) }
    }
}
