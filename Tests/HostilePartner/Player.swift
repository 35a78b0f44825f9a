import ClusterConnection
import Glibc
import Verbs

/// Why the play could not go on.
struct Stopped: Error, CustomStringConvertible {
    let description: String
}

/// The play is over: what came of it.
struct Played: Error {
    let outcome: String
}

/// One end of the protocol, played by hand: memory, a connection, messages, and time that passes with heartbeats.
final class Player {
    let wrong: Wrong
    let local: HardwareAddress
    let partner: HardwareAddress

    private let channel: ConnectionChannel
    private let listener: ConnectionIdentifier
    let domain: ProtectionDomain
    private let completionChannel: CompletionChannel
    let completions: CompletionQueue
    let statusBlock: RegisteredMemory
    let mailbox: RegisteredMemory
    let scratch: RegisteredMemory
    private let messages: RegisteredMemory

    /// What is shown, unless it is distorted.
    var block: StatusBlock
    var distort: ((inout StatusBlock.Words) -> Void)?
    var beats = true
    private var nextBeat: UInt64 = 0

    /// A request of the own, and its answer.
    private var asking: ConnectionIdentifier?
    private var question = PrivateData()
    private var answer: String?
    /// A request of the partner's that waits.
    private var inbound: ConnectionIdentifier?
    private(set) var offer: ConnectionPrivateData?
    var connection: ConnectionIdentifier?
    private(set) var isUp = false
    private(set) var hasEnded = false
    var ports: [ClientPorts] = []

    private var lastWork: UInt64 = 0
    private var finished: [UInt64: WorkCompletionStatus] = [:]
    var inbox: [[UInt8]] = []
    /// The number of the last message that was sent.
    var number: UInt32 = 0
    private var sends = 0

    static let messageByteCount = 16_384
    private static let slot = messageByteCount + 64
    private static let receives = 8
    private static let sendSlots = 24
    private static let receiveWork: UInt64 = 1 << 40
    static let cluster = ClusterIdentity("5f0c7a52-9d4e-4c1b-8a53-1f2e3d4c5b6a")

    init(local: String, partner: String, _ wrong: Wrong) throws {
        self.wrong = wrong
        self.local = try HardwareAddress(local, port: 17_320)
        self.partner = try HardwareAddress(partner, port: 17_320)
        channel = try ConnectionChannel()
        listener = try ConnectionIdentifier(channel: channel, context: 0)
        try listener.setReuseAddress()
        try listener.bind(to: self.local)
        domain = try ProtectionDomain(deviceOf: listener)
        completionChannel = try CompletionChannel(in: domain)
        completions = try CompletionQueue(in: domain, channel: completionChannel, capacity: 1_024)
        statusBlock = try RegisteredMemory(
            byteCount: 64, access: [.remoteRead], in: domain, at: PresetAddress.statusBlock)
        mailbox = try RegisteredMemory(
            byteCount: 64, access: [.localWrite, .remoteWrite], in: domain, at: PresetAddress.mailbox)
        scratch = try RegisteredMemory(byteCount: 4_096, access: [.localWrite], in: domain)
        messages = try RegisteredMemory(
            byteCount: (Self.receives + Self.sendSlots) * Self.slot, access: [.localWrite], in: domain)
        block = StatusBlock(
            phase: .storageOSLoading, role: .storageSystem, incarnation: Self.newIncarnation,
            cluster: Self.cluster ?? ClusterIdentity(low: 0, high: 0), node: NodeIdentity(value: 2),
            heartbeat: 1,
            partnerSeen: .none)
        try completions.requestNotification()
        try listener.listen(backlog: 16)
        try publish()
    }

    static var newIncarnation: Incarnation { Incarnation(value: .random(in: 1...UInt64.max)) }

    static var now: UInt64 {
        var time = timespec()
        clock_gettime(CLOCK_MONOTONIC, &time)
        return UInt64(time.tv_sec) * 1_000_000_000 + UInt64(time.tv_nsec)
    }

    // MARK: Time passes

