import Glibc
import Testing

import Verbs

extension RealDevice {
    @Suite("Connections on a real device")
    struct RealDeviceConnectionTests {
        @Test("Connect and accept carry private data both ways")
        func privateDataBothWays() throws {
            let rig = try Rig()
            let asked = (0..<56).map { UInt8($0 + 1) }
            let answered = (0..<196).map { UInt8($0 + 1) }
            let initiator = try rig.initiator()
            try initiator.connect(ConnectionParameters(privateData: try PrivateData(asked.span.bytes)))

            let inbound = try rig.request()
            // The transport pads to the length of its message.
            #expect(inbound.privateData.starts(with: asked))
            var acceptor = inbound.identifier
            #expect(SeenIdentifier(acceptor).hasDevice)
            #expect(SeenIdentifier(acceptor).deviceName == TestDevice.name)
            try acceptor.createQueuePair(
                in: rig.domain, completionQueue: rig.queue, limits: QueuePairLimits())
            try acceptor.accept(ConnectionParameters(privateData: try PrivateData(answered.span.bytes)))

            let event = try rig.initiatorChannel.await(.established, context: Rig.initiatorContext)
            #expect(event.privateData.starts(with: answered))
            #expect(event.status == 0)
            try rig.acceptorChannel.await(.established, context: Rig.acceptorContext)
            let (here, there) = (try initiator.queuePairState(), try acceptor.queuePairState())
            #expect(here.remoteNumber == SeenIdentifier(acceptor).queuePairNumber)
            #expect(there.remoteNumber == SeenIdentifier(initiator).queuePairNumber)
            try initiator.close()
            try acceptor.close()
            try rig.close()
        }

        @Test("A rejection carries private data and the consumer's reason")
        func rejection() throws {
            let rig = try Rig()
            let initiator = try rig.initiator()
            try initiator.connect(ConnectionParameters())
            let inbound = try rig.request()
            let reason: [UInt8] = [0x4e, 0x4f, 7]
            try inbound.identifier.reject(privateData: try PrivateData(reason.span.bytes))
            let event = try rig.initiatorChannel.await(.rejected, context: Rig.initiatorContext)
            #expect(RejectReason(rawValue: event.status) == .consumer)
            #expect(event.statusDescription == "refused by the program at the partner (28)")
            #expect(event.privateData.starts(with: reason))
        }

        @Test("A request whose event is dropped without being answered is rejected")
        func droppedRequest() throws {
            let rig = try Rig()
            let initiator = try rig.initiator()
            try initiator.connect(ConnectionParameters())
            try rig.acceptorChannel.await(.connectRequest, context: Rig.listenerContext)
            let event = try rig.initiatorChannel.await(.rejected, context: Rig.initiatorContext)
            #expect(event.status != 0)
        }

        @Test("A port that nobody listens on rejects at once, as such")
        func nobodyListens() throws {
            let rig = try Rig()
            let initiator = try rig.initiator(to: rig.address.with(port: rig.address.port ^ 1))
            try initiator.connect(ConnectionParameters())
            let event = try rig.initiatorChannel.await(.rejected, context: Rig.initiatorContext)
            #expect(RejectReason(rawValue: event.status) == .noListener)
            #expect(event.statusDescription == "nobody listens on that port (8)")
        }

        @Test("What would hang or cannot be sent is refused before anything happens, and the next try works")
        func refusals() throws {
            let rig = try Rig()
            let initiator = try rig.initiator()
            let long = [UInt8](repeating: 1, count: 57)
            let tooLong = ConnectionParameters(privateData: try PrivateData(long.span.bytes))
            let refused = #expect(throws: VerbsError.self) { try initiator.connect(tooLong) }
            #expect(refused?.errno == EMSGSIZE)
            let forEver = ConnectionParameters(retryCount: 7)
            let error = #expect(throws: VerbsError.self) { try initiator.connect(forEver) }
            #expect(error?.errno == EINVAL)
            #expect(error?.description.contains("never noticed") == true)
            let noTimer = #expect(throws: VerbsError.self) {
                try initiator.setAcknowledgeTimeout(exponent: 0)
            }
            #expect(noTimer?.errno == EINVAL)
            try initiator.connect(ConnectionParameters())
            let inbound = try rig.request()
            #expect(SeenIdentifier(inbound.identifier).hasDevice)
        }

