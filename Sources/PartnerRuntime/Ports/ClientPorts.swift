/// What a client's services use of its ports.
protocol ClientPorts: AnyObject {
    /// Whether the client was told ready: before that no work is taken.
    var isReady: Bool { get }
    /// How many ports there are.
    var count: Int { get }
    /// How many bytes of its memory the counterpart lets this side reach.
    var partnerByteCount: Int { get }

    func send(
        _ message: RawSpan, at index: Int, immediate: UInt32?, token: UInt32, isReported: Bool
    ) throws(PortError)

    func write(
        at index: Int, from offset: Int, byteCount: Int, to partnerOffset: Int, immediate: UInt32?,
        token: UInt32, isReported: Bool
    ) throws(PortError)

    func read(
        at index: Int, into offset: Int, byteCount: Int, from partnerOffset: Int, token: UInt32
    ) throws(PortError)
}

extension PortSet: ClientPorts {}
