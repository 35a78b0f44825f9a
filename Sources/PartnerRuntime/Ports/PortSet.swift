import ClusterConnection
import Verbs

/// The ports of one client on one connection: queue pairs, the memory they reach, and what is under way.
///
/// Made and connected one queue pair at a time, so that heartbeats come between. Once it is closed, nothing of the
/// partner's reaches the client's memory any more.
final class PortSet {
    let order: PortOrder
    let connection: ConnectionID
    let services: ClientServices
    /// Whether the client was told ready: before that no work is taken, and what arrives waits.
    var isReady = false

    private let serial: UInt16
    private let rail: Rail
    private let path: PathToPartner
    private let parameters: QueuePairParameters
    private var queues: [PortQueue] = []
    private var shared: RegisteredMemory?
    private let local: RegisteredMemory
    /// One byte of no use where the client has no messages.
    private let messages: RegisteredMemory
    private var ports: [Port] = []
    private var partner: PortTable?
    private var connectedCount = 0
    private var batch = CompletionBatch()

    /// Registers the client's memory under keys of this set alone.
    init(
        _ order: PortOrder, of services: ClientServices, connection: ConnectionID, serial: UInt16,
        over path: PathToPartner, on rail: Rail, transport: Configuration.Transport
    ) throws(VerbsError) {
        self.order = order
        self.services = services
        self.connection = connection
        self.serial = serial
        self.rail = rail
        self.path = path
        let demand = services.demand
        let count = Int(order.ports)
        parameters = QueuePairParameters(
            acknowledgeTimeout: transport.ackTimeout, retryCount: transport.retryCount,
            receiverNotReadyRetryCount: 6, receiverNotReadyTimer: Self.receiverNotReadyTimer)
        shared =
            order.memory == 0
            ? nil
            : try RegisteredMemory(
                sharing: services.shared, byteCount: Int(clamping: order.memory),
                access: [.localWrite, .remoteRead, .remoteWrite], in: rail.domain)
        local = try RegisteredMemory(sharing: services.local, access: [.localWrite], in: rail.domain)
        let slots = count * (demand.workDepth + demand.receives)
        messages = try RegisteredMemory(
            byteCount: max(1, slots * demand.messageByteCount), access: [.localWrite], in: rail.domain)
        ports.reserveCapacity(count)
    }

    /// 41 ms before a send is tried again that found no receive: six tries outlast the miss limit, so that a
    /// partner that stands still is found by its heartbeat, and one that is only late loses nothing.
    private static let receiverNotReadyTimer: UInt8 = 24

    var count: Int { ports.count }
    /// How many completion queues announce their work on the common channel.
    var queueCount: Int { queues.count }
    var partnerByteCount: Int { Int(clamping: partner?.memoryByteCount ?? 0) }

    /// Whether one of the ports is the queue pair of that number.
    func has(queuePair number: UInt32) -> Bool { ports.contains { $0.queuePair.number == number } }

    /// Ends the queue pairs, then the keys: the kernel gives a key back only when nobody writes under it.
    ///
    /// - Returns: what became of the work that was under way, and what is left to be destroyed.
    func close() -> (abandoned: AbandonedWork, remains: Remains) {
        let abandoned = countAbandoned()
        isReady = false
        // One that cannot be ended is destroyed here, with the last that holds it.
        let ended = ports.filter { (try? $0.queuePair.fail()) != nil }
        ports.removeAll()
        shared = nil
        return (abandoned, Remains(of: ended, on: queues))
    }
}

// MARK: - Coming about

extension PortSet {
    /// Makes the next queue pair and posts its receives; false when all are made.
    func makeNext() throws(VerbsError) -> Bool {
        guard ports.count < Int(order.ports) else { return false }
        let demand = services.demand
        let perPort = demand.workDepth + demand.receives
        if queues.last.map({ $0.free < perPort }) ?? true {
            let left = (Int(order.ports) - ports.count) * perPort
            queues.append(
                try PortQueue(capacity: max(perPort, min(left, PortQueue.mostCompletions)), on: rail))
        }
        let queue = queues[queues.count - 1]
        queue.free -= perPort
        let queuePair = try QueuePair(
            in: rail.domain, completionQueue: queue.completions,
            limits: QueuePairLimits(
                sendCapacity: UInt32(demand.workDepth), receiveCapacity: UInt32(max(1, demand.receives)),
                inlineByteCount: 0), signalsAll: false)
        try queuePair.initialize(port: path.port, access: [.remoteRead, .remoteWrite])
        ports.append(
            Port(queuePair, firstPacket: UInt32.random(in: 0...0xff_ffff), depth: demand.workDepth))
        for slot in 0..<demand.receives { try postReceive(port: ports.count - 1, slot: slot) }
        return true
    }

    /// What the partner has to know.
    var table: PortTable {
        PortTable(
            pair: order.pair,
            ports: ports.map {
                PortTable.Entry(queuePair: $0.queuePair.number, firstPacket: $0.firstPacket)
            },
            memoryAddress: shared?.address ?? 0, memoryByteCount: order.memory,
            memoryKey: shared?.remoteKey ?? 0)
    }