        @Test("Steps out of order are refused, not followed into null pointers")
        func outOfOrder() throws {
            let rig = try Rig()
            var identifier = try ConnectionIdentifier(channel: rig.initiatorChannel, context: 9)
            let seen = SeenIdentifier(identifier)
            #expect(!seen.hasDevice)
            #expect(seen.deviceName == nil)
            #expect(seen.queuePairNumber == nil)
            #expect(seen.localAddress == nil)
            #expect(seen.partnerAddress == nil)
            func expectRefusal(
                _ body: () throws(VerbsError) -> Void, location: SourceLocation = #_sourceLocation
            ) {
                do {
                    try body()
                    Issue.record("not refused", sourceLocation: location)
                } catch {
                    #expect(error.errno == EINVAL || error.errno == ENODEV, sourceLocation: location)
                }
            }
            expectRefusal { () throws(VerbsError) in try identifier.resolveRoute(timeoutMilliseconds: 1) }
            expectRefusal { () throws(VerbsError) in try identifier.connect(ConnectionParameters()) }
            expectRefusal { () throws(VerbsError) in try identifier.accept(ConnectionParameters()) }
            expectRefusal { () throws(VerbsError) in try identifier.reject() }
            expectRefusal { () throws(VerbsError) in try identifier.disconnect() }
            expectRefusal { () throws(VerbsError) in _ = try identifier.queuePairState() }
            expectRefusal { () throws(VerbsError) in _ = try ProtectionDomain(deviceOf: identifier) }
            expectRefusal { () throws(VerbsError) in
                try identifier.createQueuePair(
                    in: rig.domain, completionQueue: rig.queue, limits: QueuePairLimits())
            }
            let memory = try rig.memory()
            expectRefusal { () throws(VerbsError) in
                try identifier.postReceive(into: memory, offset: 0, byteCount: 8, workRequest: 1)
            }
        }

        @Test("Addresses that cannot be bound are told apart")
        func bindErrors() throws {
            let channel = try ConnectionChannel()
            func bindError(_ host: String, port: UInt16 = 0) throws -> VerbsError? {
                let identifier = try ConnectionIdentifier(channel: channel, context: 1)
                do throws(VerbsError) {
                    try identifier.bind(to: try HardwareAddress(host, port: port))
                    return nil
                } catch {
                    return error
                }
            }
            let withoutDevice = try bindError(TestDevice.hostWithoutDevice)
            #expect(withoutDevice?.errno == ENODEV)
            #expect(withoutDevice?.description.contains("No RDMA device carries that address") == true)
            #expect(withoutDevice?.detail == "\(TestDevice.hostWithoutDevice):0")
            #expect(try bindError("10.98.0.1")?.errno == EADDRNOTAVAIL)
            #expect(try bindError("0.0.0.0") == nil)
            #expect(try bindError(TestDevice.host) == nil)
        }

        @Test("A port that another identifier holds is refused as in use")
        func portInUse() throws {
            let rig = try Rig()
            let second = try ConnectionIdentifier(channel: rig.acceptorChannel, context: 5)
            let error = #expect(throws: VerbsError.self) { try second.bind(to: rig.address) }
            #expect(error?.errno == EADDRINUSE)
        }

        @Test("A channel with nothing to tell returns nil, and does not wait")
        func nothingToTell() throws {
            let channel = try ConnectionChannel()
            let isNothing = try channel.nextEvent() == nil
            #expect(isNothing)
            #expect(!waitReadable(channel.fileDescriptor, milliseconds: 0))
        }

        @Test("The ends know their names and numbers")
        func diagnosis() throws {
            let rig = try Rig()
            let connection = try rig.connection()
            let (initiator, acceptor) = (
                SeenIdentifier(connection.initiator), SeenIdentifier(connection.acceptor)
            )
            #expect(initiator.deviceName == TestDevice.name)
            #expect(initiator.devicePort == 1)
            #expect(initiator.localIdentifier.description == "::ffff:\(TestDevice.host)")
            #expect(initiator.partnerAddress == rig.address)
            #expect(acceptor.localAddress == rig.address)
            #expect(acceptor.partnerAddress?.host == TestDevice.host)
            #expect(initiator.context == Rig.initiatorContext)
            #expect(initiator.queuePairNumber != acceptor.queuePairNumber)
        }

        @Test("An IPv6 address carries a connection as well")
        func version6() throws {
            let rig = try Rig(host: TestDevice.host6)
            let connection = try rig.connection()
            #expect(SeenIdentifier(connection.initiator).localIdentifier.description == TestDevice.host6)
            #expect(SeenIdentifier(connection.acceptor).localAddress == rig.address)
        }

