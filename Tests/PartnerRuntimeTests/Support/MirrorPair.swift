import ClusterConnection
import Testing

@testable import PartnerRuntime

/// Two log mirrors, each the keeper of the other's log, in lives that end whenever the test wants. After every
/// recovery, what had been acknowledged has to lie at the keeper while one who held it has lived.
final class MirrorPair {
    static let recordByteCount = 64

    /// A life of one of the two, and what it wrote into its history.
    final class Side {
        let incarnation: Incarnation
        let memory: UInt64
        let mirror: LogMirror
        let services: ClientServices
        var ports: MemoryPorts?
        var isReady = false
        var isPaused = false
        /// Whether it holds all of its own log that was acknowledged, and all of its partner's.
        var holdsOwn = false
        var holdsPartners = false
        private let notes: Notes

        final class Notes { var recoveries: [HistoryRecord] = [] }

        init(_ incarnation: UInt64, memory: UInt64, interval: TimeSpan) throws {
            let name = try #require(Name("log-mirror"))
            let notes = Notes()
            self.notes = notes
            self.incarnation = Incarnation(value: incarnation)
            self.memory = memory
            mirror = LogMirror(
                name, ports: 1, memory: memory, recordBytes: MirrorPair.recordByteCount, interval: interval)
            services = try ClientServices(
                mirror, as: ClientID(value: 1), of: self.incarnation, mirror.demand
            ) { record in
                if record.event == .mirrorRecovered { notes.recoveries.append(record) }
            }
        }

        func takeRecoveries() -> [HistoryRecord] {
            defer { notes.recoveries = [] }
            return notes.recoveries
        }
    }

    /// What a side was told to be safe: these numbers.
    private struct Promise {
        var oldest: UInt64 = 1
        var highest: UInt64 = 0
    }

    private(set) var sides: [Side]
    private var promises = [Promise(), Promise()]
    private var lives: UInt64 = 2
    private let name: String
    private var told: [String] = []
    private(set) var recoveries = 0
    /// Recoveries at a keeper that had something.
    private(set) var found = 0

    init(_ name: String, slots: [Int], interval: TimeSpan = .zero) throws {
        self.name = name
        sides = try slots.enumerated().map {
            try Side(
                UInt64($0.offset + 1), memory: UInt64($0.element * Self.recordByteCount), interval: interval)
        }
    }

    func acknowledged(by side: Int) -> UInt64 { sides[side].mirror.acknowledged }

    // MARK: What a test does to the pair

    /// Ports are made on both sides, and then both are told, this one first.
    func connect(first: Int = 0, isToldReady: Bool = true) {
        say("connect")
        let memory = agreed
        for side in sides {
            side.mirror.portsComing(memory, side.services)
        }
        for index in 0..<2 { limitPromise(of: index, to: promises[index].highest) }
        guard isToldReady else { return }
        for index in [first, 1 - first] {
            let side = sides[index]
            let partner = sides[1 - index]
            let ports = MemoryPorts(from: side.services, to: partner.services, byteCount: Int(memory))
            side.ports = ports
            side.services.ports = ports
            ports.isReady = true
            let notice: ClientNotice =
                side.isPaused
                ? .resumed(partner.incarnation, ports: 1, memory: memory)
                : .ready(partner.incarnation, ports: 1, memory: memory)
            side.isReady = true
            side.isPaused = false
            side.mirror.notified(notice, side.services)
            check()
        }
    }

    private var agreed: UInt64 { min(sides[0].memory, sides[1].memory) }

    /// So many pieces of a side's work are carried out.
    func carryOut(_ count: Int, of side: Int) {
        for _ in 0..<count {
            sides[side].ports?.carryOutNext()
            check()
        }
    }

    func wake(_ side: Int) {
        guard sides[side].services.wakeTime != nil else { return }
        sides[side].services.wakeTime = nil
        sides[side].mirror.woken(sides[side].services)
        check()
    }

    /// The rail under the ports is lost, or the connection as a whole.
    func disconnect(isPause: Bool, after counts: [Int] = [0, 0], tornAt byteCount: Int = 0) {
        say(isPause ? "pause" : "lose")
        for index in 0..<2 { takePorts(of: index, after: counts[index], tornAt: byteCount) }
        for index in 0..<2 { tellEnd(to: index, isPause: isPause) }
    }

