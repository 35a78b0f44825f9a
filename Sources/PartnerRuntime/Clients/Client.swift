import ClusterConnection

/// A peer process that asks the CCM for ports and memory, and is told when they can be used (claim C23).
///
/// It is called on the partner's one thread, between heartbeats, and MUST come back at once: what takes longer
/// belongs on a thread of its own. Each call brings the services through which it works.
public protocol Client: AnyObject {
    /// What it asks for; read once, when it registers.
    var demand: ClientDemand { get }

    /// It has been registered; nothing has been told yet.
    func registered(_ services: ClientServices)

    /// The CCM tells something. `ClientNotice.ready` and `ClientNotice.resumed` are the moments from which the ports
    /// work, `ClientNotice.paused` and `ClientNotice.lost` those from which they are gone.
    func notified(_ notice: ClientNotice, _ services: ClientServices)

    /// Ports are about to be made: from here on the counterpart may write into the shared memory, also before
    /// `ClientNotice.ready` comes. Since `ClientNotice.lost` nobody could.
    ///
    /// - Parameter memory: so many bytes of the shared memory, as agreed.
    func portsComing(_ memory: UInt64, _ services: ClientServices)

    /// A message of the counterpart arrived at a port, or a write of its that carried a number: then `message`
    /// is empty. `message` is good until the call returns.
    func received(_ message: RawSpan, immediate: UInt32?, at port: Int, _ services: ClientServices)

    /// Work that was posted has ended.
    func completed(_ work: FinishedWork, _ services: ClientServices)

    /// The moment asked for by `ClientServices.wake(at:)` has come.
    func woken(_ services: ClientServices)
}

extension Client {
    /// Most clients begin with what they are told.
    public func registered(_ services: ClientServices) {}
    /// Most clients don't look at their memory before it is used.
    public func portsComing(_ memory: UInt64, _ services: ClientServices) {}
    /// Clients that never ask to be woken are not.
    public func woken(_ services: ClientServices) {}
    /// Clients without messages get none.
    public func received(_ message: RawSpan, immediate: UInt32?, at port: Int, _ services: ClientServices) {}
    /// Clients that post no work hear of none.
    public func completed(_ work: FinishedWork, _ services: ClientServices) {}
}

/// What a client asks for when it registers.
public struct ClientDemand: Sendable {
    /// What the partner's CCM is told: name, role, ports and memory.
    public var information: ClientInformation
    /// How many messages of the counterpart each port takes before this side has looked at the first.
    public var receives: Int
    /// The most bytes that a message may have, both ways.
    public var messageByteCount: Int
    /// How much work each port has under way at once.
    public var workDepth: Int
    /// Bytes of memory that only this side reaches: where writes come from and reads go to.
    public var localMemory: Int

    /// A demand for no more than being told.
    public init(
        _ information: ClientInformation, receives: Int = 0, messageByteCount: Int = 0, workDepth: Int = 16,
        localMemory: Int = 0
    ) {
        self.information = information
        self.receives = receives
        self.messageByteCount = messageByteCount
        self.workDepth = workDepth
        self.localMemory = localMemory
    }

    /// Whether the numbers make sense together.
    var isSound: Bool {
        (0...1_024).contains(receives) && (0...65_536).contains(messageByteCount)
            && (1...1_024).contains(workDepth) && (0...(1 << 30)).contains(localMemory)
    }
}

/// Work that has ended.
public struct FinishedWork: Sendable {
    /// What it was.
    public enum Kind: UInt8, Sendable {
        /// `ClientServices.send`
        case send
        /// `ClientServices.write`
        case write
        /// `ClientServices.read`
        case read
    }

    /// What it was.
    public let kind: Kind
    /// At which port.
    public let port: Int
    /// The client's own number for it.
    public let token: UInt32
    /// How it ended. After anything but success the port does no more work until the next ready; the other
    /// ports are not concerned.
    public let outcome: Outcome
}

/// Why a client's call was not carried out.
public enum PortError: Error, Sendable {
    /// The partner is not ready, or was lost meanwhile.
    case notReady
    /// The client has no such port.
    case noSuchPort
    /// As much work is under way as the port takes: post again once something has completed.
    case wouldBlock
    /// The bytes are not within the memory that was agreed, or exceed the size of a message.
    case outOfBounds
    /// The port failed before.
    case failed
}
