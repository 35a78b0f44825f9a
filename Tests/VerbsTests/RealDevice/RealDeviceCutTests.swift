import Glibc
import Testing

import Verbs

extension RealDevice {
    /// Two devices on the ends of a veth pair, one of them in a network namespace of its own, so that packets
    /// really travel and can be lost.
    @Suite("A cut link, for real", .cutLink)
    struct RealDeviceCutTests {
        @Test("A partner that is cut off is noticed by a read, within what the retries promise")
        func retryExceeded() throws {
            let link = try Link()
            // 4 times 1.05 ms, each rounded up to jiffies.
            let connection = try link.connection(acknowledgeExponent: 8, retryCount: 3)
            try link.read(connection, workRequest: 1)
            #expect(try link.near.queue.awaitCompletion().status == .success)
            try CutLink.cut()
            defer { CutLink.mend() }
            let start = ContinuousClock.now
            try link.read(connection, workRequest: 2)
            let completion = try link.near.queue.awaitCompletion()
            let elapsed = ContinuousClock.now - start
            #expect(completion.workRequest == 2)
            #expect(completion.status == .retryExceeded)
            #expect(elapsed > .milliseconds(4))
            #expect(elapsed < .seconds(2))
            // Neither side gets an event, and both can be closed at once.
            let isNothing = try link.near.channel.nextEvent() == nil
            #expect(isNothing)
            var watch = Stopwatch()
            try connection.initiator.close()
            watch.expectQuick()
            watch = Stopwatch()
            try connection.acceptor.close()
            watch.expectQuick()
        }

        @Test("Disconnecting flushes a read that nobody answers, without waiting for its retries")
        func flushWhileCut() throws {
            let link = try Link()
            let connection = try link.connection(acknowledgeExponent: 17, retryCount: 6)
            try CutLink.cut()
            defer { CutLink.mend() }
            try link.read(connection, workRequest: 5)
            let watch = Stopwatch()
            try connection.initiator.disconnect()
            watch.expectQuick()
            let completion = try link.near.queue.awaitCompletion()
            #expect(completion.workRequest == 5)
            #expect(completion.status == .flushed)
        }

        @Test("An end with a read in flight that nobody answers is closed at once")
        func closeInFlight() throws {
            let link = try Link()
            let connection = try link.connection(acknowledgeExponent: 17, retryCount: 6)
            try CutLink.cut()
            defer { CutLink.mend() }
            try link.read(connection, workRequest: 5)
            let watch = Stopwatch()
            try connection.initiator.close()
            watch.expectQuick()
        }

        @Test("An attempt that nobody answers is dropped at once, and the next one connects")
        func attemptWhileCut() throws {
            let link = try Link()
            let attempt = try link.initiator()
            try CutLink.cut()
            do {
                defer { CutLink.mend() }
                try attempt.connect(ConnectionParameters())
                let isAnswered = waitReadable(link.near.channel.fileDescriptor, milliseconds: 300)
                #expect(!isAnswered)
                let watch = Stopwatch()
                try attempt.close()
                watch.expectQuick()
            }
            let connection = try link.connection(acknowledgeExponent: 12, retryCount: 5)
            try link.read(connection, workRequest: 1)
            #expect(try link.near.queue.awaitCompletion().status == .success)
        }
    }
}

/// How long something took.
struct Stopwatch {
    let start = ContinuousClock.now

    /// Expects that it took less than any of the retries above.
    func expectQuick(location: SourceLocation = #_sourceLocation) {
        #expect(ContinuousClock.now - start < .milliseconds(500), sourceLocation: location)
    }
}

/// What one side of the link needs.
struct Side: ~Copyable {
    let channel: ConnectionChannel
    let identifier: ConnectionIdentifier
    let domain: ProtectionDomain
    let completionChannel: CompletionChannel
    let queue: CompletionQueue
    let memory: RegisteredMemory

    /// An identifier bound to a free port of `host`, and the rest on its device.
    init(host: String) throws {
        let channel = try ConnectionChannel()
        let identifier = try ConnectionIdentifier(channel: channel, context: 1)
        try identifier.bind(to: try HardwareAddress(host, port: 0))
        let domain = try ProtectionDomain(deviceOf: identifier)
        let completionChannel = try CompletionChannel(in: domain)
        let queue = try CompletionQueue(in: domain, channel: completionChannel, capacity: 64)
        let memory = try RegisteredMemory(
            byteCount: 4096, access: [.localWrite, .remoteRead, .remoteWrite], in: domain)
        self.memory = memory
        self.channel = channel
        self.identifier = identifier
        self.domain = domain
        self.completionChannel = completionChannel
        self.queue = queue
    }
}

/// Both sides of the link; the far one lives in the other network namespace.
struct Link: ~Copyable {
    let near: Side
    let far: Side

    init() throws {
        let near = try Side(host: CutLink.nearHost)
        let far = try CutLink.farNamespace {
            let side = try Side(host: CutLink.farHost)
            try side.identifier.listen(backlog: 4)
            return side
        }
        self.near = near
        self.far = far
    }

