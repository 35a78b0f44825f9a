import ClusterConnection
import Recording
import Verbs

/// One partner process: drives the connection manager with verbs, walks the boot phases, writes history.
///
/// One loop on one thread; another one only destroys what this one has ended. Nothing on the way of a heartbeat
/// allocates, logs or takes a lock: the manager's actions go into an array that keeps its capacity, and only changes
/// are written.
public final class Partner {
    let configuration: Configuration
    let started: Instant
    let poller: Poller
    private let signals: TerminationSignals
    let serviceManager = ServiceManager()
    private var timers: TimerTable
    var history: HistoryWriter
    private var recorder: Recorder?
    var control: ControlSocket?
    private(set) var manager: ConnectionManager
    /// The own ends of the rails, in the order of the configuration.
    let ends: [RailEnd]
    /// Set once the CCM is initialised.
    var watch: RailWatch?
    /// The same.
    private var reaper: Reaper?

    private let clients: ClientRegistry
    private let notes: ClientNotes
    private var endpoints: [Endpoint] = []
    private var waitingRequest: ConnectionIdentifier?
    /// The queue pair at the other end of it.
    private var waitingQueuePair: UInt32 = 0
    private var requests: UInt32 = 0
    private var actions: [Action] = []
    private var eventsToCome: [Event] = []
    /// The phases that come by timer, the next one first.
    private var boot: [(due: Instant, phase: BootPhase)] = []
    private var beats = SpanHistogram()
    private(set) var isFinished = false
    /// Whether it was told to stop.
    private var isLeaving = false
    /// What the transport or a call said of the failure that the manager is about to record.
    private var failureDetail: FailureDetail?
    /// The laboratory's failpoint, until it is reached.
    private var failpoint: Failpoint?
    /// Whether it was reached and strikes any moment: nothing of the history may wait then.
    private var isDoomed = false

    /// A partner at its power-on.
    ///
    /// - Parameter events: where the history goes: a path, or `-` for standard output.
    public init(_ configuration: Configuration, events: String) throws(RuntimeError) {
        guard (1...RailID.limit).contains(configuration.rails.count) else {
            throw RuntimeError(
                "a partner needs 1 to \(RailID.limit) rails, and is configured with \(configuration.rails.count)"
            )
        }
        self.configuration = configuration
        failpoint = configuration.failpoint
        started = MonotonicClock.now
        signals = try TerminationSignals()
        poller = try Poller()
        timers = try TimerTable(rails: configuration.rails.count)
        ends = configuration.rails.enumerated().map { RailEnd(RailID(index: UInt8($0.offset)), $0.element) }
        // Drawn from the kernel's generator: the only thing a booting machine has that it never had before.
        let incarnation = Incarnation(value: UInt64.random(in: 1...UInt64.max))
        history = try HistoryWriter(
            path: events, partner: configuration.partner, incarnation: incarnation,
            delay: configuration.writeDelay)
        var settings = configuration.settings
        settings.rails = configuration.rails.count
        let start = RecordedStart(
            settings: settings, incarnation: incarnation, seed: UInt64.random(in: 0...UInt64.max), at: started
        )
        manager = start.manager
        if let path = configuration.recordingPath {
            recorder = try Recorder(path: path, start, delay: configuration.writeDelay)
        }
        notes = ClientNotes()
        clients = ClientRegistry(of: incarnation, transport: configuration.transport) { [notes] in
            notes.append($0)
        }
        for entry in configuration.clients {
            clients.add(
                entry.client(settings), at: started + entry.registerAt,
                until: entry.withdrawAt.map { started + $0 })
        }
        actions.reserveCapacity(32)
        eventsToCome.reserveCapacity(8)
        endpoints.reserveCapacity(4)
        boot = [(started + configuration.boot.ccmStarting, .ccmStarting)]
        if case .after(let span) = configuration.boot.storageOSLoading {
            boot.append((started + span, .storageOSLoading))
        }
        if case .after(let span) = configuration.boot.storageOSActive {
            boot.append((started + span, .storageOSActive))
        }
    }

    /// Has a client register once the process runs.
    ///
    /// - Parameters:
    ///   - delay: how long after power-on.
    ///   - end: when it withdraws again, after power-on; never, for nil.
    public func add(_ client: any Client, after delay: TimeSpan = .zero, until end: TimeSpan? = nil) {
        clients.add(client, at: started + delay, until: end.map { started + $0 })
    }

