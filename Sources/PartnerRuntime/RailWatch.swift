import CLinux
import ClusterConnection
import Glibc

/// Hears of what a rail's own end is made of as it comes and goes: network interfaces and their addresses
/// (rtnetlink(7)), RDMA devices (kernel uevents, netlink(7)). Needs no capability.
///
/// The kernel announces an address and a device, but not the GID that it makes of them a moment later. So the
/// watch also has a timer, which a change sets to a few milliseconds and which then doubles up to a second:
/// one look each second is what remains where a container keeps the kernel's announcements from the process.
struct RailWatch: ~Copyable {
    /// What has become worth a look.
    struct Changes: OptionSet {
        let rawValue: UInt8

        /// Something came, or came up.
        static let appeared = Changes(rawValue: 1 << 0)
        /// Something went.
        static let vanished = Changes(rawValue: 1 << 1)
        /// The timer's turn.
        static let due = Changes(rawValue: 1 << 2)
    }

    private let links: OwnedDescriptor
    private let devices: OwnedDescriptor
    private let timer: OwnedDescriptor
    private var pause = RailWatch.shortestPause

    private static let shortestPause = TimeSpan.milliseconds(4)
    private static let longestPause = TimeSpan.seconds(1)
    /// The kernel's own group of uevents; udev's is 2.
    private static let kernelGroup: UInt32 = 1

    init() throws(RuntimeError) {
        let links = try Self.listen(
            NETLINK_ROUTE, groups: UInt32(RTMGRP_LINK | RTMGRP_IPV4_IFADDR | RTMGRP_IPV6_IFADDR),
            what: "for changes of network interfaces")
        let devices = try Self.listen(
            NETLINK_KOBJECT_UEVENT, groups: Self.kernelGroup, what: "for changes of RDMA devices")
        let timer = try OwnedDescriptor(
            timerfd_create(CLOCK_MONOTONIC, Int32(TFD_NONBLOCK) | Int32(TFD_CLOEXEC)),
            call: "timerfd_create", subject: "for the rail's watch")
        self.links = consume links
        self.devices = consume devices
        self.timer = consume timer
    }

    private static func listen(
        _ kind: Int32, groups: UInt32, what: String
    ) throws(RuntimeError) -> OwnedDescriptor {
        let descriptor = try OwnedDescriptor(
            socket(
                AF_NETLINK, Int32(SOCK_RAW.rawValue | SOCK_NONBLOCK.rawValue | SOCK_CLOEXEC.rawValue), kind),
            call: "socket", subject: what)
        var address = sockaddr_nl()
        address.nl_family = sa_family_t(AF_NETLINK)
        address.nl_groups = groups
        let bound = withUnsafePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                bind(descriptor.number, $0, socklen_t(MemoryLayout<sockaddr_nl>.size))
            }
        }
        guard bound == 0 else { throw RuntimeError(call: "bind", subject: what, errno: errno) }
        return descriptor
    }

    /// For epoll(7): all of them are drained by `take`.
    func add(to poller: borrowing Poller) throws(RuntimeError) {
        try poller.add(links.number, as: .railWatch)
        try poller.add(devices.number, as: .railWatch)
        try poller.add(timer.number, as: .railWatch)
    }

    /// Whether nothing has happened for so long that what is missing now is not merely late.
    var isQuiet: Bool { pause >= Self.longestPause }

    /// Takes what happened since. What came begins the row of pauses anew.
    mutating func take() -> Changes {
        var changes: Changes = []
        Self.drain(links.number) {
            changes.formUnion(Self.changes(inRoute: $0))
        } overrun: {
            changes.formUnion([.appeared, .vanished])
        }
        Self.drain(devices.number) {
            changes.formUnion(Self.changes(inEvent: $0))
        } overrun: {
            changes.formUnion([.appeared, .vanished])
        }
        var expirations: UInt64 = 0
        if read(timer.number, &expirations, 8) == 8 { changes.insert(.due) }
        if changes.contains(.appeared) { pause = Self.shortestPause }
        return changes
    }

    /// Has `take` tell that it is due after the next pause.
    mutating func lookAgain() {
        set(pause)
        pause = min(pause * 2, Self.longestPause)
    }

    /// Stops the timer.
    mutating func rest() { set(.zero) }

    private func set(_ span: TimeSpan) {
        var setting = itimerspec()
        setting.it_value.tv_sec = Int(span.nanoseconds / 1_000_000_000)
        setting.it_value.tv_nsec = Int(span.nanoseconds % 1_000_000_000)
        // Fails only for a bad descriptor or setting.
        timerfd_settime(timer.number, 0, &setting, nil)
    }

    private static func drain(
        _ descriptor: Int32, _ body: (UnsafeRawBufferPointer) -> Void, overrun: () -> Void
    ) {
        withUnsafeTemporaryAllocation(byteCount: 8_192, alignment: 8) { buffer in
            while true {
                let count = recv(descriptor, buffer.baseAddress, buffer.count, 0)
                if count > 0 {
                    body(UnsafeRawBufferPointer(rebasing: buffer.prefix(count)))
                } else if count < 0, errno == ENOBUFS {
                    // More happened than the socket had room for (netlink(7)).
                    overrun()
                } else if count == 0 || errno != EINTR {
                    return
                }
            }
        }
    }

    /// What the messages of rtnetlink(7) in a datagram tell: each has a header of 16 bytes, which begins with
    /// its length and its type.
    static func changes(inRoute bytes: UnsafeRawBufferPointer) -> Changes {
        var changes: Changes = []
        var rest = bytes
        while rest.count >= 16 {
            let length = Int(rest.loadUnaligned(as: UInt32.self))
            switch Int(rest.loadUnaligned(fromByteOffset: 4, as: UInt16.self)) {
            case Int(RTM_NEWLINK), Int(RTM_NEWADDR): changes.insert(.appeared)
            case Int(RTM_DELLINK), Int(RTM_DELADDR): changes.insert(.vanished)
            default: break
            }
            guard length >= 16, (length + 3) & ~3 <= rest.count else { break }
            rest = UnsafeRawBufferPointer(rebasing: rest.dropFirst((length + 3) & ~3))
        }
        return changes
    }

    /// What a uevent tells: `add@/devices/virtual/infiniband/rxe0`, then its fields, each ended by a null byte.
    static func changes(inEvent bytes: UnsafeRawBufferPointer) -> Changes {
        let header = String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self)
        let parts = header.split(separator: "@", maxSplits: 1)
        guard parts.count == 2, parts[1].contains("/infiniband") || parts[1].hasSuffix("/rdma_cm") else {
            return []
        }
        switch parts[0] {
        case "add", "change", "move", "online", "bind": return .appeared
        case "remove", "offline", "unbind": return .vanished
        default: return []
        }
    }
}
