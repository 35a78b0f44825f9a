import ClusterConnection
import Verbs

/// The transport's end of one connection or attempt.
final class Endpoint: WorkPosting {
    let connection: ConnectionID
    let privateData: ConnectionPrivateData.Words
    private let transport: Configuration.Transport
    private var identifier: ConnectionIdentifier?

    private static let limits = QueuePairLimits(
        sendCapacity: UInt32(8 + MessageBuffers.count), receiveCapacity: UInt32(MessageBuffers.count),
        inlineByteCount: 64)
    /// The kernel looks at the neighbour when it changes, and when this is over. Over a veth pair the answer
    /// comes back before the kernel begins to wait for it, so that only this remains; where a real network
    /// answers later, the next attempt finds the answer there.
    private static let resolveMilliseconds: Int32 = 8
    /// A retry of a receive that was not ready: both sides count the receives that are left, so none is awaited.
    private static let receiverRetries: UInt8 = 6
    private static let readDepth: UInt8 = 4

    /// The end of an attempt of the own: begins to resolve the partner's address.
    init(
        connecting connection: ConnectionID, _ privateData: ConnectionPrivateData.Words, on rail: Rail,
        transport: Configuration.Transport
    ) throws(VerbsError) {
        self.connection = connection
        self.privateData = privateData
        self.transport = transport
        let identifier = try ConnectionIdentifier(
            channel: rail.channel, context: Self.context(of: connection))
        try identifier.resolveAddress(
            from: rail.address.with(port: 0), to: rail.partnerAddress,
            timeoutMilliseconds: Self.resolveMilliseconds)
        self.identifier = consume identifier
    }

    /// The end of a request: accepts it.
    init(
        accepting connection: ConnectionID, _ privateData: ConnectionPrivateData.Words,
        _ inbound: consuming ConnectionIdentifier, on rail: Rail, transport: Configuration.Transport
    ) throws(VerbsError) {
        self.connection = connection
        self.privateData = privateData
        self.transport = transport
        inbound.context = Self.context(of: connection)
        try inbound.setAcknowledgeTimeout(exponent: transport.ackTimeout)
        try inbound.createQueuePair(
            in: rail.domain, completionQueue: rail.completionQueue, limits: Self.limits)
        for slot in 0..<MessageBuffers.count {
            try rail.messages.postReceive(
                slot, to: inbound, workRequest: Work.message(connection, slot).number)
        }
        try inbound.accept(try Self.parameters(privateData, transport))
        identifier = consume inbound
    }

    var queuePairReference: QueuePairReference? { identifier?.queuePairReference }

    /// The number of its queue pair; nil while it has none.
    var queuePairNumber: UInt32? { identifier?.queuePairNumber }

    /// The number of the partner's queue pair, once the transport has told it.
    private(set) var partnerQueuePairNumber: UInt32?

    /// Takes the number of the partner's queue pair; zero stands for none.
    func met(_ partnerQueuePair: UInt32) {
        if partnerQueuePair != 0 { partnerQueuePairNumber = partnerQueuePair }
    }

    /// The context of a connection's identifier, by which its events are known. The listener's is zero.
    static func context(of connection: ConnectionID) -> UInt64 { UInt64(connection.value) }

    func addressResolved() throws(VerbsError) {
        try identifier?.setAcknowledgeTimeout(exponent: transport.ackTimeout)
        try identifier?.resolveRoute(timeoutMilliseconds: Self.resolveMilliseconds)
    }

    func routeResolved(on rail: Rail) throws(VerbsError) {
        try identifier?.createQueuePair(
            in: rail.domain, completionQueue: rail.completionQueue, limits: Self.limits)
        for slot in 0..<MessageBuffers.count { try postReceive(slot, on: rail) }
        try identifier?.connect(try Self.parameters(privateData, transport))
    }

    func postRead(_ operation: Operation, key: UInt32, on rail: Rail) throws(VerbsError) {
        try identifier?.postRead(
            into: rail.scratch, offset: 0, byteCount: rail.scratch.byteCount,
            remoteAddress: PresetAddress.statusBlock(of: connection.rail), remoteKey: key,
            workRequest: Work.operation(connection, operation).number)
    }

    /// Posts a write of a mailbox slot; inline, so that the words are taken before this returns.
    func postWrite(
        _ operation: Operation, _ kind: MailboxSlot.Kind, _ words: MailboxSlot.Words, key: UInt32,
        on rail: Rail
    ) throws(VerbsError) {
        try rail.scratch.storeWords(words.span.bytes, at: 0)
        try identifier?.postWrite(
            from: rail.scratch, offset: 0, byteCount: words.span.bytes.byteCount,
            remoteAddress: PresetAddress.mailbox(of: connection.rail) + UInt64(kind.offset), remoteKey: key,
            workRequest: Work.operation(connection, operation).number, inline: true)
    }

    /// Offers a receive for one more message.
    func postReceive(_ slot: Int, on rail: Rail) throws(VerbsError) {
        try rail.messages.postReceive(slot, to: self, workRequest: Work.message(connection, slot).number)
    }

    /// Sends a message, which is copied at once.
    func postMessage(_ bytes: [UInt8], on rail: Rail) throws(VerbsError) {
        try rail.messages.postSend(bytes, to: self, workRequest: Work.sent(connection).number)
    }

    /// The way that queue pairs of the clients' ports have to go; nil while there is no connection.
    func path() throws(VerbsError) -> PathToPartner? { try identifier?.pathToPartner() }

    /// Ends the connection: the partner is told, and nothing of it reaches memory any more.
    ///
    /// - Returns: what is to be destroyed; nil when that is done.
    func retire() -> Remains? {
        guard let identifier = identifier.take() else { return nil }
        if identifier.queuePairNumber != nil {
            do throws(VerbsError) {
                try identifier.fail()
            } catch {
                // Only destroying it keeps the partner out then. Whatever that may complain of, it is gone afterwards.
                try? identifier.close()
                return nil
            }
            // Fails where there is no connection to end.
            try? identifier.disconnect()
        }
        return Remains(of: identifier)
    }

    private static func parameters(
        _ privateData: ConnectionPrivateData.Words, _ transport: Configuration.Transport
    ) throws(VerbsError) -> ConnectionParameters {
        ConnectionParameters(
            privateData: try PrivateData(privateData.span.bytes), responderResources: readDepth,
            initiatorDepth: readDepth, retryCount: transport.retryCount,
            receiverNotReadyRetryCount: receiverRetries)
    }
}
