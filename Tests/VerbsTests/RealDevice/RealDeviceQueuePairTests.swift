import Glibc
import Testing

import Verbs

extension RealDevice {
    /// Queue pairs brought up by hand, between the devices of two network namespaces.
    @Suite("Queue pairs brought up over a path, on real devices", .cutLink)
    struct RealDeviceQueuePairTests {
        @Test("Both ends of a connection lend the path to each other, while it lasts and not before or after")
        func paths() throws {
            let link = try Link()
            let early = try link.initiator()
            let tooEarly = #expect(throws: VerbsError.self) { _ = try early.pathToPartner() }
            #expect(tooEarly?.errno == ENOTCONN || tooEarly?.errno == EINVAL)
            #expect(tooEarly?.advice?.contains("established") == true)

            let connection = try link.connection()
            let (there, back) = (
                try connection.initiator.pathToPartner(), try connection.acceptor.pathToPartner()
            )
            #expect(there.partnerIdentifier.description == "::ffff:\(CutLink.farHost)")
            #expect(back.partnerIdentifier.description == "::ffff:\(CutLink.nearHost)")
            for path in [there, back] {
                #expect(path.port == 1)
                #expect(path.packetSize == 4096)
                #expect(path.hopLimit > 0)
            }
            try #expect(there.localIdentifierIndex == gidIndex(of: CutLink.nearHost, on: "rxe-near"))
            try #expect(back.localIdentifierIndex == gidIndex(of: CutLink.farHost, on: "rxe-far"))

            try connection.initiator.disconnect()
            let tooLate = #expect(throws: VerbsError.self) { _ = try connection.initiator.pathToPartner() }
            #expect(tooLate?.errno == EINVAL)
        }

        @Test("An IPv6 path carries a queue pair as well")
        func version6() throws {
            let rig = try Rig(host: TestDevice.host6)
            let connection = try rig.connection()
            let near = try rig.queuePair()
            let far = try rig.queuePair()
            try near.bringUp(over: try connection.initiator.pathToPartner(), to: far)
            try far.bringUp(over: try connection.acceptor.pathToPartner(), to: near)
            let memory = try rig.memory()
            try memory.storeWord(6, at: 0)
            try near.postWrite(
                from: memory, offset: 0, byteCount: 8, remoteAddress: memory.address + 8,
                remoteKey: memory.remoteKey, workRequest: 1)
            #expect(try rig.queue.awaitCompletion().status == .success)
            #expect(try memory.loadWord(at: 8) == 6)
        }

        @Test("It goes through its states one by one, and takes over what it was given")
        func states() throws {
            let link = try Link()
            let connection = try link.connection()
            let path = try connection.initiator.pathToPartner()
            let near = try link.near.queuePair()
            let far = try link.far.queuePair()
            #expect(try near.queryState().phase == .reset)
            try near.initialize(port: path.port, access: [.remoteRead, .remoteWrite])
            #expect(try near.queryState().phase == .initialized)
            let parameters = QueuePairParameters(
                acknowledgeTimeout: 11, retryCount: 3, receiverNotReadyRetryCount: 2)
            try near.makeReadyToReceive(
                over: path, partnerNumber: far.number, partnerFirstPacket: 0xff_ffff, parameters)
            #expect(try near.queryState().phase == .readyToReceive)
            try near.makeReadyToSend(firstPacket: 0, parameters)
            let state = try near.queryState()
            #expect(state.phase == .readyToSend)
            #expect(state.remoteNumber == far.number)
            #expect(state.pathMTU == 4096)
            #expect(state.acknowledgeTimeout == 11)
            #expect(state.retryCount == 3)
            #expect(state.receiverNotReadyRetryCount == 2)
            try near.fail()
            #expect(try near.queryState().phase == .error)
        }

