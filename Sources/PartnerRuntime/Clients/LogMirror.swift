import ClusterConnection

/// Mirrors this side's log into the partner's memory: a record is acknowledged once it lies there, and no
/// acknowledged record is lost while one of the two partners lives.
///
/// Records are numbered and lie in a ring of slots, here and there: the same bytes in the same slot, so that
/// writing one twice does no harm. Whenever the partner becomes ready, the ring is read back first. A new life of
/// this side finds its log there; an old one writes what is missing, because the partner began a new life or the
/// connection ended before everything had arrived. Then it goes on where the log ends.
///
/// Of the `slots` records the last `slots - window` are vouched for: the slots before them may be overwritten by
/// records that are on their way.
///
/// It also keeps an eye on the memory that the partner's log lies in: from the loss on until ports lead there again,
/// not a byte of it may change.
final class LogMirror: Client {
    let demand: ClientDemand
    private let name: Name
    private let interval: TimeSpan
    private let recordByteCount: Int
    /// The bytes of the own ring; what is read back lies behind it in the local memory.
    private let ringByteCount: Int

    private var state = State.idle
    private var partner = Incarnation.none
    private var slots = 0
    /// For how many slots the own ring is laid out.
    private var laidOut = 0
    /// For how many slots the partner's ring is laid out that is kept here.
    private var keptSlots = 0
    /// The numbers of the records: the last that was begun, and the last that is acknowledged.
    private var last: UInt64 = 0
    private(set) var acknowledged: UInt64 = 0
    /// The next record to be posted: those before it are under way or acknowledged.
    private var nextToPost: UInt64 = 1
    private var readOffset = 0
    private var readsUnderWay = 0
    private var toRewrite: [UInt64] = []
    private var rewritesUnderWay = 0
    private var recovery = Recovery()
    private var acknowledgedHere: UInt64 = 0
    private var noted: UInt64 = 0
    private var notedAt: Instant?
    /// Whether the partner's log was looked over since a loss, and no port leads there.
    private var isFenced = false

    private enum State {
        case idle
        case reading
        case rewriting
        case running
        /// The ports are gone with a rail.
        case paused
        /// A port failed; the next ready begins anew.
        case failed
    }

    /// What was found when the ring was read back.
    private struct Recovery {
        var highest: UInt64 = 0
        var records: UInt64 = 0
        var damaged: UInt64 = 0
        var rewritten: UInt64 = 0
    }

    /// Work under way at once.
    static let window = 16
    /// One record in so many has its end reported, which stands for those before it: each report is a turn of the
    /// process, and half of the window keeps the rail busy meanwhile.
    private static let reportSpacing: UInt64 = 8
    private static let readByteCount = 32_768
    private static let readDepth = 4
    private static let noteSpan = TimeSpan.milliseconds(10)
    /// How long after a loss the memory is looked over once more: whatever was on its way has landed by then.
    private static let vigil = TimeSpan.seconds(1)
    /// Marks the completions of writes that recovery posted.
    private static let rewriteToken = UInt32.max

    init(_ name: Name, ports: UInt32, memory: UInt64, recordBytes: Int, interval: TimeSpan) {
        self.name = name
        self.interval = interval
        recordByteCount = recordBytes
        ringByteCount = Int(clamping: memory)
        demand = ClientDemand(
            ClientInformation(name: name, role: .symmetric, ports: ports, memory: memory),
            workDepth: Self.window, localMemory: 2 * Int(clamping: memory))
    }

    func notified(_ notice: ClientNotice, _ services: ClientServices) {
        switch notice {
        case .ready(let incarnation, let ports, let memory):
            partner = incarnation
            acknowledgedHere = 0
            begin(ports, memory, services)
        case .resumed(_, let ports, let memory):
            // What was under way when the rail was lost may lie there or not: it is read back, as after a loss.
            begin(ports, memory, services)
        case .paused:
            services.wake(at: nil)
            state = .paused
            check("paused", services)
            isFenced = true
        case .lost:
            if state != .idle { report(services) }
            state = .idle
            check("lost", services)
            isFenced = true
            services.wake(at: services.now + Self.vigil)
        case .noCounterpart, .refused, .portsFailed, .verdict, .partnerPhase, .partnerStalled:
            break
        }
    }

    private func begin(_ ports: UInt32, _ memory: UInt64, _ services: ClientServices) {
        slots = Int(clamping: memory) / recordByteCount
        // Too little memory was agreed for a ring that vouches for anything.
        guard ports > 0, slots > Self.window else { return }
        if laidOut != slots, last > 0 {
            services.withMutableLocalBytes {
                LogRing.lay(
                    &$0, upTo: last, from: laidOut, to: slots, byteCount: recordByteCount,
                    scratch: ringByteCount)
            }
        }
        laidOut = slots
        recover(services)
    }