        @Test("Acknowledge timeout and retry count are in effect on both sides")
        func transportTimers() throws {
            let rig = try Rig()
            let initiator = try rig.initiator()
            try initiator.setAcknowledgeTimeout(exponent: 12)
            try initiator.connect(ConnectionParameters(retryCount: 5, receiverNotReadyRetryCount: 3))
            let inbound = try rig.request()
            var acceptor = inbound.identifier
            try acceptor.setAcknowledgeTimeout(exponent: 13)
            try acceptor.createQueuePair(
                in: rig.domain, completionQueue: rig.queue, limits: QueuePairLimits())
            try acceptor.accept(ConnectionParameters(receiverNotReadyRetryCount: 2))
            try rig.initiatorChannel.await(.established, context: Rig.initiatorContext)
            let here = try initiator.queuePairState()
            #expect(here.phase == .readyToSend)
            #expect(here.acknowledgeTimeout == 12)
            #expect(here.retryCount == 5)
            #expect(here.pathMTU == 4096)
            let there = try acceptor.queuePairState()
            #expect(there.phase == .readyToSend)
            #expect(there.acknowledgeTimeout == 13)
            #expect(there.retryCount == 5)
        }

        @Test("A disconnection is seen by the partner, and flushes what is posted on both sides")
        func disconnection() throws {
            let rig = try Rig()
            let memory = try rig.memory()
            let connection = try rig.connection { acceptor in
                try acceptor.postReceive(into: memory, offset: 0, byteCount: 64, workRequest: 11)
            }
            try connection.initiator.postReceive(into: memory, offset: 64, byteCount: 64, workRequest: 12)
            try connection.initiator.disconnect()
            let mine = try rig.queue.awaitCompletion()
            #expect(mine.workRequest == 12)
            #expect(mine.status == .flushed)
            try rig.acceptorChannel.await(.disconnected, context: Rig.acceptorContext)
            try connection.acceptor.disconnect()
            let theirs = try rig.queue.awaitCompletion()
            #expect(theirs.workRequest == 11)
            #expect(theirs.status == .flushed)
            try rig.initiatorChannel.await(.disconnected, context: Rig.initiatorContext)
            let state = try connection.initiator.queuePairState()
            #expect(state.phase == .error)
            try connection.close()
            try memory.close()
            try rig.close()
        }

        @Test("Closing an end without a word ends the connection for the partner too")
        func closingEnds() throws {
            let rig = try Rig()
            let connection = try rig.connection()
            let acceptor = try connection.closeInitiator()
            try rig.acceptorChannel.await(.disconnected, context: Rig.acceptorContext)
            try acceptor.close()
            // Nothing more of a closed identifier arrives.
            let isNothing = try rig.initiatorChannel.nextEvent() == nil
            #expect(isNothing)
        }

        @Test("A request whose sender gave up fails to be accepted, and harms nothing else")
        func senderGaveUp() throws {
            let rig = try Rig()
            let initiator = try rig.initiator()
            try initiator.connect(ConnectionParameters())
            let inbound = try rig.request()
            try initiator.close()
            var acceptor = inbound.identifier
            do throws(VerbsError) {
                try acceptor.createQueuePair(
                    in: rig.domain, completionQueue: rig.queue, limits: QueuePairLimits())
                try acceptor.accept(ConnectionParameters())
            } catch {
                #expect(error.errno == EINVAL || error.errno == ENOTCONN || error.errno == ECONNRESET)
            }
            try acceptor.close()
            try rig.connection().close()
        }

        @Test("Fifty connections leave nothing behind, in the kernel or here")
        func noLeak() throws {
            // The first use of librdmacm keeps some things for good.
            try cycle(times: 1)
            let before = try Inventory()
            try cycle(times: 50)
            let after = try Inventory()
            #expect(after.resources == before.resources)
            // Other tests of this process may come and go meanwhile; a leak would leave 50.
            #expect(after.files < before.files + 25)
            #expect(after.mappings < before.mappings + 25)
        }

        private func cycle(times: Int) throws {
            for _ in 0..<times {
                let rig = try Rig()
                let memory = try rig.memory()
                let connection = try rig.connection()
                try connection.initiator.postWrite(
                    from: memory, offset: 0, byteCount: 8, remoteAddress: memory.address + 8,
                    remoteKey: memory.remoteKey, workRequest: 1)
                #expect(try rig.queue.awaitCompletion().status == .success)
                try connection.close()
                try memory.close()
                try rig.close()
            }
        }
    }
}

/// What this process holds of the kernel.
struct Inventory {
    /// The RDMA objects on the suite's device, by kind.
    let resources: String
    let files: Int
    let mappings: Int

    init() throws {
        resources = try run("rdma resource show | grep \(TestDevice.name)")
        files = try Self.lines("ls /proc/\(getpid())/fd")
        mappings = try Self.lines("cat /proc/\(getpid())/maps")
    }

    private static func lines(_ command: String) throws -> Int {
        try run(command).split(separator: "\n").count
    }
}

extension Connection {
    /// Closes the initiator's end only.
    consuming func closeInitiator() throws -> ConnectionIdentifier {
        try initiator.close()
        return acceptor
    }
}