    /// Runs until an orderly stop. A failure is written to the history before it is thrown.
    public func run() throws(RuntimeError) {
        do throws(RuntimeError) {
            try runToTheEnd()
        } catch {
            history.write(.failed, at: MonotonicClock.now) { $0.field("reason", text: error.description) }
            recorder?.end()
            throw error
        }
    }

    private func runToTheEnd() throws(RuntimeError) {
        recordStart()
        try poller.add(signals.fileDescriptor, as: .signals)
        try poller.add(timers.fileDescriptor, as: .timers)
        if let path = configuration.controlPath {
            let control = try ControlSocket(path: path)
            try poller.add(control.fileDescriptor, as: .control)
            self.control = consume control
        }
        timers.setBoot(boot.first?.due)
        while !isFinished {
            writeWhatIsDue()
            timers.setHistory(nextWrite)
            timers.setClients(clients.nextDue)
            timers.arm()
            let ready = try poller.wait(blocks: !clients.hasWork)
            if ready.contains(.timers) { timers.noteFired() }
            // What the partner did comes before what a clock says, or a pause of this process would be held
            // against the partner.
            lookIntoMailboxes()
            // What fails because the own rail is gone says nothing of the partner.
            if ready.contains(.railWatch) { try lookAfterRails() }
            for end in ends { try drain(end, ready) }
            lookIntoMailboxes()
            // The clock is read once where nothing is due: it is dear where a hypervisor or an emulator serves it.
            var now = MonotonicClock.now
            while let timer = timers.takeDue(at: now) {
                feed(.timer(timer.name, timer.rail))
                now = MonotonicClock.now
            }
            try walkBoot(at: now)
            if ready.contains(.signals), signals.take() {
                serviceManager.stopping()
                isLeaving = true
                feed(.stop)
            }
            if ready.contains(.control) { answerControl() }
            if ready.contains(.reaper) { reaper?.release() }
            try serveClients(ready, at: now)
        }
        recordStop()
    }
}

// MARK: - Boot

extension Partner {
    private func walkBoot(at now: Instant) throws(RuntimeError) {
        while timers.takeBoot(at: now) {
            let phase = boot.removeFirst().phase
            timers.setBoot(boot.first?.due)
            feed(.bootPhase(phase))
            if phase == .ccmStarting { try startListening() }
        }
    }

    /// Initialises the CCM: from here on the partner can reach this side, whatever runs above (claim C1a).
    private func startListening() throws(RuntimeError) {
        // Rights first: the kernel takes requests on an RDMA file only from the very credentials that opened
        // it, so a capability that is dropped later cuts the process off from its own device.
        let confinement = try Confinement.confine()
        history.write(.confined, at: MonotonicClock.now) { line in
            line.field("scheduling", text: confinement.scheduling)
            line.field("memoryLocked", name: "onFault")
            line.field("capabilities", text: confinement.capabilities)
        }
        let reaper = try Reaper()
        try poller.add(reaper.fileDescriptor, as: .reaper)
        self.reaper = reaper
        // Before the first look, so that nothing comes or goes unheard after it.
        let watch = try RailWatch()
        try watch.add(to: poller)
        self.watch = consume watch
        for end in ends { try open(end) }
    }
}

// MARK: - Events in

extension Partner {
    /// Hands an event to the manager and carries its actions out, then those of the events they caused.
    func feed(_ event: Event) {
        take(event, at: MonotonicClock.now)
        while !eventsToCome.isEmpty {
            take(eventsToCome.removeFirst(), at: MonotonicClock.now)
        }
        failureDetail = nil
    }

    private func take(_ event: Event, at now: Instant) {
        manager.handle(event, at: now, into: &actions)
        if let failpoint, let place = place(of: failpoint.after) {
            if failpoint.act == .kill, failpoint.delay == .zero {
                recorder?.note(event, at: now, actions)
                recorder?.flush()
            }
            reach(failpoint, at: place, now)
        }
        if isLeaving, actions.contains(where: \.isTheEnd) {
            // What is left is counting up and clearing away. The goodbye is carried by the kernel's threads, which have to
            // come before that where they share a processor with this process.
            Confinement.stepBack()
        }
        for index in actions.indices { carryOut(actions[index], at: now) }
        // Afterwards, when the partner has already been sent what it waits for.
        recorder?.note(event, at: now, actions)
        actions.removeAll(keepingCapacity: true)
        if isDoomed {
            history.flush(at: now)
            recorder?.flush()
        }
    }

