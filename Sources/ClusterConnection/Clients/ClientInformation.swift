/// A client's number at its side; not used again within an incarnation.
public struct ClientID: Hashable, Sendable {
    /// The number.
    public let value: UInt16

    /// The client of this number.
    public init(value: UInt16) { self.value = value }
}

extension ClientID: Comparable {
    /// In the order of registration.
    public static func < (lhs: ClientID, rhs: ClientID) -> Bool { lhs.value < rhs.value }
}

/// A client and its counterpart.
public struct ClientPair: Hashable, Sendable {
    /// The client of this side.
    public let own: ClientID
    /// The client of the partner's side.
    public let partner: ClientID

    /// The pair of these two.
    public init(own: ClientID, partner: ClientID) {
        self.own = own
        self.partner = partner
    }
}

/// Which of two counterparts a client is.
public enum ClientRole: UInt8, CaseIterable, Sendable {
    /// Both are alike.
    case symmetric = 0
    /// The one that begins; its counterpart is passive.
    case active = 1
    /// The one that answers; its counterpart is active.
    case passive = 2

    /// The role of the counterpart.
    public var counterpart: ClientRole {
        switch self {
        case .symmetric: .symmetric
        case .active: .passive
        case .passive: .active
        }
    }

    /// The name in configurations and event lines.
    public var name: StaticString {
        switch self {
        case .symmetric: "symmetric"
        case .active: "active"
        case .passive: "passive"
        }
    }
}

/// What a client asks of the CCM (claims C5 to C7 and C23).
public struct ClientInformation: Hashable, Sendable {
    /// By which it is matched with its counterpart.
    public var name: Name
    /// Which of the two it is.
    public var role: ClientRole
    /// How many ports it requires (claim C6).
    public var ports: UInt32
    /// How many bytes of memory it requests, that the partner's counterpart shall reach (claim C7).
    public var memory: UInt64

    /// Information with these fields.
    public init(name: Name, role: ClientRole, ports: UInt32, memory: UInt64) {
        self.name = name
        self.role = role
        self.ports = ports
        self.memory = memory
    }

    /// What two counterparts get, when they do not ask for the same: the lesser number of ports, and the lesser
    /// amount of memory. Both sides find it by themselves.
    public func agreed(with other: ClientInformation) -> ClientInformation {
        ClientInformation(
            name: name, role: role, ports: min(ports, other.ports), memory: min(memory, other.memory))
    }
}

/// How much clients may ask for at a side.
public struct ClientLimits: Hashable, Sendable {
    /// Clients.
    public var clients: UInt32 = 32
    /// Ports of one client.
    public var portsOfOne: UInt32 = 1_024
    /// Ports of all clients together. A table of more would not fit into one message.
    public var ports: UInt32 = 1_536
    /// Bytes of memory of all clients together.
    public var memory: UInt64 = 1 << 30

    /// More ports than this cannot be configured: the tables of all clients have to fit into one message.
    public static let mostPorts: UInt32 = 1_536

    /// The default limits.
    public init() {}
}

/// A limit that a client's wishes exceed.
public enum ClientLimit: UInt8, CaseIterable, Sendable {
    /// So many clients there may be.
    case clients
    /// So many ports a client may have.
    case portsOfOne
    /// So many ports all clients together may have.
    case ports
    /// So much memory all clients together may have.
    case memory
    /// The name is taken by another client of this side.
    case name

    /// The name in event lines.
    public var name: StaticString {
        switch self {
        case .clients: "clients"
        case .portsOfOne: "portsOfOne"
        case .ports: "ports"
        case .memory: "memory"
        case .name: "name"
        }
    }
}
