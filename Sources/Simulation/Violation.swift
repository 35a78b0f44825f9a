import ClusterConnection

/// What must hold in every state of every run, whatever happened before.
public enum Invariant: String, CaseIterable, Sendable {
    /// Established only between two incarnations that were both alive at that moment and that each saw the other.
    case establishedTogether
    /// No client is told ready before both sides' ports can receive; each ready is followed by at most one loss.
    case readyTogether
    /// After a loss was told to clients, nothing of the old incarnation reaches client memory.
    case fencedBeforeTold
    /// A partner that lives, runs and is connected is never given another verdict than alive.
    case noFalseVerdict
    /// A partner that died, hung or was cut off is found within the bound that the settings promise.
    case foundInTime
    /// Two live, connected partners become ready again within the bound, whatever happened before.
    case readyAgain
    /// A rail has one connection at most, ports are of the exchange's connection, and a state has the timers that get
    /// it out of itself.
    case nothingLeaks
    /// What a connection manager asks of its driver can be done: nothing of a connection that is gone, no message
    /// without a receive for it.
    case driverCanObey
    /// What a read brought in the middle of a store is not taken for the block.
    case tornIsNotTrusted
    /// Attempts that fail are repeated, and paced: neither a storm nor a silence.
    case attemptsArePaced

    /// In words.
    public var sentence: String {
        switch self {
        case .establishedTogether: "established only between two living incarnations that each saw the other"
        case .readyTogether: "ready only when both sides can receive, and lost once"
        case .fencedBeforeTold: "ports and keys are gone before a loss is told"
        case .noFalseVerdict: "a partner that lives, runs and is connected is alive"
        case .foundInTime: "a partner that is gone is found within the bound"
        case .readyAgain: "two live and connected partners become ready within the bound"
        case .nothingLeaks: "one connection on a rail, ports of that connection, timers that end every wait"
        case .driverCanObey: "nothing is asked that the transport cannot do"
        case .tornIsNotTrusted: "what a read brought in the middle of a store is not taken for the block"
        case .attemptsArePaced: "attempts are repeated, at a bounded pace"
        }
    }
}

/// An invariant that did not hold.
public struct Violation: Hashable, Sendable {
    /// Which one.
    public let invariant: Invariant
    /// Whose connection manager broke it; nil for both.
    public let node: NodeNumber?
    /// When.
    public let at: Instant
    /// What was found, in words.
    public let finding: String
}