    /// Takes what a rail has to tell.
    private func drain(_ end: RailEnd, _ ready: Sources) throws(RuntimeError) {
        guard end.rail != nil else { return }
        if ready.contains(.device(of: end.id)) { drainDeviceEvents(of: end) }
        if ready.contains(.completions(of: end.id)), end.fault == nil { try drainCompletions(of: end) }
        if ready.contains(.connections(of: end.id)), end.fault == nil { try drainConnectionEvents(of: end) }
        if ready.contains(.closed(end.id)), end.fault == nil {
            end.fault = .deviceGone("the kernel is removing \(end.rail?.deviceName ?? "the device")")
        }
        if let fault = end.fault { lose(end, fault) }
    }

    private func drainCompletions(of end: RailEnd) throws(RuntimeError) {
        guard let rail = end.rail else { return }
        do throws(VerbsError) {
            guard try rail.completionQueue.takeEvent() else { return }
            // Asked for again before the queue is emptied, or a completion between the two would never be
            // announced (ibv_req_notify_cq(3)).
            try rail.completionQueue.requestNotification()
            try pollCompletions(of: rail, at: end)
        } catch {
            guard !error.isOfMissingDevice else {
                end.fault = .deviceGone(error.description)
                return
            }
            throw RuntimeError("completions can no longer be taken: \(error)")
        }
    }

    private func pollCompletions(of rail: Rail, at end: RailEnd) throws(VerbsError) {
        while let completion = try rail.completionQueue.poll() {
            let outcome = Outcome(completion.status)
            let work = Work(number: completion.workRequest, on: end.id)
            if outcome != .success, work?.isOwn == true {
                // It may have failed for want of the own address, and then says nothing of the partner.
                check(end)
                guard end.fault == nil else { return }
            }
            switch work {
            // What was under way on a connection that was retired meanwhile is flushed, and nothing of it comes through.
            case .operation(let connection, _) where !holds(connection): continue
            case .sent(let connection) where !holds(connection): continue
            case .operation(let connection, let operation):
                let words =
                    outcome == .success && completion.operation == .read ? try rail.partnerBlock() : nil
                if outcome != .success { failureDetail = FailureDetail(completion.status) }
                feed(.completed(connection, operation, outcome, words))
                if operation == .heartbeatRead, outcome == .success {
                    beats.record(MonotonicClock.now - end.heartbeatPosted)
                }
            case .sent(let connection):
                if outcome != .success { failureDetail = FailureDetail(completion.status) }
                feed(.sent(connection, outcome))
            case .message(let connection, let slot):
                if outcome == .success {
                    // A write with a number uses a receive up and leaves what lies there: no message at all.
                    let byteCount = completion.operation == .receive ? completion.byteCount : 0
                    take(slot, byteCount, of: connection, on: rail)
                } else if completion.status == .remoteAccess {
                    // A write with a number, past what was granted: the receive that it used up tells of it.
                    noteRefusedAccess(completion.queuePairNumber, at: end)
                } else if outcome != .flushed {
                    failureDetail = FailureDetail(completion.status)
                    feed(.overlong(connection))
                }
            case nil:
                continue
            }
        }
    }

    private func holds(_ connection: ConnectionID) -> Bool {
        endpoints.contains { $0.connection == connection }
    }

    /// Hands a message over. Of a connection that was retired meanwhile, nothing comes through.
    private func take(_ slot: Int, _ byteCount: Int, of connection: ConnectionID, on rail: Rail) {
        guard let endpoint = endpoints.first(where: { $0.connection == connection }) else { return }
        let bytes = rail.messages.message(slot, byteCount: byteCount)
        // Before it is handed over: the answer may bring the next message.
        do throws(VerbsError) {
            try endpoint.postReceive(slot, on: rail)
        } catch {
            failureDetail = FailureDetail(error)
            return feed(.sent(connection, .failed))
        }
        feed(.received(connection, bytes))
    }