    /// Takes what the partner made.
    func join(_ table: PortTable) {
        partner = table
        connectedCount = 0
    }

    /// Connects the next queue pair with its counterpart; false when all are connected.
    func connectNext() throws(VerbsError) -> Bool {
        guard let partner, connectedCount < ports.count, connectedCount < partner.ports.count else {
            return false
        }
        let port = ports[connectedCount]
        let there = partner.ports[connectedCount]
        try port.queuePair.makeReadyToReceive(
            over: path, partnerNumber: there.queuePair, partnerFirstPacket: there.firstPacket, parameters)
        try port.queuePair.makeReadyToSend(firstPacket: port.firstPacket, parameters)
        connectedCount += 1
        return true
    }
}

// MARK: - Work

extension PortSet {
    func send(
        _ message: RawSpan, at index: Int, immediate: UInt32?, token: UInt32, isReported: Bool
    ) throws(PortError) {
        let port = try usable(index)
        guard message.byteCount <= services.demand.messageByteCount else { throw .outOfBounds }
        let slot = try port.freeSlot()
        let offset = sendOffset(port: index, slot: slot)
        let isReported = isReported || port.underWay.needsReport
        do throws(VerbsError) {
            try messages.write(message, at: offset)
            try port.queuePair.postSend(
                from: messages, offset: offset, byteCount: message.byteCount, immediate: immediate,
                workRequest: number(.send, index, slot), signaled: isReported)
        } catch {
            throw refusal(error, of: port)
        }
        port.underWay.post(token: token, isReported: isReported)
    }

    func write(
        at index: Int, from offset: Int, byteCount: Int, to partnerOffset: Int, immediate: UInt32?,
        token: UInt32, isReported: Bool
    ) throws(PortError) {
        let port = try usable(index)
        try checkLocal(offset, byteCount)
        let there = try place(partnerOffset, byteCount)
        let slot = try port.freeSlot()
        let isReported = isReported || port.underWay.needsReport
        do throws(VerbsError) {
            if let immediate {
                try port.queuePair.postWriteWithImmediate(
                    immediate, from: local, offset: offset, byteCount: byteCount,
                    remoteAddress: there.address,
                    remoteKey: there.key, workRequest: number(.write, index, slot), signaled: isReported)
            } else {
                try port.queuePair.postWrite(
                    from: local, offset: offset, byteCount: byteCount, remoteAddress: there.address,
                    remoteKey: there.key, workRequest: number(.write, index, slot), signaled: isReported)
            }
        } catch {
            throw refusal(error, of: port)
        }
        port.underWay.post(token: token, isWrite: true, isReported: isReported)
    }

    func read(
        at index: Int, into offset: Int, byteCount: Int, from partnerOffset: Int, token: UInt32
    ) throws(PortError) {
        let port = try usable(index)
        try checkLocal(offset, byteCount)
        let there = try place(partnerOffset, byteCount)
        let slot = try port.freeSlot()
        do throws(VerbsError) {
            try port.queuePair.postRead(
                into: local, offset: offset, byteCount: byteCount, remoteAddress: there.address,
                remoteKey: there.key, workRequest: number(.read, index, slot))
        } catch {
            throw refusal(error, of: port)
        }
        port.underWay.post(token: token, isReported: true)
    }

    /// The port, when it does work.
    private func usable(_ index: Int) throws(PortError) -> Port {
        guard isReady else { throw .notReady }
        guard ports.indices.contains(index) else { throw .noSuchPort }
        let port = ports[index]
        guard !port.hasFailed else { throw .failed }
        return port
    }

    /// A piece of the counterpart's memory.
    private func place(_ offset: Int, _ byteCount: Int) throws(PortError) -> (address: UInt64, key: UInt32) {
        guard let partner, offset >= 0, byteCount >= 0, byteCount <= partnerByteCount,
            offset <= partnerByteCount - byteCount
        else { throw .outOfBounds }
        return (partner.memoryAddress + UInt64(offset), partner.memoryKey)
    }

    private func checkLocal(_ offset: Int, _ byteCount: Int) throws(PortError) {
        let capacity = services.demand.localMemory
        guard offset >= 0, byteCount >= 0, byteCount <= capacity, offset <= capacity - byteCount else {
            throw .outOfBounds
        }
    }

    private func refusal(_ error: VerbsError, of port: Port) -> PortError {
        if error.isQueueFull { return .wouldBlock }
        port.hasFailed = true
        return .failed
    }
}

// MARK: - What has finished

extension PortSet {
    /// Tells the client of what has finished, at most `limit` times.
    ///
    /// - Returns: whether there may be more.
    func drain(limit: Int) throws(VerbsError) -> Bool {
        guard isReady else { return false }
        var left = limit
        for queue in queues {
            var isEmpty = false
            while !isEmpty {
                guard left > 0 else { return true }
                let count = try queue.completions.poll(into: &batch)
                for index in 0..<count {
                    tell(batch[index])
                    // The client may have withdrawn, or the connection ended, in answer.
                    guard isReady else { return false }
                }
                isEmpty = count < batch.capacity
                left -= count
            }
        }
        return false
    }

