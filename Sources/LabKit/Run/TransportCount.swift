/// What Soft-RoCE itself has counted at one end of a rail.
struct TransportCount: Hashable, Sendable {
    /// Packets that arrived whole.
    var received: UInt64 = 0
    /// Requests that had arrived before.
    var repeated: UInt64 = 0
    /// Requests and replies that came before others that were sent earlier.
    var outOfOrder: UInt64 = 0

    /// The counters of an end's device, as they are now; none where there is no device.
    init(of end: RailEnd) {
        let folder =
            "/sys/class/infiniband/\(FabricNames.device(of: end.partner, rail: end.rail))/ports/1/hw_counters"
        func counter(_ name: String) -> UInt64 {
            Files.text(of: "\(folder)/\(name)").flatMap { UInt64($0.trimmed) } ?? 0
        }
        received = counter("rcvd_pkts")
        repeated = counter("duplicate_request")
        outOfOrder = counter("out_of_seq_request") + counter("rcvd_seq_err")
    }

    init() {}

    /// What came since; a device that was made anew meanwhile begins at zero.
    func since(_ earlier: TransportCount) -> TransportCount {
        func growth(_ count: KeyPath<TransportCount, UInt64>) -> UInt64 {
            let (before, now) = (earlier[keyPath: count], self[keyPath: count])
            return now >= before ? now - before : now
        }
        var growing = TransportCount()
        growing.received = growth(\.received)
        growing.repeated = growth(\.repeated)
        growing.outOfOrder = growth(\.outOfOrder)
        return growing
    }

    static func += (sum: inout TransportCount, other: TransportCount) {
        sum.received += other.received
        sum.repeated += other.repeated
        sum.outOfOrder += other.outOfOrder
    }
}