    /// Lets time pass, with heartbeats, until the condition holds; false when it did not in so many milliseconds.
    @discardableResult
    func pump(_ milliseconds: UInt64, until condition: () -> Bool = { false }) throws -> Bool {
        let end = Self.now + milliseconds * 1_000_000
        while true {
            if beats, Self.now >= nextBeat {
                nextBeat = Self.now + 10_000_000
                block.heartbeat += 1
                try publish()
            }
            while let event = try channel.nextEvent() { try take(event) }
            _ = try completions.takeEvent()
            try completions.requestNotification()
            while let completion = try completions.poll() { try take(completion) }
            if condition() { return true }
            guard Self.now < end else { return false }
            var descriptors = [
                pollfd(fd: channel.fileDescriptor, events: Int16(POLLIN), revents: 0),
                pollfd(fd: completionChannel.fileDescriptor, events: Int16(POLLIN), revents: 0),
            ]
            poll(&descriptors, nfds_t(descriptors.count), 1)
        }
    }

    func publish() throws {
        var words = block.words
        distort?(&words)
        try statusBlock.storeWords(words.span.bytes, at: 0)
    }

    // MARK: Connections

    private func take(_ event: consuming ConnectionEvent) throws {
        switch (event.kind, event.context) {
        case (.connectRequest, _):
            try inbound.take()?.close()
            inbound = event.takeIdentifier()
            offer = Self.words(of: event.privateData).flatMap { try? ConnectionPrivateData(words: $0) }
        case (.addressResolved, 1):
            try asking?.resolveRoute(timeoutMilliseconds: 100)
        case (.routeResolved, 1):
            try asking?.createQueuePair(
                in: domain, completionQueue: completions, limits: QueuePairLimits())
            try asking?.connect(ConnectionParameters(privateData: question))
        case (.rejected, 1):
            let reason: InlineArray<2, UInt64>? = Self.words(of: event.privateData)
            answer =
                reason.flatMap { try? Rejection(words: $0) }.map { "\($0.reason.name)" } ?? "\(event.status)"
        case (.established, 1): answer = "accepted"
        case (.addressError, 1), (.routeError, 1), (.unreachable, 1), (.connectError, 1):
            answer = "unreached"
        case (.established, 2): isUp = true
        case (.disconnected, 2), (.connectError, 2), (.rejected, 2): hasEnded = true
        default: break
        }
    }

    private static func words<let count: Int>(of data: PrivateData) -> InlineArray<count, UInt64>? {
        data.withBytes { bytes in
            guard bytes.byteCount >= count * 8 else { return nil }
            return InlineArray { index in
                UInt64(
                    littleEndian: bytes.unsafeLoadUnaligned(fromByteOffset: index * 8, as: UInt64.self))
            }
        }
    }

    /// What travels with a connection request or its acceptance.
    func privateData(
        _ kind: ConnectionPrivateData.Kind, _ change: (inout ConnectionPrivateData) -> Void = { _ in }
    ) -> ConnectionPrivateData.Words {
        var data = ConnectionPrivateData(
            versions: .supported, cluster: block.cluster, node: block.node, incarnation: block.incarnation,
            statusBlockKey: statusBlock.remoteKey, mailboxKey: mailbox.remoteKey, role: .storageSystem,
            kind: kind, attempt: offer?.attempt ?? 1)
        change(&data)
        return data.words
    }

    /// Asks the partner for a connection, and tells why it refused.
    @discardableResult
    func ask(_ words: ConnectionPrivateData.Words) throws -> String {
        for _ in 0..<20 {
            question = try PrivateData(words.span.bytes)
            answer = nil
            let identifier = try ConnectionIdentifier(channel: channel, context: 1)
            try identifier.resolveAddress(
                from: local.with(port: 0), to: partner, timeoutMilliseconds: 20)
            asking = consume identifier
            try pump(1_000) { answer != nil }
            try asking.take()?.close()
            guard answer == "unreached" || answer == nil else { break }
        }
        return answer ?? "unanswered"
    }

    /// Refuses the request that waits.
    func refuse(_ words: Rejection.Words?) throws {
        guard let request = inbound.take() else { return }
        offer = nil
        if let words { try request.reject(privateData: try PrivateData(words.span.bytes)) }
        try request.close()
    }

