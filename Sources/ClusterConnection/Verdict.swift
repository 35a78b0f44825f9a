/// What a CCM holds of its partner.
public enum Verdict: UInt8, CaseIterable, Sendable {
    /// Reads succeed and the heartbeat counter moves.
    case alive
    /// Reads succeed and the heartbeat counter stands still: the memory answers, the process does not.
    case hung
    /// The partner's side ended or refused the connection. It may have done so because it could not reach this side, on a rail
    /// that carries one way only: then it asks again, and is `unreachable` from there on.
    case dead
    /// Retries were exhausted or a deadline passed: nothing is known but silence.
    case unreachable
    /// Another incarnation answers than the one that was connected.
    case rebooted
    /// No protocol version in common.
    case incompatible
    /// Not the partner: another cluster, or an identity that does not belong here.
    case stranger

    /// The name in event lines and reports.
    public var name: StaticString {
        switch self {
        case .alive: "alive"
        case .hung: "hung"
        case .dead: "dead"
        case .unreachable: "unreachable"
        case .rebooted: "rebooted"
        case .incompatible: "incompatible"
        case .stranger: "stranger"
        }
    }
}