    /// Takes a few events: whoever asks for connections without end holds up no heartbeat, and what the connections
    /// that he wears out leave behind in the completion queue is taken before it can run over.
    private func drainConnectionEvents(of end: RailEnd) throws(RuntimeError) {
        guard let rail = end.rail else { return }
        do throws(VerbsError) {
            for _ in 0..<Self.connectionEventLimit {
                guard var event = try rail.channel.nextEvent() else { return }
                let queuePair = event.remoteQueuePairNumber
                if let inbound = event.takeIdentifier() {
                    requests &+= 1
                    waitingRequest = consume inbound
                    waitingQueuePair = queuePair
                    feed(
                        .request(
                            RequestID(value: requests, rail: end.id),
                            ConnectionPrivateData.Words(prefixOf: event.privateData)))
                    // The manager answers every request at once; what it did not answer is closed unanswered.
                    dropRequest()
                } else if event.kind == .deviceRemoval {
                    end.fault = .deviceGone("\(event.kind) of \(rail.deviceName)")
                    return
                } else {
                    try take(event, on: rail, at: end)
                }
            }
        } catch {
            throw RuntimeError("connection events can no longer be taken: \(error)")
        }
    }

    /// Closes a request that nobody answered.
    func dropRequest() { try? waitingRequest.take()?.close() }

    private static let connectionEventLimit = 8

    private func take(
        _ event: borrowing ConnectionEvent, on rail: Rail, at end: RailEnd
    ) throws(VerbsError) {
        let endpoint = endpoints.first { Endpoint.context(of: $0.connection) == event.context }
        guard let endpoint else { return }
        let connection = endpoint.connection
        if event.status != 0 { failureDetail = FailureDetail(event) }
        defer { failureDetail = nil }
        switch event.kind {
        case .addressResolved:
            carry(on: endpoint) { endpoint throws(VerbsError) in try endpoint.addressResolved() }
        case .routeResolved:
            carry(on: endpoint) { endpoint throws(VerbsError) in try endpoint.routeResolved(on: rail) }
        case .addressError, .routeError:
            feed(.connectFailed(connection, .unresolved))
        case .rejected:
            feed(Event(rejected: connection, event))
        case .connectError:
            feed(.connectFailed(connection, .refusedByTransport))
        case .unreachable:
            feed(.connectFailed(connection, .unanswered))
        case .established:
            endpoint.met(event.remoteQueuePairNumber)
            feed(.connected(connection, ConnectionPrivateData.Words(prefixOf: event.privateData)))
        case .disconnected:
            // What the partner said last comes before its leave.
            try pollCompletions(of: rail, at: end)
            feed(.disconnected(connection))
        case .deviceRemoval, .addressChanged, .timeWaitExited, .connectRequest, .connectResponse,
            .multicastJoined, .multicastError, .unknown:
            // The removal of a device was taken before; the others tell nothing that a read would not tell
            // better.
            break
        }
    }

    /// Takes the next step of an attempt; a local failure is the attempt's.
    private func carry(
        on endpoint: Endpoint, _ step: (Endpoint) throws(VerbsError) -> Void
    ) {
        do throws(VerbsError) {
            try step(endpoint)
        } catch {
            failureDetail = FailureDetail(error)
            feed(.connectFailed(endpoint.connection, .local))
        }
    }

    private func drainDeviceEvents(of end: RailEnd) {
        guard let rail = end.rail else { return }
        do throws(VerbsError) {
            while let event = try rail.deviceEvents.nextEvent() {
                // Its address may be what the device has lost.
                if event.kind == .globalIdentifierChanged { check(end) }
                if event.kind == .queuePairAccessError { noteRefusedAccess(event.queuePairNumber, at: end) }
                guard event.kind == .deviceFatal else { continue }
                end.fault = .deviceGone("\(event) of \(rail.deviceName)")
            }
        } catch {
            end.fault = .deviceGone(error.description)
        }
    }

    /// Tells the manager of a request that was refused for want of a grant, and over whose queue pair it came.
    private func noteRefusedAccess(_ queuePair: UInt32?, at end: RailEnd) {
        guard let queuePair else { return }
        let owner = endpoints.first {
            $0.connection.rail == end.id && $0.queuePairNumber == queuePair
        }
        let port = clients.owner(ofQueuePair: queuePair, on: end.id)
        feed(.accessRefused(queuePair: queuePair, owner?.connection ?? port?.connection, port?.client))
    }

