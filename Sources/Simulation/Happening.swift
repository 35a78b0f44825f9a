import ClusterConnection

/// One of the two nodes: 0 has the lower identity.
public typealias NodeNumber = Int

/// A transport connection of a world, by its place in `World.wires`.
typealias WireNumber = Int

/// A life of a world, by its place in `World.lives`.
typealias LifeNumber = Int

/// Which end of a transport connection.
enum Side: UInt8, Sendable {
    /// The one that asked for it.
    case initiator
    /// The one that was asked.
    case acceptor

    var other: Side { self == .initiator ? .acceptor : .initiator }
}

/// Something that a world has arranged to happen. Values only, so that a world can be copied at any moment and both
/// copies go on by themselves.
enum Happening: Sendable {
    /// A node's power comes on.
    case powerOn(NodeNumber, Failpoint?)
    /// A life does to itself what its failpoint says.
    case strike(LifeNumber, Failpoint.Act)
    /// A life that stood still for a moment goes on.
    case thaw(LifeNumber)
    /// A life's boot comes to its next moment.
    case boot(LifeNumber, BootMoment)
    /// A connection request arrives at the other node.
    case request(WireNumber)
    /// The partner's link address is not to be had.
    case unresolved(WireNumber)
    /// The answer to it arrives at the side that asked.
    case answer(WireNumber, Answer)
    /// The side that asked has heard of the acceptance: the other side's transport comes up.
    case transportUp(WireNumber)
    /// A side learns that the other one has left.
    case ended(WireNumber, Side)
    /// What a killed process had is gone.
    case vanished(LifeNumber)
    /// Its kernel tells so.
    case buried(LifeNumber)
    /// A one-sided operation of a side reaches the other side's memory.
    case reach(WireNumber, Side, OneSided)
    /// Its answer comes back.
    case reached(WireNumber, Side, OneSided, Outcome, StatusBlock.Words?)
    /// The time has come to try it again, unless it was answered.
    case retry(WireNumber, Side, OneSided)
    /// A message of a side arrives at the other one.
    case message(WireNumber, Side, Letter)
    /// Its acknowledgement comes back.
    case sent(WireNumber, Side)
    /// The driver of a life has made ports, or connected them.
    case portsMade(LifeNumber, ConnectionID, [PortOrder])
    case portsConnected(LifeNumber, ConnectionID, [PortTable])
    /// Something happens to a client of a life.
    case client(LifeNumber, ClientMoment)
    /// Work of a client at a port arrives at the counterpart.
    case portWork(PortWork)
    /// It has ended.
    case portWorkEnded(PortWork, Outcome)

    /// An answer to a connection request.
    enum Answer: Sendable {
        case accepted(ConnectionPrivateData.Words)
        case refused(Rejection.Words?)
        case failed(ConnectFailure)
    }

    /// A one-sided operation under way.
    struct OneSided: Sendable {
        var operation: Operation
        var key: UInt32
        /// What is written; nil for a read.
        var slot: MailboxSlot.Words?
        var slotOffset = 0
        var posted: Instant
        /// Which of the wire's operations at this side it is.
        var number: UInt32
    }

    /// A message under way.
    struct Letter: Sendable {
        var bytes: [UInt8]
        var posted: Instant
        /// Which of the connection's messages of its side it is, from 1.
        var number: UInt32
    }
}

/// A moment of a boot.
enum BootMoment: UInt8, Sendable {
    case ccmStarting
    case listening
    case storageOSLoading
    case storageOSActive
}