        @Test("Steps out of order, and numbers that no partner can have, are refused and change nothing")
        func refusals() throws {
            let link = try Link()
            let connection = try link.connection()
            let path = try connection.initiator.pathToPartner()
            let queuePair = try link.near.queuePair()
            func expectRefusal(
                _ body: () throws(VerbsError) -> Void, location: SourceLocation = #_sourceLocation
            ) {
                let error = #expect(throws: VerbsError.self, sourceLocation: location) { try body() }
                #expect(error?.errno == EINVAL, sourceLocation: location)
                #expect(
                    error?.description.contains("queue pair \(queuePair.number)") == true,
                    sourceLocation: location)
            }
            expectRefusal { () throws(VerbsError) in try queuePair.makeReadyToSend(firstPacket: 1) }
            expectRefusal { () throws(VerbsError) in try queuePair.initialize(port: 9, access: []) }
            #expect(try queuePair.queryState().phase == .reset)
            try queuePair.initialize(port: path.port, access: [])
            for number in [0, 1, 0x100_0000, .max] as [UInt32] {
                expectRefusal { () throws(VerbsError) in
                    try queuePair.makeReadyToReceive(over: path, partnerNumber: number, partnerFirstPacket: 1)
                }
            }
            expectRefusal { () throws(VerbsError) in
                try queuePair.makeReadyToReceive(
                    over: path, partnerNumber: 17, partnerFirstPacket: 0x100_0000)
            }
            let foreign = try connection.acceptor.pathToPartner()
            expectRefusal { () throws(VerbsError) in
                try queuePair.makeReadyToReceive(over: foreign, partnerNumber: 17, partnerFirstPacket: 1)
            }
            #expect(try queuePair.queryState().phase == .initialized)
            try queuePair.makeReadyToReceive(over: path, partnerNumber: 17, partnerFirstPacket: 1)
        }

        @Test("Messages, reads and writes go both ways, and outlive the connection that lent the path")
        func bothWays() throws {
            let link = try Link()
            let ports = try link.ports()
            try bothWays(from: ports.near, of: link.near, to: ports.far, of: link.far)
            try bothWays(from: ports.far, of: link.far, to: ports.near, of: link.near)
            try ports.close()
        }

        private func bothWays(
            from queuePair: borrowing QueuePair, of side: borrowing Side,
            to partner: borrowing QueuePair, of other: borrowing Side
        ) throws {
            try partner.postReceive(into: other.memory, offset: 512, byteCount: 64, workRequest: 100)
            try side.memory.storeWord(7001, at: 0)
            try queuePair.postSend(from: side.memory, offset: 0, byteCount: 8, workRequest: 1)
            let received = try other.queue.awaitCompletion()
            #expect(received.status == .success)
            #expect(received.operation == .receive)
            #expect(received.byteCount == 8)
            #expect(received.immediate == nil)
            #expect(received.queuePairNumber == partner.number)
            #expect(try other.memory.loadWord(at: 512) == 7001)
            #expect(try side.queue.awaitCompletion().operation == .send)

            try side.memory.storeWord(7002, at: 8)
            try queuePair.postWrite(
                from: side.memory, offset: 8, byteCount: 8, remoteAddress: other.memory.address + 1024,
                remoteKey: other.memory.remoteKey, workRequest: 2, inline: true)
            let written = try side.queue.awaitCompletion()
            #expect(written.operation == .write)
            #expect(written.status == .success)
            #expect(written.queuePairNumber == queuePair.number)
            #expect(try other.memory.loadWord(at: 1024) == 7002)

            try other.memory.storeWord(7003, at: 2048)
            try queuePair.postRead(
                into: side.memory, offset: 16, byteCount: 8, remoteAddress: other.memory.address + 2048,
                remoteKey: other.memory.remoteKey, workRequest: 3)
            #expect(try side.queue.awaitCompletion().operation == .read)
            #expect(try side.memory.loadWord(at: 16) == 7003)
        }