    func portsComing(_ memory: UInt64, _ services: ClientServices) {
        if isFenced {
            check("remade", services)
            isFenced = false
            services.wake(at: nil)
        }
        keep(Int(clamping: memory) / recordByteCount, services)
    }

    func woken(_ services: ClientServices) {
        if isFenced { return check("later", services) }
        guard state == .running else { return }
        services.wake(at: services.now + interval)
        append(services)
        post(services)
    }

    func completed(_ work: FinishedWork, _ services: ClientServices) {
        guard work.outcome == .success else {
            // Nothing more is acknowledged until everything has been read back.
            state = .failed
            services.wake(at: nil)
            return
        }
        switch (work.kind, state) {
        case (.read, .reading):
            readsUnderWay -= 1
            readOn(services)
        case (.write, .rewriting):
            rewritesUnderWay -= 1
            rewriteOn(services)
        case (.write, .running):
            acknowledge(upTo: work.token, services)
            if interval == .zero { appendAll(services) } else { post(services) }
        default:
            break
        }
    }

    private func slot(of number: UInt64) -> Int { Int((number - 1) % UInt64(slots)) * recordByteCount }

    /// How many of the last records are vouched for.
    private var kept: UInt64 { UInt64(slots - Self.window) }
}

// MARK: - The log goes on

extension LogMirror {
    /// Begins as many records as there is room for, each on its way before the next one is made.
    private func appendAll(_ services: ClientServices) {
        while state == .running, append(services) { post(services) }
    }

    /// Begins a record, unless the ring still needs its slot for one that is not acknowledged.
    ///
    /// - Returns: whether there was room.
    @discardableResult
    private func append(_ services: ClientServices) -> Bool {
        guard last - acknowledged < UInt64(Self.window) else { return false }
        last += 1
        let offset = slot(of: last)
        services.withMutableLocalBytes { memory in
            LogRecord.fill(
                &memory, at: offset, byteCount: recordByteCount, number: last,
                writer: services.incarnation.value)
        }
        return true
    }

    /// Posts what has been begun, as far as the port takes it.
    private func post(_ services: ClientServices) {
        while nextToPost <= last {
            let offset = slot(of: nextToPost)
            do throws(PortError) {
                try services.write(
                    at: 0, from: offset, byteCount: recordByteCount, to: offset,
                    token: UInt32(truncatingIfNeeded: nextToPost), isReported: isReported(nextToPost))
            } catch {
                if case .wouldBlock = error { return }
                state = .failed
                return
            }
            nextToPost += 1
        }
    }

    /// Without a pause, more records follow each; at a pace, nobody knows when the next one does.
    private func isReported(_ number: UInt64) -> Bool {
        number % Self.reportSpacing == 0 || interval != .zero && number == last
    }

    /// Writes end in the order in which they were posted, so that each acknowledges all before it.
    private func acknowledge(upTo token: UInt32, _ services: ClientServices) {
        let number = acknowledged + UInt64(token &- UInt32(truncatingIfNeeded: acknowledged))
        guard number <= last else { return }
        acknowledgedHere += number - acknowledged
        acknowledged = number
        let now = services.now
        guard notedAt.map({ now - $0 >= Self.noteSpan }) ?? true else { return }
        notedAt = now
        noteAcknowledged(services)
    }

    private func noteAcknowledged(_ services: ClientServices) {
        guard noted != acknowledged else { return }
        noted = acknowledged
        services.note(
            HistoryRecord(.mirrorAcknowledged).with("client", name)
                .with("highest", .number(acknowledged)))
    }

    private func report(_ services: ClientServices) {
        services.note(
            HistoryRecord(.mirrorReport).with("client", name)
                .with("acknowledged", .number(acknowledgedHere)).with("highest", .number(acknowledged))
                .with("bytes", .number(acknowledgedHere * UInt64(recordByteCount)))
                .with("partnerIncarnation", .incarnation(partner)))
    }
}

// MARK: - The partner's log, kept here

extension LogMirror {
    /// Lays the partner's log out for the memory that is agreed now: a new life of the partner with other memory could
    /// not find in the slots of before what an earlier one was told to be safe.
    private func keep(_ slots: Int, _ services: ClientServices) {
        // With too little memory the partner mirrors nothing, and what lies here waits for a life that has more.
        guard slots > Self.window, slots != keptSlots else { return }
        let old = keptSlots
        keptSlots = slots
        guard old > 0 else { return }
        let (byteCount, scratch) = (recordByteCount, ringByteCount)
        services.withSharedBytes { kept in
            services.withMutableLocalBytes {
                LogRing.copy(kept, from: 0, into: &$0, at: scratch, byteCount: old * byteCount)
            }
        }
        services.withLocalBytes { copy in
            services.withMutableSharedBytes {
                LogRing.lay(
                    copy, ringAt: scratch, of: old, vouched: UInt64(old - Self.window), into: &$0, to: slots,
                    byteCount: byteCount)
            }
        }
    }