    /// A life ends, and another one with other memory is there in its place: of the process, or of the client alone.
    func replace(
        _ index: Int, slots: Int, interval: TimeSpan = .zero, after count: Int = 0, tornAt byteCount: Int = 0
    ) throws {
        say("replace \(index) with \(slots) slots")
        takePorts(of: index, after: count, tornAt: byteCount)
        takePorts(of: 1 - index, after: 0, tornAt: 0)
        tellEnd(to: 1 - index, isPause: false)
        lives += 1
        sides[index] = try Side(
            lives, memory: UInt64(slots * Self.recordByteCount), interval: interval)
        // Who held it is gone: nothing was promised for that.
        if !sides[1 - index].holdsPartners { promises[index] = Promise() }
        if !sides[1 - index].holdsOwn { promises[1 - index] = Promise() }
    }

    private func takePorts(of index: Int, after count: Int, tornAt byteCount: Int) {
        sides[index].ports?.end(after: count, tornAt: byteCount)
        sides[index].ports = nil
        sides[index].services.ports = nil
    }

    private func tellEnd(to index: Int, isPause: Bool) {
        let side = sides[index]
        guard side.isReady || side.isPaused && !isPause else { return }
        side.isReady = false
        side.isPaused = isPause
        let partner = sides[1 - index].incarnation
        side.mirror.notified(
            isPause
                ? .paused(partner)
                : .lost(partner, .init(verdict: nil, reason: .connection, phase: nil)), side.services)
    }

    // MARK: What must hold

    private func check() {
        for index in 0..<2 {
            for recovery in sides[index].takeRecoveries() { check(recovery, of: index) }
            let side = sides[index]
            guard side.isReady, side.holdsOwn, side.mirror.acknowledged > promises[index].highest else {
                continue
            }
            promises[index].highest = side.mirror.acknowledged
            limitPromise(of: index, to: side.mirror.acknowledged)
        }
    }

    /// A ring vouches for so many of its records and for none before them, whatever an earlier one did.
    private func limitPromise(of index: Int, to last: UInt64) {
        let slots = Int(agreed) / Self.recordByteCount
        guard slots > LogMirror.window else { return }
        let kept = UInt64(slots - LogMirror.window)
        promises[index].oldest = max(promises[index].oldest, last + 1 - min(last, kept))
    }

    private func check(_ recovery: HistoryRecord, of index: Int) {
        recoveries += 1
        let keeper = sides[1 - index]
        let highest = Self.number("highest", of: recovery)
        say("\(index) recovered \(highest)")
        if keeper.holdsPartners {
            if highest > 0 { found += 1 }
            if highest < promises[index].highest || Self.number("damaged", of: recovery) > 0 {
                Issue.record(
                    "\(name): \(index) found \(highest) of \(promises[index].highest), damaged \(Self.number("damaged", of: recovery))\n\(tail)"
                )
            }
        }
        if !keeper.holdsPartners, !sides[index].holdsOwn {
            // What a recovery that was cut off left behind: the log goes on after it, and nobody promised more.
            promises[index].oldest = sides[index].mirror.acknowledged + 1
        }
        sides[index].holdsOwn = true
        keeper.holdsPartners = true
        // As many as the ring of now vouches for. What was begun before is acknowledged with the recovery.
        let slots = Int(agreed) / Self.recordByteCount
        let end = promises[index].highest + 1
        limitPromise(of: index, to: sides[index].mirror.acknowledged)
        let held = keeper.services.withSharedBytes { memory in
            (0..<slots).map {
                LogRecord.content(memory, ringAt: 0, slot: $0, of: slots, byteCount: Self.recordByteCount)
                    .number
            }
        }
        for number in promises[index].oldest..<max(promises[index].oldest, end)
        where held[Int((number - 1) % UInt64(slots))] != number {
            Issue.record("\(name): record \(number) of \(index), acknowledged, is not there\n\(tail)")
        }
    }

    static func number(_ field: String, of record: HistoryRecord) -> UInt64 {
        for index in 0..<record.count {
            if let one = record[index], "\(one.name)" == field, case .number(let value) = one.value {
                return value
            }
        }
        return 0
    }

    private func say(_ line: String) { told.append(line) }

    private var tail: String { told.suffix(30).joined(separator: "\n") }
}