        @Test("A write with immediate is reported to the partner with its number, once the bytes are there")
        func writeWithImmediate() throws {
            let link = try Link()
            let ports = try link.ports()
            // One receive without memory, and one whose memory must stay as it is.
            try ports.far.postReceive(workRequest: 100)
            try ports.far.postReceive(into: link.far.memory, offset: 64, byteCount: 64, workRequest: 101)
            try link.near.memory.storeWord(42, at: 0)
            for (number, workRequest) in [(0x0102_0304, 1), (.max, 2)] as [(UInt32, UInt64)] {
                try ports.near.postWriteWithImmediate(
                    number, from: link.near.memory, offset: 0, byteCount: 8,
                    remoteAddress: link.far.memory.address + 8 * workRequest,
                    remoteKey: link.far.memory.remoteKey,
                    workRequest: workRequest)
                let there = try link.far.queue.awaitCompletion()
                #expect(there.status == .success)
                #expect(there.operation == .receiveOfWrite)
                #expect(there.immediate == number)
                #expect(there.byteCount == 8)
                #expect(there.workRequest == 99 + workRequest)
                #expect(try link.far.memory.loadWord(at: 8 * Int(workRequest)) == 42)
                let here = try link.near.queue.awaitCompletion()
                #expect(here.operation == .write)
                #expect(here.immediate == nil)
            }
            #expect(try link.far.memory.loadWord(at: 64) == 0)
        }

        @Test(
            "A bell without bytes, and messages with a number beside them, arrive in receives without memory")
        func bells() throws {
            let link = try Link()
            let ports = try link.ports()
            try ports.far.postReceive(workRequest: 100)
            try ports.far.postReceive(workRequest: 101)
            try ports.far.postReceive(into: link.far.memory, offset: 0, byteCount: 8, workRequest: 102)
            try ports.near.postWriteWithImmediate(
                5, from: link.near.memory, offset: 0, byteCount: 0, remoteAddress: 0, remoteKey: 0,
                workRequest: 1)
            try ports.near.postSend(
                from: link.near.memory, offset: 0, byteCount: 0, immediate: 6, workRequest: 2)
            try link.near.memory.storeWord(77, at: 0)
            try ports.near.postSend(
                from: link.near.memory, offset: 0, byteCount: 8, immediate: 0, workRequest: 3)
            let bell = try link.far.queue.awaitCompletion()
            #expect(bell.operation == .receiveOfWrite)
            #expect(bell.immediate == 5)
            #expect(bell.byteCount == 0)
            let empty = try link.far.queue.awaitCompletion()
            #expect(empty.operation == .receive)
            #expect(empty.immediate == 6)
            #expect(empty.byteCount == 0)
            let full = try link.far.queue.awaitCompletion()
            #expect(full.immediate == 0)
            #expect(full.byteCount == 8)
            #expect(try link.far.memory.loadWord(at: 0) == 77)
        }

        @Test("Unsignaled work is done in order and not reported, and the signaled behind it speaks for all")
        func unsignaled() throws {
            let link = try Link()
            let ports = try link.ports(signalsAll: false)
            for number in 1...12 as ClosedRange<UInt64> {
                try link.near.memory.storeWord(number, at: 0)
                try ports.near.postWrite(
                    from: link.near.memory, offset: 0, byteCount: 8,
                    remoteAddress: link.far.memory.address + 8 * number, remoteKey: link.far.memory.remoteKey,
                    workRequest: number, inline: true, signaled: number == 12)
            }
            let completion = try link.near.queue.awaitCompletion()
            #expect(completion.workRequest == 12)
            #expect(completion.status == .success)
            for number in 1...12 {
                #expect(try link.far.memory.loadWord(at: 8 * number) == UInt64(number))
            }
            #expect(try link.near.queue.poll() == nil)
        }

        @Test(
            "A request past what was granted is announced where it was refused, with its queue pair",
            arguments: [true, false])
        func refusedAccess(writes: Bool) throws {
            let link = try Link()
            let ports = try link.ports()
            let events = try DeviceEvents(in: link.far.domain)
            while try events.nextEvent() != nil {}
            let end = link.far.memory.address + UInt64(link.far.memory.byteCount)
            if writes {
                try ports.near.postWrite(
                    from: link.near.memory, offset: 0, byteCount: 8, remoteAddress: end - 4,
                    remoteKey: link.far.memory.remoteKey, workRequest: 1)
            } else {
                try ports.near.postRead(
                    into: link.near.memory, offset: 0, byteCount: 8, remoteAddress: end - 4,
                    remoteKey: link.far.memory.remoteKey, workRequest: 1)
            }
            #expect(try link.near.queue.awaitCompletion().status == .remoteAccess)
            #expect(try events.await(.queuePairAccessError).queuePairNumber == ports.far.number)
            try ports.close()
        }

