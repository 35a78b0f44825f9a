/// What the driver is to make for a client and its counterpart: queue pairs that belong to no connection
/// manager of the transport, and registered memory under a key of its own.
public struct PortOrder: Hashable, Sendable {
    /// Whose.
    public var pair: ClientPair
    /// How many queue pairs.
    public var ports: UInt32
    /// How many bytes of the client's memory the partner shall reach.
    public var memory: UInt64

    package init(pair: ClientPair, ports: UInt32, memory: UInt64) {
        self.pair = pair
        self.ports = ports
        self.memory = memory
    }
}
