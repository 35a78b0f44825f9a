import Glibc
import Testing

import Verbs

/// What a test waited for did not come.
struct Missing: Error, CustomStringConvertible {
    let description: String

    init(_ what: String) { description = "no \(what) within 20 s" }
}

/// Waits until `descriptor` is readable, for `milliseconds` at most.
func waitReadable(_ descriptor: Int32, milliseconds: Int32 = 20_000) -> Bool {
    var entry = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
    return poll(&entry, 1, milliseconds) > 0
}

extension ConnectionChannel {
    /// The next event, which must come.
    borrowing func awaitEvent() throws -> ConnectionEvent {
        while true {
            if let event = try nextEvent() { return event }
            guard waitReadable(fileDescriptor) else { throw Missing("connection event") }
        }
    }

    /// The next event, which must be of this kind and context. A request in it goes unanswered.
    @discardableResult
    borrowing func await(
        _ kind: ConnectionEventKind, context: UInt64, sourceLocation: SourceLocation = #_sourceLocation
    ) throws -> SeenEvent {
        let event = SeenEvent(try awaitEvent())
        #expect(event.kind == kind, "\(event.status)", sourceLocation: sourceLocation)
        #expect(event.context == context, sourceLocation: sourceLocation)
        return event
    }
}

/// What of an event can be compared.
struct SeenEvent {
    let kind: ConnectionEventKind
    let status: Int32
    let statusDescription: String
    let context: UInt64
    let privateData: [UInt8]

    init(_ event: borrowing ConnectionEvent) {
        kind = event.kind
        status = event.status
        statusDescription = event.statusDescription
        context = event.context
        privateData = event.privateData.array
    }
}

/// What of an identifier can be compared.
struct SeenIdentifier {
    let context: UInt64
    let hasDevice: Bool
    let deviceName: String?
    let devicePort: UInt8
    let localIdentifier: GlobalIdentifier
    let localAddress: HardwareAddress?
    let partnerAddress: HardwareAddress?
    let queuePairNumber: UInt32?

    init(_ identifier: borrowing ConnectionIdentifier) {
        context = identifier.context
        hasDevice = identifier.hasDevice
        deviceName = identifier.deviceName
        devicePort = identifier.devicePort
        localIdentifier = identifier.localIdentifier
        localAddress = identifier.localAddress
        partnerAddress = identifier.partnerAddress
        queuePairNumber = identifier.queuePairNumber
    }
}

extension DeviceEvents {
    /// Waits for an event of that kind; others are passed over.
    borrowing func await(_ kind: DeviceEvent.Kind) throws -> DeviceEvent {
        while true {
            while let event = try nextEvent() {
                if event.kind == kind { return event }
            }
            guard waitReadable(fileDescriptor) else { throw Missing("\(kind)") }
        }
    }
}

extension CompletionQueue {
    /// The next completion, which must come.
    borrowing func awaitCompletion() throws -> WorkCompletion {
        for _ in 0..<20_000 {
            if let completion = try poll() { return completion }
            Glibc.poll(nil, 0, 1)
        }
        throw Missing("completion")
    }
}

/// Both sides of a connection within this process: channels, listener, domain and queue.
///
/// The sides have channels of their own, so that the order of each side's events is certain. They share
/// domain and queue.
struct Rig: ~Copyable {
    static let listenerContext: UInt64 = 1
    static let initiatorContext: UInt64 = 2
    static let acceptorContext: UInt64 = 3

    let initiatorChannel: ConnectionChannel
    let acceptorChannel: ConnectionChannel
    let listener: ConnectionIdentifier
    let domain: ProtectionDomain
    let completionChannel: CompletionChannel
    let queue: CompletionQueue
    let address: HardwareAddress

    /// A listener on a free port of the suite's device, and what connections need.
    init(host: String = TestDevice.host) throws {
        let initiatorChannel = try ConnectionChannel()
        let acceptorChannel = try ConnectionChannel()
        let listener = try ConnectionIdentifier(channel: acceptorChannel, context: Self.listenerContext)
        try listener.bind(to: try HardwareAddress(host, port: 0))
        try listener.listen(backlog: 4)
        let address = try #require(SeenIdentifier(listener).localAddress)
        let domain = try ProtectionDomain(deviceOf: listener)
        let completionChannel = try CompletionChannel(in: domain)
        let queue = try CompletionQueue(in: domain, channel: completionChannel, capacity: 128)
        self.initiatorChannel = initiatorChannel
        self.acceptorChannel = acceptorChannel
        self.listener = listener
        self.address = address
        self.domain = domain
        self.completionChannel = completionChannel
        self.queue = queue
    }

    /// An identifier with a queue pair that has asked for nothing yet.
    func initiator(to target: HardwareAddress? = nil) throws -> ConnectionIdentifier {
        var identifier = try ConnectionIdentifier(channel: initiatorChannel, context: Self.initiatorContext)
        try identifier.resolveAddress(
            from: address.with(port: 0), to: target ?? address, timeoutMilliseconds: 2_000)
        try initiatorChannel.await(.addressResolved, context: Self.initiatorContext)
        try identifier.resolveRoute(timeoutMilliseconds: 2_000)
        try initiatorChannel.await(.routeResolved, context: Self.initiatorContext)
        try identifier.createQueuePair(in: domain, completionQueue: queue, limits: QueuePairLimits())
        return identifier
    }

    /// The identifier of a connect request that must come, with what it carried.
    func request() throws -> InboundRequest {
        var event = try acceptorChannel.awaitEvent()
        let seen = SeenEvent(event)
        #expect(seen.kind == .connectRequest)
        #expect(seen.context == Self.listenerContext)
        guard let identifier = event.takeIdentifier() else { throw Missing("identifier in the request") }
        #expect(SeenIdentifier(identifier).context == Self.listenerContext)
        identifier.context = Self.acceptorContext
        return InboundRequest(identifier: identifier, privateData: seen.privateData)
    }

    /// Memory that both sides may do everything with.
    func memory(byteCount: Int = 4096, at preset: UInt64? = nil) throws -> RegisteredMemory {
        try RegisteredMemory(
            byteCount: byteCount, access: [.localWrite, .remoteRead, .remoteWrite], in: domain, at: preset)
    }

    /// A connection, established on both sides. `prepare` gets the acceptor's end before it accepts.
    func connection(
        _ parameters: ConnectionParameters = ConnectionParameters(),
        prepare: (borrowing ConnectionIdentifier) throws -> Void = { _ in }
    ) throws -> Connection {
        let initiator = try initiator()
        try initiator.connect(parameters)
        let inbound = try request()
        var acceptor = inbound.identifier
        try acceptor.createQueuePair(in: domain, completionQueue: queue, limits: QueuePairLimits())
        try prepare(acceptor)
        try acceptor.accept(parameters)
        try initiatorChannel.await(.established, context: Self.initiatorContext)
        try acceptorChannel.await(.established, context: Self.acceptorContext)
        return Connection(initiator: initiator, acceptor: acceptor)
    }

    /// Closes everything, in order.
    consuming func close() throws {
        try queue.close()
        try completionChannel.close()
        try domain.close()
        try listener.close()
        try initiatorChannel.close()
        try acceptorChannel.close()
    }
}

/// A connect request as it arrived.
struct InboundRequest: ~Copyable {
    let identifier: ConnectionIdentifier
    let privateData: [UInt8]
}

/// Both ends of a connection.
struct Connection: ~Copyable {
    let initiator: ConnectionIdentifier
    let acceptor: ConnectionIdentifier

    /// Closes both ends.
    consuming func close() throws {
        try initiator.close()
        try acceptor.close()
    }
}