        @Test("A write with a number past what was granted is told by the receive that it used up")
        func refusedWriteWithNumber() throws {
            let link = try Link()
            let ports = try link.ports()
            try ports.far.postReceive(workRequest: 100)
            let end = link.far.memory.address + UInt64(link.far.memory.byteCount)
            try ports.near.postWriteWithImmediate(
                7, from: link.near.memory, offset: 0, byteCount: 8, remoteAddress: end - 4,
                remoteKey: link.far.memory.remoteKey, workRequest: 1)
            #expect(try link.near.queue.awaitCompletion().status == .remoteAccess)
            let told = try link.far.queue.awaitCompletion()
            #expect(told.workRequest == 100)
            #expect(told.status == .remoteAccess)
            #expect(told.queuePairNumber == ports.far.number)
            try ports.close()
        }

        @Test("Unsignaled work that fails is reported, and everything behind it as flushed")
        func unsignaledFailure() throws {
            let link = try Link()
            let ports = try link.ports(signalsAll: false)
            try ports.near.postWrite(
                from: link.near.memory, offset: 0, byteCount: 8, remoteAddress: link.far.memory.address,
                remoteKey: link.far.memory.remoteKey ^ 0xff, workRequest: 1, signaled: false)
            let completion = try link.near.queue.awaitCompletion()
            #expect(completion.workRequest == 1)
            #expect(completion.status == .remoteAccess)
            try ports.near.postWrite(
                from: link.near.memory, offset: 0, byteCount: 8, remoteAddress: link.far.memory.address,
                remoteKey: link.far.memory.remoteKey, workRequest: 2, signaled: false)
            let behind = try link.near.queue.awaitCompletion()
            #expect(behind.workRequest == 2)
            #expect(behind.status == .flushed)
        }

        @Test("A full send queue is told apart as such, loses nothing, and takes work again once polled")
        func sendQueueFull() throws {
            let link = try Link()
            let ports = try link.ports(QueuePairParameters(acknowledgeTimeout: 17))
            func write(_ number: UInt64) throws(VerbsError) {
                try ports.near.postWrite(
                    from: link.near.memory, offset: 0, byteCount: 8, remoteAddress: link.far.memory.address,
                    remoteKey: link.far.memory.remoteKey, workRequest: number)
            }
            var taken: UInt64 = 0
            do {
                // Nothing is acknowledged meanwhile, so everything stays under way.
                try CutLink.cut()
                defer { CutLink.mend() }
                var refusal: VerbsError?
                while refusal == nil && taken < 10_000 {
                    do throws(VerbsError) {
                        try write(taken)
                        taken += 1
                    } catch { refusal = error }
                }
                #expect(refusal?.isQueueFull == true)
                #expect(refusal?.errno == ENOMEM)
                #expect(refusal?.advice?.contains("poll completions") == true)
                #expect(taken >= 16)
                #expect(taken <= UInt64(ports.near.limits.sendCapacity))
            }
            for number in 0..<taken {
                let completion = try link.near.queue.awaitCompletion()
                #expect(completion.workRequest == number)
                #expect(completion.status == .success)
            }
            try write(taken)
            #expect(try link.near.queue.awaitCompletion().status == .success)
        }

        @Test(
            "Failing it flushes everything outstanding, and the partner reaches nothing through it any more")
        func failing() throws {
            let link = try Link()
            let ports = try link.ports(.quick)
            try ports.far.postReceive(workRequest: 100)
            try ports.far.postReceive(workRequest: 101)
            try ports.far.fail()
            for number in [100, 101] as [UInt64] {
                let completion = try link.far.queue.awaitCompletion()
                #expect(completion.workRequest == number)
                #expect(completion.status == .flushed)
            }
            try expectNothingThrough(from: ports.near, on: link)
        }

        @Test("A queue pair that is destroyed lets nothing through, though its memory is still open")
        func destroyed() throws {
            let link = try Link()
            let near = try link.ports(.quick).closeFar()
            try expectNothingThrough(from: near, on: link)
        }

        @Test("Packets ahead of the first that is expected get nothing through, and the sender knows")
        func packetsAhead() throws {
            let link = try Link()
            let ports = try link.ports(.quick, partnerFirstPacket: QueuePair.testFirstPacket - 1_000)
            try expectNothingThrough(from: ports.near, on: link)
        }

