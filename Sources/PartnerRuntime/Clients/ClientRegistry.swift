import ClusterConnection
import Verbs

/// The clients of a partner process: what they ask of the connection manager, and what it does for them.
///
/// Ports are made and connected piece by piece, so that a thousand of them hold up no heartbeat.
final class ClientRegistry {
    /// What the connection manager is yet to hear.
    var events: [Event] = []

    private var services: [ClientServices] = []
    private var calendar: [Appointment] = []
    private var sets: [PortSet] = []
    private var jobs: [Job] = []
    /// When ports are worked at again.
    private var workDue: Instant?
    private var clientCount: UInt16 = 0
    private var setCount: UInt16 = 0
    private var hasMoreCompletions = false
    private let incarnation: Incarnation
    private let transport: Configuration.Transport
    private let record: (HistoryRecord) -> Void

    /// A client that registers or withdraws at a moment of its own.
    private struct Appointment {
        var due: Instant
        var client: any Client
        var registers: Bool
    }

    /// Ports that are made or connected together, and answered for together.
    private struct Job {
        enum Kind {
            case make
            case connect
        }

        var kind: Kind
        var connection: ConnectionID
        var sets: [PortSet]
        var next = 0
    }

    /// How long ports may be worked at until a heartbeat has its chance.
    private static let workSpan = TimeSpan.milliseconds(1)
    /// How long the processor is left to others after that: the process may run before all of them, and the
    /// kernel's own work for the device is among them.
    private static let restSpan = TimeSpan.milliseconds(3)
    /// How many completions are told until a heartbeat has its chance.
    private static let completionLimit = 64

    init(
        of incarnation: Incarnation, transport: Configuration.Transport,
        record: @escaping (HistoryRecord) -> Void
    ) {
        self.incarnation = incarnation
        self.transport = transport
        self.record = record
        events.reserveCapacity(16)
    }

    // MARK: Registration

    /// Has a client register at one moment, and withdraw at another if there is one.
    func add(_ client: any Client, at due: Instant, until end: Instant? = nil) {
        calendar.append(Appointment(due: due, client: client, registers: true))
        if let end { calendar.append(Appointment(due: end, client: client, registers: false)) }
        calendar.sort { $0.due < $1.due }
    }

    /// Carries out what is due, and wakes the clients that asked for it.
    func keepAppointments(at now: Instant) {
        while let appointment = calendar.first, appointment.due <= now {
            calendar.removeFirst()
            if appointment.registers {
                register(appointment.client)
            } else if let service = services.first(where: { $0.owner === appointment.client }) {
                // In the order of the appointments: whoever comes next may have the name of the one that goes.
                events.append(.withdraw(service.client))
            }
        }
        for service in services {
            if let due = service.wakeTime, due <= now {
                service.wakeTime = nil
                service.owner.woken(service)
            }
        }
        for service in services where service.wantsToWithdraw { events.append(.withdraw(service.client)) }
        for service in services where service.wantsToWithdraw { service.wantsToWithdraw = false }
    }

    /// When the next appointment, waking or piece of work is due.
    var nextDue: Instant? {
        var due = calendar.first?.due
        if let workDue, due.map({ workDue < $0 }) ?? true { due = workDue }
        for service in services {
            if let wake = service.wakeTime, due.map({ wake < $0 }) ?? true { due = wake }
        }
        return due
    }

    private func register(_ client: any Client) {
        let demand = client.demand
        // Numbers are not used twice in a life: the last one is for all that are refused when there are no more.
        guard clientCount < .max - 1 else {
            return client.refuseDemand(ClientID(value: .max), record)
        }
        clientCount += 1
        let number = ClientID(value: clientCount)
        guard demand.isSound else {
            return client.refuseDemand(number, record)
        }
        do throws(VerbsError) {
            let service = try ClientServices(
                client, as: number, of: incarnation, demand, record: record)
            services.append(service)
            events.append(.register(number, demand.information))
            client.registered(service)
        } catch {
            client.refuseDemand(number, record)
        }
    }

    // MARK: What the connection manager orders

    /// Begins to make ports.
    func make(
        _ orders: [PortOrder], for connection: ConnectionID, over path: PathToPartner?, on rail: Rail
    ) {
        var job = Job(kind: .make, connection: connection, sets: [])
        for order in orders {
            guard let path, let service = services.first(where: { $0.client == order.pair.own }) else {
                events.append(.portsFailed(connection, order.pair))
                continue
            }
            service.owner.portsComing(order.memory, service)
            setCount = (setCount + 1) % PortWork.serialLimit
            do throws(VerbsError) {
                let set = try PortSet(
                    order, of: service, connection: connection, serial: setCount, over: path, on: rail,
                    transport: transport)
                sets.append(set)
                job.sets.append(set)
            } catch {
                fail(order.pair, of: connection, error)
            }
        }
        jobs.append(job)
    }

    /// Begins to connect ports with the partner's.
    func connect(_ tables: [PortTable], of connection: ConnectionID) {
        var job = Job(kind: .connect, connection: connection, sets: [])
        for table in tables {
            guard let set = sets.first(where: { $0.order.pair == table.pair && $0.connection == connection })
            else { continue }
            set.join(table)
            job.sets.append(set)
        }
        jobs.append(job)
    }

