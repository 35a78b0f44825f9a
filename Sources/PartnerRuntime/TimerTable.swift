import CLinux
import ClusterConnection
import Glibc

/// The connection manager's timers, the boot schedule, the history's due time and the clients' on one timerfd_create(2)
/// descriptor.
struct TimerTable: ~Copyable {
    private let descriptor: OwnedDescriptor
    private var deadlines: InlineArray<35, UInt64> = InlineArray(repeating: .max)
    /// How many slots are in use: those in front, and as many of the manager's timers as its rails have.
    private let slots: Int
    private var armed: UInt64 = .max

    /// The slots in front of the manager's own timers.
    private static let bootSlot = 0
    private static let historySlot = 1
    private static let clientSlot = 2
    private static let firstTimer = 3
    private static let timersOfARail = 8

    init(rails: Int) throws(RuntimeError) {
        slots = Self.firstTimer + Self.timersOfARail * min(rails, RailID.limit)
        descriptor = try OwnedDescriptor(
            timerfd_create(CLOCK_MONOTONIC, Int32(TFD_NONBLOCK) | Int32(TFD_CLOEXEC)),
            call: "timerfd_create", subject: "for the event loop")
    }

    var fileDescriptor: Int32 { descriptor.number }

    mutating func set(_ timer: TimerName, of rail: RailID, _ instant: Instant) {
        deadlines[slot(of: timer, rail)] = instant.nanoseconds
    }

    mutating func cancel(_ timer: TimerName, of rail: RailID) { deadlines[slot(of: timer, rail)] = .max }

    private func slot(of timer: TimerName, _ rail: RailID) -> Int {
        Self.firstTimer + Self.timersOfARail * Int(rail.index) + Int(timer.rawValue)
    }

    mutating func setBoot(_ instant: Instant?) { deadlines[Self.bootSlot] = instant?.nanoseconds ?? .max }

    mutating func setHistory(_ instant: Instant?) {
        deadlines[Self.historySlot] = instant?.nanoseconds ?? .max
    }

    /// When a client has an appointment.
    mutating func setClients(_ instant: Instant?) {
        deadlines[Self.clientSlot] = instant?.nanoseconds ?? .max
    }

    /// Takes the boot schedule's turn if it has come due.
    mutating func takeBoot(at now: Instant) -> Bool {
        guard deadlines[Self.bootSlot] <= now.nanoseconds else { return false }
        deadlines[Self.bootSlot] = .max
        return true
    }

    /// Takes the timer that has come due first; nil when none has.
    mutating func takeDue(at now: Instant) -> (name: TimerName, rail: RailID)? {
        var first: Int?
        var earliest = now.nanoseconds
        for index in Self.firstTimer..<slots where deadlines[index] <= earliest {
            earliest = deadlines[index]
            first = index
        }
        guard let first else { return nil }
        deadlines[first] = .max
        let (rail, timer) = (first - Self.firstTimer).quotientAndRemainder(dividingBy: Self.timersOfARail)
        return TimerName(rawValue: UInt8(timer)).map { ($0, RailID(index: UInt8(rail))) }
    }

    /// Makes the descriptor ready at the earliest deadline; a system call only when that has changed.
    mutating func arm() {
        var earliest = UInt64.max
        for index in 0..<slots { earliest = min(earliest, deadlines[index]) }
        guard earliest != armed else { return }
        armed = earliest
        var setting = itimerspec()
        if earliest != .max {
            // Zero would disarm the timer; a deadline in the past fires at once.
            let instant = max(earliest, 1)
            setting.it_value.tv_sec = Int(instant / 1_000_000_000)
            setting.it_value.tv_nsec = Int(instant % 1_000_000_000)
        }
        // Fails only for a bad descriptor or setting. Setting it also takes back that it was ready.
        timerfd_settime(descriptor.number, Int32(TFD_TIMER_ABSTIME), &setting, nil)
    }

    /// Has the next `arm` set the descriptor even to the same deadline: it fired, and is still ready.
    mutating func noteFired() { armed = 0 }
}
