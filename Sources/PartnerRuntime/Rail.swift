import ClusterConnection
import Verbs

/// The own end of a path of the interconnect: boot port, preset memory and completion queue on one device.
///
/// Each member keeps alive what it was made from, so they may go in any order.
final class Rail {
    let id: RailID
    let address: HardwareAddress
    let partnerAddress: HardwareAddress
    let channel: ConnectionChannel
    let domain: ProtectionDomain
    let completionChannel: CompletionChannel
    let completionQueue: CompletionQueue
    let statusBlock: RegisteredMemory
    let mailbox: RegisteredMemory
    let scratch: RegisteredMemory
    let messages: MessageBuffers
    /// Where the clients' ports announce that work has finished: apart from the heartbeats, which come first.
    let portChannel: CompletionChannel
    let deviceEvents: DeviceEvents
    private let listener: ConnectionIdentifier

    /// More connections than ever live at once on a rail, each with the work it may have posted.
    private static let completionCapacity = 256
    /// A rail's address is on a device's first port, and Soft-RoCE has no other.
    private static let port: UInt8 = 1
    private static let statusBlockBytes = 64
    private static let backlog: Int32 = 16

    /// Opens the boot port and registers the preset memory.
    init(_ configuration: Configuration.Rail, as id: RailID) throws(VerbsError) {
        self.id = id
        address = try HardwareAddress(configuration.address.socketText, port: configuration.bootPort)
        partnerAddress = try HardwareAddress(
            configuration.partnerAddress.socketText, port: configuration.bootPort)
        channel = try ConnectionChannel()
        listener = try ConnectionIdentifier(channel: channel, context: 0)
        // The port of an incarnation that died a moment ago may not have been given back yet.
        try listener.setReuseAddress()
        try listener.bind(to: address)
        domain = try ProtectionDomain(deviceOf: listener)
        completionChannel = try CompletionChannel(in: domain)
        completionQueue = try CompletionQueue(
            in: domain, channel: completionChannel, capacity: Self.completionCapacity)
        statusBlock = try RegisteredMemory(
            byteCount: Self.statusBlockBytes, access: [.remoteRead], in: domain,
            at: PresetAddress.statusBlock(of: id))
        mailbox = try RegisteredMemory(
            byteCount: Self.statusBlockBytes, access: [.localWrite, .remoteWrite], in: domain,
            at: PresetAddress.mailbox(of: id))
        scratch = try RegisteredMemory(
            byteCount: Self.statusBlockBytes, access: [.localWrite], in: domain)
        messages = try MessageBuffers(in: domain)
        portChannel = try CompletionChannel(in: domain)
        deviceEvents = try DeviceEvents(in: domain)
        try completionQueue.requestNotification()
        try listener.listen(backlog: Self.backlog)
    }

    var deviceName: String { domain.deviceName }

    /// The GID that the kernel found for the own address.
    var identifier: GlobalIdentifier { listener.localIdentifier }

    /// Whether the link below it is up: `up`, `down`, or `unknown` where the device does not tell.
    var physicalLink: StaticString {
        guard let state = try? domain.state(ofPort: Self.port) else { return "unknown" }
        return state == .active ? "up" : "down"
    }

    /// Throws when the own address or its device is not there any more.
    func probe() throws(VerbsError) {
        // A device that is being removed is lost to this process before the connection manager hears of it: asked for an
        // address alone, the rail would seem whole, and what fails on it would be tried again without a pause.
        _ = try domain.state(ofPort: Self.port)
        let probe = try ConnectionIdentifier(channel: channel, context: 0)
        try probe.bind(to: address.with(port: 0))
        try probe.close()
    }

    func publish(_ words: StatusBlock.Words) throws(VerbsError) {
        try statusBlock.storeWords(words.span.bytes, at: 0)
    }

    func readMailbox() throws(VerbsError) -> Mailbox { try Self.load(mailbox) }

    func clearMailbox() throws(VerbsError) {
        let zero: Mailbox = InlineArray(repeating: 0)
        try mailbox.storeWords(zero.span.bytes, at: 0)
    }

    /// What the last read of the partner's status block brought.
    func partnerBlock() throws(VerbsError) -> StatusBlock.Words { try Self.load(scratch) }

    private static func load(
        _ memory: borrowing RegisteredMemory
    ) throws(VerbsError) -> InlineArray<8, UInt64> {
        var words: InlineArray<8, UInt64> = InlineArray(repeating: 0)
        var span = words.mutableSpan
        var bytes = span.mutableBytes
        try memory.loadWords(at: 0, into: &bytes)
        return words
    }
}
