import CLinux
import ClusterConnection
import Glibc

/// What a partner process waits for.
struct Sources: OptionSet, Sendable {
    let rawValue: UInt32

    static let timers = Sources(rawValue: 1 << 0)
    static let signals = Sources(rawValue: 1 << 1)
    static let control = Sources(rawValue: 1 << 2)
    static let railWatch = Sources(rawValue: 1 << 3)

    static let reaper = Sources(rawValue: 1 << 20)

    // Four bits for each rail.
    static func completions(of rail: RailID) -> Sources { bit(0, of: rail) }
    static func connections(of rail: RailID) -> Sources { bit(1, of: rail) }
    static func device(of rail: RailID) -> Sources { bit(2, of: rail) }
    static func ports(of rail: RailID) -> Sources { bit(3, of: rail) }

    /// The kernel closed something of the rail: its device is being removed.
    static func closed(_ rail: RailID) -> Sources { Sources(rawValue: 1 << (24 + UInt32(rail.index))) }

    /// Those that an error on a source makes ready. Such an error stays until the descriptor is closed; the loop would turn
    /// without a pause until then.
    fileprivate var afterError: Sources {
        var all = self
        for index in 0..<UInt8(RailID.limit) {
            let rail = RailID(index: index)
            let own: Sources = [
                .completions(of: rail), .connections(of: rail), .device(of: rail), .ports(of: rail),
            ]
            if !isDisjoint(with: own) { all.insert(.closed(rail)) }
        }
        return all
    }

    private static func bit(_ number: UInt32, of rail: RailID) -> Sources {
        Sources(rawValue: 1 << (4 + 4 * UInt32(rail.index) + number))
    }

    /// Whether any rail's ports have something to tell.
    var hasPorts: Bool { rawValue & 0x0008_8880 != 0 }
}

/// Waits for several file descriptors at once (epoll(7), level-triggered).
struct Poller: ~Copyable {
    private let descriptor: OwnedDescriptor

    init() throws(RuntimeError) {
        descriptor = try OwnedDescriptor(
            epoll_create1(Int32(EPOLL_CLOEXEC)), call: "epoll_create1", subject: "for the event loop")
    }

    func add(_ number: Int32, as source: Sources) throws(RuntimeError) {
        var event = epoll_event()
        event.events = EPOLLIN.rawValue
        event.data.u32 = source.rawValue
        guard epoll_ctl(descriptor.number, EPOLL_CTL_ADD, number, &event) == 0 else {
            throw RuntimeError(call: "epoll_ctl", subject: "for descriptor \(number)", errno: errno)
        }
    }

    /// Waits for it no more. One that is closed already is as good.
    func remove(_ number: Int32) {
        _ = epoll_ctl(descriptor.number, EPOLL_CTL_DEL, number, nil)
    }

    /// Waits until at least one source is ready, or only looks which are; takes nothing from the heap.
    func wait(blocks: Bool) throws(RuntimeError) -> Sources {
        let result: Result<Sources, RuntimeError> = withUnsafeTemporaryAllocation(
            of: epoll_event.self, capacity: 16
        ) { events in
            while true {
                let count = epoll_wait(
                    descriptor.number, events.baseAddress, Int32(events.count), blocks ? -1 : 0)
                if count >= 0 {
                    var ready: Sources = []
                    for event in events.prefix(Int(count)) {
                        let source = Sources(rawValue: event.data.u32)
                        let isError = event.events & (EPOLLERR.rawValue | EPOLLHUP.rawValue) != 0
                        ready.formUnion(isError ? source.afterError : source)
                    }
                    return .success(ready)
                }
                // A stop and continuation of the process interrupts the wait; it simply goes on.
                guard errno == EINTR else {
                    return .failure(
                        RuntimeError(call: "epoll_wait", subject: "in the event loop", errno: errno))
                }
            }
        }
        return try result.get()
    }
}