    /// Takes this set's announcement from the common channel, if there is one, and asks for the next: before the
    /// queue is drained, or a completion between the two would never be announced (ibv_req_notify_cq(3)).
    ///
    /// - Returns: whether there was one.
    func takeAnnouncement() throws(VerbsError) -> Bool {
        var wasAnnounced = false
        for queue in queues where try queue.completions.takeEvent() {
            try queue.completions.requestNotification()
            wasAnnounced = true
        }
        return wasAnnounced
    }

    private func tell(_ completion: WorkCompletion) {
        guard let work = PortWork(number: completion.workRequest), work.serial == serial,
            ports.indices.contains(Int(work.port))
        else { return }
        let index = Int(work.port)
        let port = ports[index]
        let outcome = Outcome(completion.status)
        if outcome != .success { port.hasFailed = true }
        guard let kind = work.kind.finished else {
            if outcome == .success { tellReceived(completion, at: index, slot: Int(work.value)) }
            return
        }
        guard let ended = port.underWay.end(Int(work.value)) else { return }
        services.owner.completed(
            FinishedWork(kind: kind, port: index, token: ended.token, outcome: outcome), services)
    }

    /// Takes what has finished and was not told, without telling it any more: the loss comes first.
    private func countAbandoned() -> AbandonedWork {
        var abandoned = AbandonedWork()
        guard ports.contains(where: { $0.underWay.count > 0 }) else { return abandoned }
        for queue in queues {
            // Only for the count: where a queue cannot be asked any more, its work stays unfinished.
            while let count = try? queue.completions.poll(into: &batch), count > 0 {
                for index in 0..<count {
                    let completion = batch[index]
                    guard let work = PortWork(number: completion.workRequest), work.serial == serial,
                        work.kind != .receive, ports.indices.contains(Int(work.port)),
                        let ended = ports[Int(work.port)].underWay.end(Int(work.value))
                    else { continue }
                    abandoned.arrived += UInt64(ended.silentWrites)
                    abandoned.count(work.kind, Outcome(completion.status))
                }
            }
        }
        abandoned.unfinished = UInt64(clamping: ports.reduce(0) { $0 + $1.underWay.count })
        return abandoned
    }

    private func tellReceived(_ completion: WorkCompletion, at index: Int, slot: Int) {
        let byteCount = completion.operation == .receive ? completion.byteCount : 0
        if byteCount > 0 {
            let offset = receiveOffset(port: index, slot: slot)
            messages.withBytes { bytes in
                services.owner.received(
                    bytes.extracting(offset..<offset + byteCount), immediate: completion.immediate, at: index,
                    services)
            }
        } else {
            services.owner.received(RawSpan(), immediate: completion.immediate, at: index, services)
        }
        guard isReady else { return }
        // Fails only where the port did: its other work tells the client.
        try? postReceive(port: index, slot: slot)
    }

    private func postReceive(port index: Int, slot: Int) throws(VerbsError) {
        let work = number(.receive, index, slot)
        guard services.demand.messageByteCount > 0 else {
            return try ports[index].queuePair.postReceive(workRequest: work)
        }
        try ports[index].queuePair.postReceive(
            into: messages, offset: receiveOffset(port: index, slot: slot),
            byteCount: services.demand.messageByteCount, workRequest: work)
    }

    // MARK: Where messages lie: all receives of a port, then all its sends, then the next port's.

    private func receiveOffset(port: Int, slot: Int) -> Int {
        let demand = services.demand
        return (port * (demand.receives + demand.workDepth) + slot) * demand.messageByteCount
    }

    private func sendOffset(port: Int, slot: Int) -> Int {
        receiveOffset(port: port, slot: services.demand.receives + slot)
    }

    private func number(_ kind: PortWork.Kind, _ port: Int, _ slot: Int) -> UInt64 {
        PortWork(kind, serial: serial, port: port, value: UInt32(truncatingIfNeeded: slot)).number
    }
}

/// Where the work of some of the ports is reported: as many as a device's queue has room for.
private final class PortQueue {
    let completions: CompletionQueue
    /// Completions that no port has been promised yet.
    var free: Int

    /// Half of what Soft-RoCE allows; other devices allow more.
    static let mostCompletions = 16_384

    init(capacity: Int, on rail: Rail) throws(VerbsError) {
        completions = try CompletionQueue(in: rail.domain, channel: rail.portChannel, capacity: capacity)
        free = capacity
        try completions.requestNotification()
    }
}

/// One queue pair, and how much of it is in use.
private final class Port {
    let queuePair: QueuePair
    let firstPacket: UInt32
    var underWay: WorkRing
    var hasFailed = false

    init(_ queuePair: consuming QueuePair, firstPacket: UInt32, depth: Int) {
        self.queuePair = queuePair
        self.firstPacket = firstPacket
        underWay = WorkRing(depth: depth)
    }

    /// Where the next piece of work goes.
    func freeSlot() throws(PortError) -> Int {
        guard let slot = underWay.free else { throw .wouldBlock }
        return slot
    }
}