    /// Accepts the request that waits, and waits until the transport is up.
    func accept(_ words: ConnectionPrivateData.Words) throws {
        guard var request = inbound.take() else { throw Stopped(description: "no request to accept") }
        request.context = 2
        try request.setAcknowledgeTimeout(exponent: 12)
        try request.createQueuePair(
            in: domain, completionQueue: completions,
            limits: QueuePairLimits(sendCapacity: 64, receiveCapacity: 16, inlineByteCount: 64))
        for slot in 0..<Self.receives {
            try request.postReceive(
                into: messages, offset: slot * Self.slot, byteCount: Self.messageByteCount,
                workRequest: Self.receiveWork + UInt64(slot))
        }
        isUp = false
        hasEnded = false
        number = 0
        inbox = []
        block.messagesTaken = 0
        try request.accept(
            ConnectionParameters(privateData: try PrivateData(words.span.bytes), retryCount: 5))
        connection = consume request
        try pump(1_000) { isUp || hasEnded }
    }

    /// Ends the connection, and begins another life.
    func beginAnew() throws {
        ports = []
        try? connection?.disconnect()
        try connection.take()?.close()
        offer = nil
        let zero: Mailbox = InlineArray(repeating: 0)
        try mailbox.storeWords(zero.span.bytes, at: 0)
        block.incarnation = Self.newIncarnation
        block.partnerSeen = .none
        block.heartbeat = 1
        try publish()
    }

    // MARK: Work

    private func take(_ completion: WorkCompletion) throws {
        guard completion.workRequest >= Self.receiveWork else {
            finished[completion.workRequest] = completion.status
            return
        }
        guard completion.status == .success else { return }
        let slot = Int(completion.workRequest - Self.receiveWork)
        let offset = slot * Self.slot
        inbox.append(
            messages.withBytes { bytes in
                (0..<min(completion.byteCount, Self.messageByteCount)).map {
                    bytes.unsafeLoad(fromByteOffset: offset + $0, as: UInt8.self)
                }
            })
        block.messagesTaken += 1
        try connection?.postReceive(
            into: messages, offset: offset, byteCount: Self.messageByteCount,
            workRequest: completion.workRequest)
    }

    func nextWork() -> UInt64 {
        lastWork += 1
        return lastWork
    }

    /// How the work ended, in the words of the completion.
    func end(of work: UInt64) throws -> String {
        try pump(3_000) { finished[work] != nil }
        return finished[work].map { $0 == .success ? "success" : "\($0)" } ?? "never"
    }

    func read(_ byteCount: Int, at address: UInt64, key: UInt32) throws -> String {
        let work = nextWork()
        try connection?.postRead(
            into: scratch, offset: 0, byteCount: byteCount, remoteAddress: address, remoteKey: key,
            workRequest: work)
        return try end(of: work)
    }

    func write(_ bytes: [UInt8], at address: UInt64, key: UInt32) throws -> String {
        let work = nextWork()
        try scratch.write(bytes.span.bytes, at: 0)
        try connection?.postWrite(
            from: scratch, offset: 0, byteCount: bytes.count, remoteAddress: address, remoteKey: key,
            workRequest: work)
        return try end(of: work)
    }

    func writeWithNumber(_ bytes: [UInt8], at address: UInt64, key: UInt32) throws -> String {
        let work = nextWork()
        try scratch.write(bytes.span.bytes, at: 0)
        try connection?.postWriteWithImmediate(
            7, from: scratch, offset: 0, byteCount: bytes.count, remoteAddress: address, remoteKey: key,
            workRequest: work)
        return try end(of: work)
    }

    /// Sends bytes as a message, and waits until they have arrived unless told otherwise.
    @discardableResult
    func send(_ bytes: [UInt8], waits: Bool = true) throws -> String {
        let work = nextWork()
        let offset = (Self.receives + sends % Self.sendSlots) * Self.slot
        sends += 1
        try messages.write(bytes.span.bytes, at: offset)
        try connection?.postSend(from: messages, offset: offset, byteCount: bytes.count, workRequest: work)
        return waits ? try end(of: work) : ""
    }
}