    private func lookIntoMailboxes() {
        for end in ends where manager.watchesMailbox(of: end.id) {
            guard let words = try? end.rail?.readMailbox(), !equal(words, end.mailboxSeen) else { continue }
            end.mailboxSeen = words
            feed(.mailbox(words, end.id))
        }
    }

    private func equal(_ first: Mailbox, _ second: Mailbox) -> Bool {
        for index in first.indices where first[index] != second[index] { return false }
        return true
    }
}

// MARK: - Actions out

extension Partner {
    private func carryOut(_ action: Action, at now: Instant) {
        switch action {
        case .setTimer(let timer, let instant, let rail): timers.set(timer, of: rail, instant)
        case .cancelTimer(let timer, let rail): timers.cancel(timer, of: rail)
        case .record(let record): write(record, at: now)
        case .finished: isFinished = true
        case .notify(let client, let notice): clients.notify(client, notice)
        case .destroyPorts(let connection, let pairs):
            for remains in clients.destroy(pairs, of: connection) { bury(remains) }
        case .connectPorts(let connection, let tables): clients.connect(tables, of: connection)
        case .publish(_, let rail), .clearMailbox(let rail):
            carryOut(action, at: end(of: rail))
        case .reject(let request, _):
            carryOut(action, at: end(of: request.rail))
        case .connect(let connection, _), .accept(_, let connection, _),
            .readStatusBlock(let connection, _, _), .writeMailbox(let connection, _, _, _, _),
            .send(let connection, _), .makePorts(let connection, _), .retire(let connection):
            carryOut(action, at: end(of: connection.rail))
        }
    }

    /// The manager names no rail but those that it was told of.
    private func end(of rail: RailID) -> RailEnd { ends[Int(rail.index)] }

    private func carryOut(_ action: Action, at end: RailEnd) {
        guard let rail = end.rail else { return }
        switch action {
        case .publish(let words, _):
            // Fails only for an offset outside the block.
            try? rail.publish(words)
        case .clearMailbox: clearMailbox(at: end, rail)
        case .connect(let connection, let words):
            clearMailbox(at: end, rail)
            begin(connection) { () throws(VerbsError) in
                try Endpoint(
                    connecting: connection, words, on: rail, transport: configuration.transport)
            }
        case .accept(_, let connection, let words):
            guard let inbound = waitingRequest.take() else { return }
            clearMailbox(at: end, rail)
            accept(connection, words, inbound, on: rail)
        case .reject(_, let words):
            guard let inbound = waitingRequest.take() else { return }
            reject(inbound, words)
        case .readStatusBlock(let connection, let operation, let key):
            if operation == .heartbeatRead { end.heartbeatPosted = MonotonicClock.now }
            post(operation, on: connection) { endpoint throws(VerbsError) in
                try endpoint.postRead(operation, key: key, on: rail)
            }
        case .writeMailbox(let connection, let operation, let kind, let words, let key):
            post(operation, on: connection) { endpoint throws(VerbsError) in
                try endpoint.postWrite(operation, kind, words, key: key, on: rail)
            }
        case .send(let connection, let bytes):
            send(bytes, on: connection, rail)
        case .makePorts(let connection, let orders):
            clients.make(orders, for: connection, over: path(of: connection), on: rail)
        case .retire(let connection):
            clients.forget(connection)
            guard let index = endpoints.firstIndex(where: { $0.connection == connection }) else { return }
            if let remains = endpoints.remove(at: index).retire() { bury(remains) }
        case .setTimer, .cancelTimer, .record, .notify, .destroyPorts, .connectPorts, .finished:
            break
        }
    }

    /// Zeroes the mailbox: when a connection is retired, and before the next begins. A queue pair that was put in the
    /// error state may still be finishing a write.
    private func clearMailbox(at end: RailEnd, _ rail: Rail) {
        // Fails only for an offset outside the mailbox.
        try? rail.clearMailbox()
        end.mailboxSeen = InlineArray(repeating: 0)
    }

    /// Has destroyed what was ended, without waiting for it.
    private func bury(_ remains: Remains) {
        guard let reaper else { return remains.destroy() }
        reaper.take(remains)
    }

    private func begin(_ connection: ConnectionID, _ make: () throws(VerbsError) -> Endpoint) {
        do throws(VerbsError) {
            endpoints.append(try make())
        } catch {
            failureDetail = FailureDetail(error)
            eventsToCome.append(.connectFailed(connection, error.isUnresolved ? .unresolved : .local))
        }
    }

