import ClusterConnection

/// A client of a simulated partner: a model of one of those that `ccmd` brings along.
public struct ClientPlan: Hashable, Sendable {
    /// What it does with its ports.
    public enum Behaviour: Hashable, Sendable {
        /// Nothing: it has them.
        case passive
        /// Asks its counterpart, and answers it; at zero interval an answer brings the next question.
        case messenger(interval: TimeSpan)
        /// Writes its log into the counterpart's memory.
        case logMirror(interval: TimeSpan, recordBytes: UInt64)
        /// Decides on takeover and giveback.
        case failoverMonitor(goesAlone: Bool, patience: TimeSpan)
    }

    /// What the partner's connection manager is told of it.
    public var information: ClientInformation
    /// What it does.
    public var behaviour: Behaviour
    /// After power-on.
    public var registerAt = TimeSpan.zero
    /// After power-on; nil for never.
    public var withdrawAt: TimeSpan?

    /// A client that registers at power-on.
    public init(_ information: ClientInformation, _ behaviour: Behaviour = .passive) {
        self.information = information
        self.behaviour = behaviour
    }
}

/// Something that happens to a client, by its place among those of its life.
enum ClientMoment: Sendable {
    case register(Int)
    case withdraw(Int)
    /// The moment that it asked for; of several, only the latest counts.
    case wake(Int, arming: UInt32)
}

/// Work of a client at one of its ports, under way to the counterpart.
struct PortWork: Sendable {
    enum Kind: Sendable {
        /// A record of the log, into its slot.
        case write(MirrorRecord)
        /// The whole of the counterpart's memory.
        case readBack
        case request(number: UInt64, asked: Instant)
        case reply(number: UInt64, asked: Instant)
    }

    let life: LifeNumber
    let rail: RailID
    let pair: ClientPair
    /// The keys of both sides' memory: ports that are made anew have others.
    let ownKey: UInt32
    let partnerKey: UInt32
    /// Which work of its ports it is, from 1.
    let number: UInt32
    let kind: Kind
    let posted: Instant
}

/// A record of a mirrored log.
struct MirrorRecord: Hashable, Sendable {
    /// From 1.
    var number: UInt64
    /// The life that wrote it.
    var writer: Incarnation
}