        @Test("Packets behind the first that is expected get nothing through, though the sender is not told")
        func packetsBehind() throws {
            let link = try Link()
            let ports = try link.ports(.quick, partnerFirstPacket: QueuePair.testFirstPacket + 1_000)
            try link.near.memory.storeWord(666, at: 0)
            try ports.near.postWrite(
                from: link.near.memory, offset: 0, byteCount: 8, remoteAddress: link.far.memory.address,
                remoteKey: link.far.memory.remoteKey, workRequest: 1)
            // They look like repetitions of work done long ago, which the transport acknowledges again.
            #expect(try link.near.queue.awaitCompletion().status == .success)
            #expect(try link.far.memory.loadWord(at: 0) == 0)
        }

        private func expectNothingThrough(
            from queuePair: borrowing QueuePair, on link: borrowing Link
        ) throws {
            try link.near.memory.storeWord(666, at: 0)
            try queuePair.postWrite(
                from: link.near.memory, offset: 0, byteCount: 8, remoteAddress: link.far.memory.address,
                remoteKey: link.far.memory.remoteKey, workRequest: 1)
            #expect(try link.near.queue.awaitCompletion().status == .retryExceeded)
            #expect(try link.far.memory.loadWord(at: 0) == 0)
            #expect(try queuePair.queryState().phase == .error)
        }

        @Test("Memory registered again has another key: the old one is refused, the new one finds the bytes")
        func registeredAgain() throws {
            let link = try Link()
            let client = try MappedMemory(byteCount: 4096)
            try client.storeWord(2001, at: 64)
            let access: MemoryAccess = [.localWrite, .remoteRead, .remoteWrite]
            let first = try RegisteredMemory(sharing: client, access: access, in: link.far.domain)
            let oldKey = first.remoteKey
            #expect(first.address == client.address)
            try read(link, at: client.address + 64, key: oldKey, expecting: .success)
            #expect(try link.near.memory.loadWord(at: 0) == 2001)
            try first.close()
            // The bytes are the owner's meanwhile, and nobody else's.
            try client.storeWord(2002, at: 64)
            try read(link, at: client.address + 64, key: oldKey, expecting: .remoteAccess)
            let second = try RegisteredMemory(sharing: client, access: access, in: link.far.domain)
            #expect(second.remoteKey != oldKey)
            try read(link, at: client.address + 64, key: oldKey, expecting: .remoteAccess)
            #expect(try link.near.memory.loadWord(at: 0) == 2001)
            try read(link, at: client.address + 64, key: second.remoteKey, expecting: .success)
            #expect(try link.near.memory.loadWord(at: 0) == 2002)
            try second.close()
            try client.close()
        }

        /// Reads a word into the near side's first, over ports of its own.
        private func read(
            _ link: borrowing Link, at address: UInt64, key: UInt32, expecting status: WorkCompletionStatus,
            location: SourceLocation = #_sourceLocation
        ) throws {
            let ports = try link.ports()
            try ports.near.postRead(
                into: link.near.memory, offset: 0, byteCount: 8, remoteAddress: address, remoteKey: key,
                workRequest: 1)
            let completion = try link.near.queue.awaitCompletion()
            #expect(completion.status == status, sourceLocation: location)
            try ports.close()
        }