    private func accept(
        _ connection: ConnectionID, _ words: ConnectionPrivateData.Words,
        _ inbound: consuming ConnectionIdentifier, on rail: Rail
    ) {
        do throws(VerbsError) {
            let endpoint = try Endpoint(
                accepting: connection, words, inbound, on: rail, transport: configuration.transport)
            endpoint.met(waitingQueuePair)
            endpoints.append(endpoint)
        } catch {
            // Usually a request whose sender has given up meanwhile.
            failureDetail = FailureDetail(error)
            eventsToCome.append(.connectFailed(connection, .local))
        }
    }

    private func reject(_ inbound: consuming ConnectionIdentifier, _ words: Rejection.Words) {
        // Fails where the sender has given up meanwhile: nobody is left to tell.
        if let data = try? PrivateData(words.span.bytes) { try? inbound.reject(privateData: data) }
        try? inbound.close()
    }

    private func post(
        _ operation: Operation, on connection: ConnectionID,
        _ post: (Endpoint) throws(VerbsError) -> Void
    ) {
        guard let endpoint = endpoints.first(where: { $0.connection == connection }) else { return }
        do throws(VerbsError) {
            try post(endpoint)
        } catch {
            guard !isOfOwnEnd(error, connection) else { return }
            failureDetail = FailureDetail(error)
            eventsToCome.append(.completed(connection, operation, .failed, nil))
        }
    }

    /// Whether work could not be posted because the own device is gone, which says nothing of the partner. The rail is then
    /// lost before anything else is done: its events may tell of the device only later.
    private func isOfOwnEnd(_ error: VerbsError, _ connection: ConnectionID) -> Bool {
        guard error.isOfMissingDevice else { return false }
        end(of: connection.rail).fault = .deviceGone(error.description)
        return true
    }
}

// MARK: - Clients

extension Partner {
    /// Keeps the clients' appointments, goes on with their ports, tells them what has finished, and tells the
    /// manager what they want.
    private func serveClients(_ ready: Sources, at now: Instant) throws(RuntimeError) {
        clients.keepAppointments(at: now)
        clients.work(at: now)
        do throws(VerbsError) {
            if ready.hasPorts, reaper?.isBusy == true {
                // The queues of ports that have ended announce what was flushed, and no set asks for that any more.
                for end in ends where ready.contains(.ports(of: end.id)) {
                    try end.rail?.portChannel.takeEvents()
                }
            }
            try clients.drain(announced: ready.hasPorts)
        } catch {
            guard !error.isOfMissingDevice else {
                // Which of them it was, each is asked when its turn comes.
                for end in ends { check(end) }
                return
            }
            throw RuntimeError("the ports' completions can no longer be taken: \(error)")
        }
        while !clients.events.isEmpty {
            let event = clients.events.removeFirst()
            failureDetail = clients.failureDetail
            feed(event)
            if case .withdraw(let client) = event { clients.remove(client) }
        }
        clients.failureDetail = nil
        for record in notes.take() { history.note(record, at: MonotonicClock.now) }
    }

    private func send(_ bytes: [UInt8], on connection: ConnectionID, _ rail: Rail) {
        guard let endpoint = endpoints.first(where: { $0.connection == connection }) else { return }
        do throws(VerbsError) {
            try endpoint.postMessage(bytes, on: rail)
        } catch {
            guard !isOfOwnEnd(error, connection) else { return }
            failureDetail = FailureDetail(error)
            eventsToCome.append(.sent(connection, .failed))
        }
    }

    private func path(of connection: ConnectionID) -> PathToPartner? {
        do throws(VerbsError) {
            return try endpoints.first { $0.connection == connection }?.path()
        } catch {
            clients.failureDetail = FailureDetail(error)
            return nil
        }
    }
}

extension Action {
    /// Whether the process ends once this is carried out.
    fileprivate var isTheEnd: Bool { if case .finished = self { true } else { false } }
}

/// Lines of history that clients wrote while they were being called.
private final class ClientNotes {
    private var records: [HistoryRecord] = []

    func append(_ record: HistoryRecord) { records.append(record) }

    func take() -> [HistoryRecord] {
        guard !records.isEmpty else { return records }
        defer { records.removeAll() }
        return records
    }
}

// MARK: - History, status, failpoint

