import CRDMA
import Glibc

/// What can be known of an RDMA device without using it. A snapshot, for a doctor and for reports.
public struct Device: Sendable {
    /// What one port is and does.
    public struct Port: Sendable {
        /// The state of a port (`ibv_port_state`).
        public enum State: Hashable, Sendable {
            /// Not connected, or its network interface is down.
            case down
            /// Coming up.
            case initializing
            /// Almost up.
            case armed
            /// Sends and receives.
            case active
            /// A state that this module does not know.
            case unknown(UInt32)
        }

        /// Counted from 1.
        public let number: Int
        /// Whether it sends and receives.
        public let state: State
        /// The largest packet now, in bytes of payload. Follows the MTU of the network interface.
        public let activeMTU: Int
        /// The largest packet it could have.
        public let largestMTU: Int
        /// Whether it is RoCE: InfiniBand packets over Ethernet.
        public let isEthernet: Bool
        /// The addresses set, in the order of their indexes.
        public let identifiers: [Identifier]
    }

    /// One entry of a port's GID table.
    public struct Identifier: Sendable {
        /// The kind of packets that carry it (`ibv_gid_type`).
        public enum Kind: Hashable, Sendable {
            /// InfiniBand.
            case infiniBand
            /// RoCE version 1: Ethernet frames, no routing.
            case roceVersion1
            /// RoCE version 2: UDP packets.
            case roceVersion2
            /// A kind that this module does not know.
            case unknown(UInt32)
        }

        /// The index in the table. Changes as addresses come and go: look it up each time.
        public let index: Int
        /// The address.
        public let identifier: GlobalIdentifier
        /// The kind of packets that carry it.
        public let kind: Kind
        /// The network interface it came from; nil when that is not in this network namespace. In shared mode
        /// a device of another namespace passes for one of this where both name and index of the interface are
        /// the same.
        public let networkInterface: String?
    }

    /// The name, `rxe0`.
    public let name: String
    /// The node GUID, as 16 hex digits in groups of four: `5054:00ff:fe00:0062`. On Soft-RoCE made of the MAC.
    public let nodeGUID: String
    /// Its ports; empty when the device could not be opened.
    public let ports: [Port]
    /// Why the device could not be opened or queried; nil when all went well.
    public let failure: VerbsError?

    /// The devices that this network namespace shows; none is no error.
    ///
    /// Opens each for the moment, which needs its file below /dev/infiniband. In the RDMA subsystem's shared
    /// mode devices of other network namespaces are among them.
    public static func list() throws(VerbsError) -> [Device] {
        var count: Int32 = 0
        guard let list = ibv_get_device_list(&count) else {
            let number = ErrorNumber.last
            throw VerbsError(call: "ibv_get_device_list", errno: number)
        }
        defer { ibv_free_device_list(list) }
        return (0..<Int(count)).compactMap { list[$0].map(Device.init) }
    }

    private init(_ device: UnsafeMutablePointer<ibv_device>) {
        name = ibv_get_device_name(device).map { String(cString: $0) } ?? "?"
        nodeGUID = Self.text(ofGUID: UInt64(bigEndian: ibv_get_device_guid(device)))
        do throws(VerbsError) {
            ports = try Self.ports(of: device, named: name)
            failure = nil
        } catch {
            ports = []
            failure = error
        }
    }

    private static func ports(
        of device: UnsafeMutablePointer<ibv_device>, named name: String
    ) throws(VerbsError) -> [Port] {
        let context = try ErrorNumber.checkPointer("ibv_open_device", ibv_open_device(device), name)
        defer { _ = ibv_close_device(context) }
        var attributes = ibv_device_attr()
        try ErrorNumber.checkReturned("ibv_query_device", ibv_query_device(context, &attributes), name)
        let identifiers = try identifiers(of: context, named: name)
        var ports: [Port] = []
        for number in 1..<(Int(attributes.phys_port_cnt) + 1) {
            var port = ibv_port_attr()
            try ErrorNumber.checkReturned(
                "ibv_query_port", -ccm_query_port(context, UInt8(number), &port), "\(name) port \(number)")
            ports.append(
                Port(
                    number: number, state: Port.State(port.state), activeMTU: byteCount(of: port.active_mtu),
                    largestMTU: byteCount(of: port.max_mtu),
                    isEthernet: Int(port.link_layer) == Int(IBV_LINK_LAYER_ETHERNET),
                    identifiers: identifiers.filter { $0.port == number }.map(\.identifier)))
        }
        return ports
    }