        @Test("256 queue pairs share one completion queue, each reported under its own number")
        func many() throws {
            let link = try Link()
            let connection = try link.connection()
            let (there, back) = (
                try connection.initiator.pathToPartner(), try connection.acceptor.pathToPartner()
            )
            let count = 256
            let limits = QueuePairLimits(sendCapacity: 2, receiveCapacity: 2, inlineByteCount: 0)
            let near = try CompletionQueue(
                in: link.near.domain, channel: link.near.completionChannel, capacity: 4 * count)
            let far = try CompletionQueue(
                in: link.far.domain, channel: link.far.completionChannel, capacity: 4 * count)
            var pairs: [QueuePairBox] = []
            for index in 0..<count {
                let pair = QueuePairBox(
                    near: try QueuePair(in: link.near.domain, completionQueue: near, limits: limits),
                    far: try QueuePair(in: link.far.domain, completionQueue: far, limits: limits))
                try pair.near.bringUp(over: there, to: pair.far)
                try pair.far.bringUp(over: back, to: pair.near)
                try pair.far.postReceive(workRequest: UInt64(index))
                pairs.append(pair)
            }
            for (index, pair) in pairs.enumerated() {
                try pair.near.postWriteWithImmediate(
                    UInt32(index), from: link.near.memory, offset: 0, byteCount: 8,
                    remoteAddress: link.far.memory.address, remoteKey: link.far.memory.remoteKey,
                    workRequest: UInt64(index))
            }
            var sent: [UInt32: WorkCompletion] = [:]
            for completion in try near.await(count) { sent[completion.queuePairNumber] = completion }
            var received: [UInt32: WorkCompletion] = [:]
            for completion in try far.await(count) { received[completion.queuePairNumber] = completion }
            for (index, pair) in pairs.enumerated() {
                #expect(sent[pair.near.number]?.status == .success)
                #expect(sent[pair.near.number]?.workRequest == UInt64(index))
                #expect(received[pair.far.number]?.status == .success)
                #expect(received[pair.far.number]?.immediate == UInt32(index))
                #expect(received[pair.far.number]?.workRequest == UInt64(index))
            }
        }

        @Test("Sends and receives can be reported to queues of their own")
        func twoQueues() throws {
            let link = try Link()
            let connection = try link.connection()
            let receives = try CompletionQueue(
                in: link.near.domain, channel: link.near.completionChannel, capacity: 16)
            let near = try QueuePair(
                in: link.near.domain, completionQueue: link.near.queue, receiveCompletionQueue: receives,
                limits: QueuePairLimits())
            let far = try link.far.queuePair()
            try near.bringUp(over: try connection.initiator.pathToPartner(), to: far)
            try far.bringUp(over: try connection.acceptor.pathToPartner(), to: near)
            try near.postReceive(workRequest: 100)
            try far.postSend(
                from: link.far.memory, offset: 0, byteCount: 0, immediate: 9, workRequest: 1)
            #expect(try receives.awaitCompletion().immediate == 9)
            try near.postWrite(
                from: link.near.memory, offset: 0, byteCount: 8, remoteAddress: link.far.memory.address,
                remoteKey: link.far.memory.remoteKey, workRequest: 2)
            #expect(try link.near.queue.awaitCompletion().operation == .write)
            #expect(try receives.poll() == nil)
        }