extension Partner {
    private func recordStart() {
        let settings = configuration.settings
        history.write(.started, at: started) { line in
            line.field("pid", UInt64(ProcessFacts.identifier))
            line.field("node", settings.node.value)
            line.field("cluster", text: settings.cluster.description)
            line.field("role", name: settings.role.name)
            line.field("protocolMin", UInt64(settings.versions.lowest))
            line.field("protocolMax", UInt64(settings.versions.highest))
        }
    }

    private func recordStop() {
        history.write(.stopped, at: MonotonicClock.now) { line in
            describeBeats(in: &line)
            ProcessFacts.describe(in: &line)
            manager.counters.describe(in: &line)
        }
        recorder?.end()
        control?.remove()
    }

    /// When history or the recording has to be written; nil when nothing waits. While history waits for a handshake to be
    /// over, so does the recording.
    private var nextWrite: Instant? { history.due ?? recorder?.due }

    private func writeWhatIsDue() {
        if let due = nextWrite {
            let now = MonotonicClock.now
            if due <= now {
                history.flush(at: now)
                recorder?.flush()
            }
        }
        guard let failure = recorder?.failure else { return }
        recorder = nil
        history.write(.recordingFailed, at: MonotonicClock.now) { $0.field("reason", text: failure) }
    }

    func describeBeats(in line: inout JSONLine) {
        line.field("beatReads", beats.count)
        guard !beats.isEmpty else { return }
        line.field("beatMedianNs", beats.nanoseconds(atPercentile: 50))
        line.field("beatP99Ns", beats.nanoseconds(atPercentile: 99))
        line.field("beatMaxNs", beats.longestNanoseconds)
    }

    private func write(_ record: HistoryRecord, at now: Instant) {
        switch record.event {
        case .connectStarted, .requestAccepted:
            let rail = record.rail.map { end(of: $0).configuration }
            history.write(record, at: now) { line in
                guard let rail else { return }
                line.field("address", text: rail.partnerAddress.text)
                line.field("gid", text: rail.partnerAddress.gid.description)
                line.field("port", UInt64(rail.bootPort))
            }
        case .connectFailed, .handshakeFailed, .retired, .portsFailed:
            let detail = failureDetail
            history.write(record, at: now) { line in
                detail?.describe(in: &line)
            }
        case .established:
            history.note(withQueuePairs(record), at: now)
        case .verdict:
            history.note(record, at: now)
            serviceManager.status("partner \(manager.verdict.map { "\($0.name)" } ?? "without verdict")")
        default:
            history.note(record, at: now)
        }
    }

    /// The record of an establishment, and between which two queue pairs it is.
    private func withQueuePairs(_ record: HistoryRecord) -> HistoryRecord {
        guard case .number(let connection)? = record[0]?.value,
            let endpoint = endpoints.first(where: { UInt64($0.connection.value) == connection }),
            let own = endpoint.queuePairNumber, let partner = endpoint.partnerQueuePairNumber
        else { return record }
        return record.with("queuePair", .number(UInt64(own)))
            .with("partnerQueuePair", .number(UInt64(partner)))
    }

    /// Where among the actions the record of a moment is, if the manager has just asked for it.
    private func place(of moment: Failpoint.Moment) -> Int? {
        actions.firstIndex {
            if case .record(let record) = $0 { record.event == moment.event } else { false }
        }
    }

    /// The laboratory's failpoint. Without a delay nothing of what was to follow the record happens, or not until
    /// somebody wakes the process up.
    private func reach(_ failpoint: Failpoint, at place: Int, _ now: Instant) {
        self.failpoint = nil
        if failpoint.act == .kill, failpoint.delay == .zero {
            // What had happened by then is told, though nothing of it is carried out any more.
            for case .record(let record) in actions[...place] { write(record, at: now) }
        }
        history.write(.failpointReached, at: now) { line in
            line.field("act", text: failpoint.act.rawValue)
            line.field("after", text: failpoint.after.rawValue)
            line.field("dueNs", (now + failpoint.delay).nanoseconds)
        }
        switch (failpoint.act, failpoint.delay) {
        case (.kill, .zero): ProcessFacts.killSelf()
        case (.freeze, .zero): ProcessFacts.freezeSelf()
        default:
            isDoomed = true
            ProcessFacts.strikeSelf(failpoint.act, after: failpoint.delay)
        }
    }
}