    /// An identifier that has asked for nothing yet, with a queue pair or without.
    func initiator(withQueuePair: Bool = true) throws -> ConnectionIdentifier {
        let target = try #require(SeenIdentifier(far.identifier).localAddress)
        let local = try HardwareAddress(CutLink.nearHost, port: 0)
        var identifier = try ConnectionIdentifier(channel: near.channel, context: 2)
        try identifier.resolveAddress(from: local, to: target, timeoutMilliseconds: 2_000)
        try near.channel.await(.addressResolved, context: 2)
        try identifier.resolveRoute(timeoutMilliseconds: 2_000)
        try near.channel.await(.routeResolved, context: 2)
        guard withQueuePair else { return identifier }
        try identifier.createQueuePair(
            in: near.domain, completionQueue: near.queue, limits: QueuePairLimits())
        return identifier
    }

    /// A connection, established on both sides.
    func connection(acknowledgeExponent: UInt8, retryCount: UInt8) throws -> Connection {
        let initiator = try initiator()
        try initiator.setAcknowledgeTimeout(exponent: acknowledgeExponent)
        try initiator.connect(ConnectionParameters(retryCount: retryCount))
        var acceptor: ConnectionIdentifier?
        while acceptor == nil {
            var event = try far.channel.awaitEvent()
            acceptor = event.takeIdentifier()
        }
        guard var acceptor else { throw Missing("connect request") }
        try acceptor.createQueuePair(in: far.domain, completionQueue: far.queue, limits: QueuePairLimits())
        try acceptor.accept(ConnectionParameters(retryCount: retryCount))
        try near.channel.await(.established, context: 2)
        return Connection(initiator: initiator, acceptor: acceptor)
    }

    /// Reads 64 bytes of the far side's memory.
    func read(_ connection: borrowing Connection, workRequest: UInt64) throws {
        try connection.initiator.postRead(
            into: near.memory, offset: 0, byteCount: 64, remoteAddress: far.memory.address,
            remoteKey: far.memory.remoteKey, workRequest: workRequest)
    }
}

/// Makes the link before the first test of the suite and removes it after the last.
struct CutLink: SuiteTrait, TestScoping {
    static let nearHost = "10.98.7.1"
    static let farHost = "10.98.7.2"
    private static let namespace = "ccm-lab-verbs"

    func provideScope(
        for test: Test, testCase: Test.Case?, performing function: @Sendable () async throws -> Void
    ) async throws {
        defer { Self.tearDown() }
        try run(
            """
            ip netns add \(Self.namespace) &&
            ip link add verbs-near mtu 4500 type veth peer name verbs-far mtu 4500 netns \(Self.namespace) &&
            ip address add \(Self.nearHost)/24 dev verbs-near && ip link set verbs-near up &&
            ip -n \(Self.namespace) link set lo up &&
            ip -n \(Self.namespace) address add \(Self.farHost)/24 dev verbs-far &&
            ip -n \(Self.namespace) link set verbs-far up &&
            rdma link add rxe-near type rxe netdev verbs-near &&
            ip netns exec \(Self.namespace) rdma link add rxe-far type rxe netdev verbs-far
            """)
        try TestDevice.waitForDevice(named: "rxe-near")
        try TestDevice.waitForDevice(named: "rxe-far")
        try Self.rehearse()
        try await function()
    }

    /// Goes once through everything that the tests take the time of: in a machine with virtual time the clock
    /// may leap when a page of this program has to come from the host first.
    private static func rehearse() throws {
        let link = try Link()
        let connection = try link.connection(acknowledgeExponent: 12, retryCount: 5)
        try link.read(connection, workRequest: 1)
        _ = try link.near.queue.awaitCompletion()
        try connection.initiator.disconnect()
        try connection.close()
    }

    private static func tearDown() {
        for command in [
            "rdma link delete rxe-near", "rdma link delete rxe-far", "ip link delete verbs-near",
            "ip netns delete \(namespace)",
        ] {
            _ = try? run(command)
        }
    }

    /// Loses every packet of the near side from now on. What the far side sends still arrives.
    static func cut() throws { try run("tc qdisc add dev verbs-near root netem loss 100%") }

    /// Loses none any more.
    static func mend() { _ = try? run("tc qdisc delete dev verbs-near root") }

    /// Runs `body` with this thread in the far network namespace: what it makes belongs there.
    static func farNamespace<Result: ~Copyable>(_ body: () throws -> Result) throws -> Result {
        let home = open("/proc/thread-self/ns/net", O_RDONLY | O_CLOEXEC)
        let far = open("/run/netns/\(namespace)", O_RDONLY | O_CLOEXEC)
        defer {
            close(home)
            close(far)
        }
        guard home >= 0, far >= 0, setns(far, 0) == 0 else { throw Missing("network namespace") }
        defer { _ = setns(home, 0) }
        return try body()
    }
}

extension Trait where Self == CutLink {
    static var cutLink: CutLink { CutLink() }
}

/// setns(2), which the Glibc module does not show.
@_silgen_name("setns")
private func setns(_ descriptor: Int32, _ kind: Int32) -> Int32