        @Test("What is closed before what needs it says so, and nothing is left behind in the end")
        func wrongOrder() throws {
            try Rig().close()
            let before = try Inventory().resources
            do {
                let rig = try Rig()
                let client = try MappedMemory(byteCount: 64)
                let memory = try RegisteredMemory(
                    sharing: client, access: [.localWrite, .remoteWrite], in: rig.domain)
                let connection = try rig.connection()
                let near = try rig.queuePair()
                let far = try rig.queuePair()
                try near.bringUp(over: try connection.initiator.pathToPartner(), to: far)
                try far.bringUp(over: try connection.acceptor.pathToPartner(), to: near)
                try connection.close()
                do throws(VerbsError) {
                    try client.close()
                    Issue.record("the memory closed under its registration")
                } catch { #expect(error.errno == EBUSY) }
                try rig.closeTooEarly(withConnections: false)
                // The queue pairs, and the memory, work on.
                try memory.storeWord(77, at: 0)
                try near.postWrite(
                    from: memory, offset: 0, byteCount: 8, remoteAddress: memory.address + 8,
                    remoteKey: memory.remoteKey, workRequest: 1)
                for _ in 0..<1_000 where try memory.loadWord(at: 8) != 77 { poll(nil, 0, 1) }
                #expect(try memory.loadWord(at: 8) == 77)
            }
            #expect(try Inventory().resources == before)
        }

        @Test("A completion queue of another device is refused, by either kind of queue pair")
        func foreignQueue() throws {
            let link = try Link()
            let raw = #expect(throws: VerbsError.self) {
                _ = try QueuePair(
                    in: link.near.domain, completionQueue: link.near.queue,
                    receiveCompletionQueue: link.far.queue, limits: QueuePairLimits())
            }
            #expect(raw?.errno == EINVAL)
            #expect(raw?.detail == "on rxe-near with a completion queue of another device")
            var identifier = try link.initiator(withQueuePair: false)
            let connected = #expect(throws: VerbsError.self) {
                try identifier.createQueuePair(
                    in: link.near.domain, completionQueue: link.far.queue, limits: QueuePairLimits())
            }
            #expect(connected?.errno == EINVAL)
            #expect(connected?.detail == raw?.detail)
        }

        @Test("A queue pair that cannot be made is an error, and leaves nothing behind")
        func refusedByDevice() throws {
            try Rig().close()
            let before = try Inventory().resources
            do {
                let rig = try Rig()
                let error = #expect(throws: VerbsError.self) {
                    _ = try QueuePair(
                        in: rig.domain, completionQueue: rig.queue,
                        limits: QueuePairLimits(sendCapacity: 1 << 30))
                }
                #expect(error?.call.description == "ibv_create_qp")
                #expect(error?.errno == EINVAL)
                #expect(error?.detail?.contains(TestDevice.name) == true)
                try rig.close()
            }
            #expect(try Inventory().resources == before)
        }

        @Test(
            "A thousand rounds of posting, with and without numbers, and polling by batches allocate nothing")
        func noAllocation() throws {
            let rig = try Rig()
            let connection = try rig.connection()
            let memory = try rig.memory()
            let limits = QueuePairLimits(sendCapacity: 16, receiveCapacity: 16, inlineByteCount: 64)
            let near = try QueuePair(
                in: rig.domain, completionQueue: rig.queue, limits: limits, signalsAll: false)
            let far = try QueuePair(
                in: rig.domain, completionQueue: rig.queue, limits: limits, signalsAll: false)
            try near.bringUp(over: try connection.initiator.pathToPartner(), to: far)
            try far.bringUp(over: try connection.acceptor.pathToPartner(), to: near)
            var batch = CompletionBatch()
            var refusals = 0
            // A `for` over a range allocates by itself in a debug build.
            func rounds(_ count: UInt64) throws(VerbsError) {
                var number: UInt64 = 0
                while number < count {
                    try far.postReceive(workRequest: number)
                    try far.postReceive(into: memory, offset: 512, byteCount: 64, workRequest: number)
                    try near.postWrite(
                        from: memory, offset: 0, byteCount: 64, remoteAddress: memory.address + 256,
                        remoteKey: memory.remoteKey, workRequest: number, inline: true, signaled: false)
                    try near.postWriteWithImmediate(
                        UInt32(truncatingIfNeeded: number), from: memory, offset: 0, byteCount: 64,
                        remoteAddress: memory.address + 256, remoteKey: memory.remoteKey,
                        workRequest: number, signaled: false)
                    try near.postSend(
                        from: memory, offset: 0, byteCount: 64, immediate: 1, workRequest: number)
                    var pending = 3
                    while pending > 0 {
                        var index = try rig.queue.poll(into: &batch)
                        while index > 0 {
                            index -= 1
                            if batch[index].status == .success { pending -= 1 }
                        }
                    }
                    number += 1
                }
            }
            // What a full queue throws is part of ordinary life.
            func fill() {
                do throws(VerbsError) {
                    while true { try far.postReceive(workRequest: 1) }
                } catch { if error.isQueueFull { refusals += 1 } }
            }
            try rounds(10)
            let counter = try AllocationCounter()
            #expect(try counter.count { try rounds(1_000) } == 0)
            // The test library keeps a copy of every error that is thrown: no more than that.
            func throwAlike() {
                do throws(VerbsError) { throw VerbsError(call: "ibv_post_recv", errno: ENOMEM) } catch {
                    if error.isQueueFull { refusals += 1 }
                }
            }
            fill()
            throwAlike()
            let copies = try counter.count { throwAlike() }
            #expect(try counter.count { fill() } == copies)
            #expect(refusals == 4)
        }

        @Test("Batches bring every completion once, in order, however many there are")
        func batches() throws {
            let link = try Link()
            let ports = try link.ports()
            let total = 40
            for number in 0..<total {
                try ports.far.postReceive(workRequest: UInt64(number))
            }
            try ports.far.fail()
            let completions = try link.far.queue.await(total)
            #expect(completions.map(\.workRequest) == (0..<total).map { UInt64($0) })
            var batch = CompletionBatch()
            #expect(try link.far.queue.poll(into: &batch) == 0)
            #expect(batch.count == 0)
        }

        /// Where an address stands in the GID table of a device, by another way than the one under test.
        private func gidIndex(of host: String, on device: String) throws -> UInt8 {
            let ports = try Device.list().first { $0.name == device }?.ports ?? []
            let entry = ports.first?.identifiers.first {
                $0.identifier.description == "::ffff:\(host)" && $0.kind == .roceVersion2
            }
            return UInt8(try #require(entry).index)
        }
    }
}