    private static func identifiers(
        of context: UnsafeMutablePointer<ibv_context>, named name: String
    ) throws(VerbsError) -> [(port: Int, identifier: Identifier)] {
        // The kernel takes the table's size in bytes as 16 bits: EINVAL for one entry more. It lists only the
        // entries that are set, and fails when they do not fit.
        let most = Int(UInt16.max) / MemoryLayout<ibv_gid_entry>.stride
        let entries = UnsafeMutableBufferPointer<ibv_gid_entry>.allocate(capacity: most)
        defer { entries.deallocate() }
        entries.initialize(repeating: ibv_gid_entry())
        let count = ibv_query_gid_table(context, entries.baseAddress, entries.count, 0)
        guard count >= 0 else {
            throw VerbsError(
                call: "ibv_query_gid_table", errno: Int32(truncatingIfNeeded: -count), detail: name)
        }
        return entries.prefix(count).map { entry in
            let kind: Identifier.Kind =
                switch entry.gid_type {
                case IBV_GID_TYPE_IB.rawValue: .infiniBand
                case IBV_GID_TYPE_ROCE_V1.rawValue: .roceVersion1
                case IBV_GID_TYPE_ROCE_V2.rawValue: .roceVersion2
                default: .unknown(entry.gid_type)
                }
            return (
                Int(entry.port_num),
                Identifier(
                    index: Int(entry.gid_index), identifier: GlobalIdentifier(entry.gid), kind: kind,
                    networkInterface: networkInterface(of: entry, of: name))
            )
        }
    }

    /// The index is that of the device's own network namespace, so it counts only where the kernel's name for
    /// the interface says the same.
    private static func networkInterface(of entry: ibv_gid_entry, of device: String) -> String? {
        guard entry.ndev_ifindex != 0, let name = NetworkInterface.name(index: entry.ndev_ifindex) else {
            return nil
        }
        let path =
            "/sys/class/infiniband/\(device)/ports/\(entry.port_num)/gid_attrs/ndevs/\(entry.gid_index)"
        let file = open(path, O_RDONLY | O_CLOEXEC)
        guard file >= 0 else { return nil }
        defer { close(file) }
        let text = withUnsafeTemporaryAllocation(byteCount: 64, alignment: 1) { buffer in
            let count = read(file, buffer.baseAddress, buffer.count)
            return String(
                decoding: buffer.prefix(max(0, count)).prefix { $0 != UInt8(ascii: "\n") }, as: UTF8.self)
        }
        return text == name ? name : nil
    }

    private static func text(ofGUID guid: UInt64) -> String {
        let digits = String(guid, radix: 16)
        let padded = String(repeating: "0", count: 16 - digits.count) + digits
        var groups: [String] = []
        for group in 0..<4 {
            groups.append(String(padded.dropFirst(group * 4).prefix(4)))
        }
        return groups.joined(separator: ":")
    }

    /// The bytes that an `ibv_mtu` stands for; 0 for one that is not known.
    static func byteCount(of mtu: ibv_mtu) -> Int {
        (1...5).contains(mtu.rawValue) ? 128 << Int(mtu.rawValue) : 0
    }
}

extension Device.Port.State {
    init(_ state: ibv_port_state) {
        self =
            switch state {
            case IBV_PORT_DOWN: .down
            case IBV_PORT_INIT: .initializing
            case IBV_PORT_ARMED: .armed
            case IBV_PORT_ACTIVE: .active
            default: .unknown(state.rawValue)
            }
    }
}
