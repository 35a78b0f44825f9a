import Addressing
import ClusterConnection
import Glibc
import Verbs

/// What a node lacks of the own end of a rail; each needs the one before it.
enum MissingPart {
    /// The kernel's RDMA connection manager: its module is not loaded yet.
    case rdma
    /// The network interface that a link-local address names.
    case interface
    /// The address: no interface has it.
    case address
    /// An RDMA device on the interface that has the address.
    case device
    /// The GID that the device makes of the address.
    case gid

    /// The name in event lines.
    var name: StaticString {
        switch self {
        case .rdma: "rdma"
        case .interface: "interface"
        case .address: "address"
        case .device: "device"
        case .gid: "gid"
        }
    }

    /// What an error says is missing; nil when it is about something that waiting does not mend, such as a
    /// port that is taken.
    init?(_ error: VerbsError, opening rail: Configuration.Rail) {
        let call = error.call.description
        switch error.errno {
        case ENOENT where call == "rdma_create_event_channel": self = .rdma
        case ENODEV where call == "if_nametoindex": self = .interface
        case EADDRNOTAVAIL: self = .address
        case ENODEV where call == "rdma_create_event_channel": self = .device
        // EIO is what the calls of a device say that is going away.
        case ENODEV, EIO: self = Self.hasDevice(rail) ? .gid : .device
        default: return nil
        }
    }

    /// Whether the interface that has the rail's own address has an RDMA device.
    private static func hasDevice(_ rail: Configuration.Rail) -> Bool {
        guard let address = try? HardwareAddress(rail.address.socketText, port: rail.bootPort),
            let interface = address.networkInterface, let devices = try? Device.list()
        else { return false }
        return devices.contains { device in
            device.ports.contains { port in
                port.identifiers.contains { $0.networkInterface == interface }
            }
        }
    }
}

/// Why a rail that was there is not there any more.
enum RailFault {
    /// Its device was removed, or failed for good.
    case deviceGone(String)
    /// Its address was taken away.
    case addressGone(String)

    var name: StaticString {
        switch self {
        case .deviceGone: "deviceGone"
        case .addressGone: "addressGone"
        }
    }

    var detail: String {
        switch self {
        case .deviceGone(let detail), .addressGone(let detail): detail
        }
    }
}

extension VerbsError {
    /// Whether this is how calls end on a device that is gone.
    var isOfMissingDevice: Bool { errno == EIO || errno == ENODEV }
}