extension QueuePairParameters {
    /// Gives up after some tens of milliseconds.
    static var quick: QueuePairParameters { QueuePairParameters(acknowledgeTimeout: 8, retryCount: 3) }
}

extension QueuePair {
    /// What both sides of a test take for their first packet.
    static let testFirstPacket: UInt32 = 0xab_cdef

    /// From reset to ready to send.
    borrowing func bringUp(
        over path: PathToPartner, to partner: borrowing QueuePair,
        _ parameters: QueuePairParameters = QueuePairParameters(),
        partnerFirstPacket: UInt32 = QueuePair.testFirstPacket
    ) throws {
        try initialize(port: path.port, access: [.remoteRead, .remoteWrite])
        try makeReadyToReceive(
            over: path, partnerNumber: partner.number, partnerFirstPacket: partnerFirstPacket, parameters)
        try makeReadyToSend(firstPacket: Self.testFirstPacket, parameters)
    }
}

extension CompletionQueue {
    /// So many completions, which must come, polled by batches.
    borrowing func await(_ count: Int) throws -> [WorkCompletion] {
        var completions: [WorkCompletion] = []
        var batch = CompletionBatch()
        for _ in 0..<20_000 {
            for index in 0..<(try poll(into: &batch)) { completions.append(batch[index]) }
            if completions.count >= count { return completions }
            Glibc.poll(nil, 0, 1)
        }
        throw Missing("\(count) completions, but \(completions.count)")
    }
}

/// Both ends of a port.
struct Ports: ~Copyable {
    let near: QueuePair
    let far: QueuePair

    /// Closes both ends.
    consuming func close() throws {
        try near.close()
        try far.close()
    }

    /// Closes the far end only.
    consuming func closeFar() throws -> QueuePair {
        try far.close()
        return near
    }
}

/// Two queue pairs that an array can hold.
final class QueuePairBox {
    let near: QueuePair
    let far: QueuePair

    init(near: consuming QueuePair, far: consuming QueuePair) {
        self.near = near
        self.far = far
    }
}

extension Rig {
    /// A queue pair that takes no work yet.
    func queuePair() throws -> QueuePair {
        try QueuePair(in: domain, completionQueue: queue, limits: QueuePairLimits())
    }
}

extension Side {
    /// A queue pair that takes no work yet.
    func queuePair(signalsAll: Bool = true) throws -> QueuePair {
        try QueuePair(
            in: domain, completionQueue: queue,
            limits: QueuePairLimits(sendCapacity: 16, receiveCapacity: 48, inlineByteCount: 64),
            signalsAll: signalsAll)
    }
}

extension Link {
    /// A connection with the timers that no test here is about.
    func connection() throws -> Connection { try connection(acknowledgeExponent: 14, retryCount: 6) }

    /// A port between the sides, over a path whose connection is closed again.
    func ports(
        _ parameters: QueuePairParameters = QueuePairParameters(), signalsAll: Bool = true,
        partnerFirstPacket: UInt32 = QueuePair.testFirstPacket
    ) throws -> Ports {
        let connection = try connection()
        let ports = Ports(
            near: try near.queuePair(signalsAll: signalsAll), far: try far.queuePair(signalsAll: signalsAll))
        try ports.near.bringUp(over: try connection.initiator.pathToPartner(), to: ports.far, parameters)
        try ports.far.bringUp(
            over: try connection.acceptor.pathToPartner(), to: ports.near, parameters,
            partnerFirstPacket: partnerFirstPacket)
        try connection.close()
        return ports
    }
}