    /// Ends ports, at once: nothing of the partner's reaches a client's memory any more.
    ///
    /// - Returns: what is left to be destroyed.
    func destroy(_ pairs: [ClientPair], of connection: ConnectionID) -> [Remains] {
        for index in jobs.indices where jobs[index].connection == connection {
            // Those before the one at work have been worked off.
            let done = jobs[index].sets[..<jobs[index].next].count { pairs.contains($0.order.pair) }
            jobs[index].sets.removeAll { pairs.contains($0.order.pair) }
            jobs[index].next -= done
        }
        var left: [Remains] = []
        for set in sets where set.connection == connection && pairs.contains(set.order.pair) {
            let (abandoned, remains) = set.close()
            left.append(remains)
            if !abandoned.isEmpty { note(abandoned, of: set) }
            if set.services.ports === set { set.services.ports = nil }
        }
        sets.removeAll { $0.connection == connection && pairs.contains($0.order.pair) }
        return left
    }

    private func note(_ abandoned: AbandonedWork, of set: PortSet) {
        record(
            HistoryRecord(.workAbandoned).with("client", set.services.demand.information.name)
                .with("clientNumber", .number(UInt64(set.services.client.value)))
                .with("connection", .number(UInt64(set.connection.value)))
                .with("arrived", .number(abandoned.arrived)).with("refused", .number(abandoned.refused))
                .with("unfinished", .number(abandoned.unfinished)))
    }

    /// The connection is gone, and what was under way for it.
    func forget(_ connection: ConnectionID) { jobs.removeAll { $0.connection == connection } }

    /// Tells a client.
    func notify(_ client: ClientID, _ notice: ClientNotice) {
        guard let service = services.first(where: { $0.client == client }) else { return }
        if notice.bringsPorts, let set = sets.first(where: { $0.order.pair.own == client }) {
            service.ports = set
            set.isReady = true
            // What the counterpart sent before this side was ready has been announced long ago.
            hasMoreCompletions = true
        }
        service.owner.notified(notice, service)
    }

    /// Whose port this queue pair is, and on which connection; nil when it is none that lives.
    func owner(ofQueuePair number: UInt32, on rail: RailID) -> (connection: ConnectionID, client: ClientID)? {
        sets.first { $0.connection.rail == rail && $0.has(queuePair: number) }.map {
            ($0.connection, $0.order.pair.own)
        }
    }

    /// Lets go of a client that has withdrawn.
    func remove(_ client: ClientID) { services.removeAll { $0.client == client } }

    // MARK: Work

    /// Whether there is work that no descriptor will announce.
    var hasWork: Bool { !jobs.isEmpty && workDue == nil || !events.isEmpty || hasMoreCompletions }

    /// Goes on with the ports that are being made or connected, for a moment.
    func work(at now: Instant) {
        if let due = workDue, now < due { return }
        workDue = nil
        guard !jobs.isEmpty else { return }
        let end = MonotonicClock.now + Self.workSpan
        while let job = jobs.first {
            guard job.next < job.sets.count else {
                jobs.removeFirst()
                answer(job)
                continue
            }
            let set = job.sets[job.next]
            do throws(VerbsError) {
                let goesOn = job.kind == .make ? try set.makeNext() : try set.connectNext()
                if !goesOn { jobs[0].next += 1 }
            } catch {
                jobs[0].sets.remove(at: job.next)
                fail(set.order.pair, of: job.connection, error)
            }
            let now = MonotonicClock.now
            if now >= end {
                workDue = now + Self.restSpan
                return
            }
        }
    }

    private func answer(_ job: Job) {
        switch job.kind {
        case .make: events.append(.portsMade(job.connection, job.sets.map(\.table)))
        case .connect: events.append(.portsConnected(job.connection, job.sets.map(\.order.pair)))
        }
    }

    private func fail(_ pair: ClientPair, of connection: ConnectionID, _ error: VerbsError) {
        failureDetail = FailureDetail(error)
        events.append(.portsFailed(connection, pair))
    }

    /// Why ports could not be made, for the line that the connection manager records about it.
    var failureDetail: FailureDetail?

    /// Tells the clients of work that has finished and messages that came, for a moment.
    ///
    /// - Parameter announced: whether the common channel of the ports has something to say.
    func drain(announced: Bool) throws(VerbsError) {
        // Also of ports that are not ready yet: an announcement that nobody takes would be announced for ever.
        // Each asks the channel for the announcements of all, so those of a set that had its turn may come up while
        // another has its own: it would wait for the next one in vain.
        var wasAnnounced = announced
        while wasAnnounced {
            wasAnnounced = false
            for set in sets where try set.takeAnnouncement() { wasAnnounced = true }
            // A queue that is alone on the channel has nobody who could take its announcement: what comes next makes
            // the descriptor ready again.
            if sets.count == 1, sets[0].queueCount == 1 { break }
        }
        guard announced || hasMoreCompletions else { return }
        hasMoreCompletions = false
        for set in sets where set.isReady {
            if try set.drain(limit: Self.completionLimit) { hasMoreCompletions = true }
        }
    }
}

extension Client {
    /// A demand whose numbers no port could meet, or whose memory is not to be had.
    fileprivate func refuseDemand(_ number: ClientID, _ record: (HistoryRecord) -> Void) {
        record(
            HistoryRecord(.clientRefused).with("client", demand.information.name)
                .with("clientNumber", .number(UInt64(number.value))).with("limit", .text("demand")))
    }
}
