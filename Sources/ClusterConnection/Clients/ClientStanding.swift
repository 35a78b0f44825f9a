/// Where a client stands, for status reports.
public struct ClientStanding: Hashable, Sendable {
    /// Its number.
    public var client: ClientID
    /// What it asked for.
    public var information: ClientInformation
    /// `registered`, `waiting` (connected, without a counterpart), `making`, `connecting`, `connected` (the partner
    /// has not said ready), `ready` or `failed`.
    public var state: String
    /// Its ports, as agreed and made; 0 while there are none.
    public var ports: Int
    /// The bytes of its memory that the partner reaches; 0 while it reaches none.
    public var memory: UInt64
}

extension ConnectionManager {
    /// Where each client stands, in the order of their registration.
    public var clientStandings: [ClientStanding] {
        exchange.registrations.map { registration in
            let state =
                switch registration.ports {
                case .none: exchange.partnerSet == nil ? "registered" : "waiting"
                case .making, .made: "making"
                case .connecting: "connecting"
                case .connected: "connected"
                case .ready: "ready"
                case .failed: "failed"
                }
            return ClientStanding(
                client: registration.client, information: registration.information, state: state,
                ports: registration.ports.table?.ports.count ?? 0,
                memory: registration.ports.table?.memoryByteCount ?? 0)
        }
    }

    /// The protocol version of the present connection; nil while none is agreed.
    public var agreedVersion: UInt16? { exchange.standing == .open ? exchange.version : nil }

    /// Whether both sides have said ready on the present connection.
    public var isReady: Bool { exchange.isReady }
}