    /// Looks the memory over that the partner's log lies in, and writes down what it found.
    private func check(_ moment: StaticString, _ services: ClientServices) {
        let ringByteCount = keptSlots * recordByteCount
        let scan = services.withSharedBytes {
            RingScan($0, byteCount: ringByteCount, recordByteCount: recordByteCount)
        }
        services.note(
            HistoryRecord(.memoryChecked).with("client", name).with("moment", .text(moment))
                .with("checksum", .hexadecimal(scan.checksum)).with("records", .number(scan.records))
                .with("highest", .number(scan.highest)).with("outOfTurn", .number(scan.outOfTurn))
                .with("partnerIncarnation", .incarnation(partner)))
    }
}

// MARK: - Recovery

extension LogMirror {
    /// Reads the partner's ring back, whole, before anything is written to it.
    private func recover(_ services: ClientServices) {
        state = .reading
        recovery = Recovery()
        readOffset = 0
        readsUnderWay = 0
        readOn(services)
    }

    private func readOn(_ services: ClientServices) {
        let end = slots * recordByteCount
        while readOffset < end, readsUnderWay < Self.readDepth {
            let count = min(Self.readByteCount, end - readOffset)
            do throws(PortError) {
                try services.read(
                    at: 0, into: ringByteCount + readOffset, byteCount: count, from: readOffset)
            } catch {
                state = .failed
                return
            }
            readOffset += count
            readsUnderWay += 1
        }
        if readOffset == end, readsUnderWay == 0 { compare(services) }
    }

    /// Compares what the partner holds with the own log, and finds what has to be written again.
    private func compare(_ services: ClientServices) {
        let contents = contents(ofRingAt: ringByteCount, services)
        var lowest = UInt64.max
        for content in contents {
            guard let number = content.number else { continue }
            recovery.records += 1
            recovery.highest = max(recovery.highest, number)
            lowest = min(lowest, number)
        }
        if last == 0 { adopt(services) }
        // Writes arrive in their order. What is not whole between two records that are was damaged; what follows
        // the last of them was on its way when the connection ended.
        for number in max(lowest, oldestKept(upTo: recovery.highest))..<max(lowest, recovery.highest + 1)
        where contents[Int((number - 1) % UInt64(slots))].number != number {
            recovery.damaged += 1
        }
        toRewrite = []
        let own = self.contents(ofRingAt: 0, services)
        for number in oldestKept(upTo: last)..<(last + 1) {
            let place = Int((number - 1) % UInt64(slots))
            // What this side does not hold whole itself it has nothing to write from.
            if contents[place].number != number, own[place].number == number { toRewrite.append(number) }
        }
        recovery.rewritten = UInt64(toRewrite.count)
        toRewrite.reverse()
        rewritesUnderWay = 0
        state = .rewriting
        rewriteOn(services)
    }

    /// What lies in each slot of a ring in the local memory.
    private func contents(ofRingAt start: Int, _ services: ClientServices) -> [LogRecord.Content] {
        services.withLocalBytes { memory in
            (0..<slots).map {
                LogRecord.content(memory, ringAt: start, slot: $0, of: slots, byteCount: recordByteCount)
            }
        }
    }

    /// The first life of this side that finds a log goes on with it.
    private func adopt(_ services: ClientServices) {
        last = recovery.highest
        acknowledged = recovery.highest
        noted = recovery.highest
        guard last > 0 else { return }
        services.withMutableLocalBytes {
            LogRing.move(&$0, from: ringByteCount, to: 0, byteCount: slots * recordByteCount)
        }
    }

    private func oldestKept(upTo number: UInt64) -> UInt64 { number > kept ? number - kept + 1 : 1 }

    private func rewriteOn(_ services: ClientServices) {
        while let number = toRewrite.last {
            let offset = slot(of: number)
            do throws(PortError) {
                try services.write(
                    at: 0, from: offset, byteCount: recordByteCount, to: offset, token: Self.rewriteToken)
            } catch {
                if case .wouldBlock = error { return }
                state = .failed
                return
            }
            toRewrite.removeLast()
            rewritesUnderWay += 1
        }
        if rewritesUnderWay == 0 { run(services) }
    }

    private func run(_ services: ClientServices) {
        acknowledged = last
        nextToPost = last + 1
        services.note(
            HistoryRecord(.mirrorRecovered).with("client", name)
                .with("highest", .number(recovery.highest)).with("records", .number(recovery.records))
                .with("damaged", .number(recovery.damaged)).with("rewritten", .number(recovery.rewritten))
                .with("partnerIncarnation", .incarnation(partner)))
        state = .running
        noteAcknowledged(services)
        if interval == .zero {
            appendAll(services)
        } else {
            services.wake(at: services.now + interval)
        }
    }
}
